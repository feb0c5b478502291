#include "backbone/lm_head_loader.h"

#include <utility>

namespace incipit {
namespace {

/// The head's own matrix where the file has one, else the word embeddings where the config ties them.
Result<Matrix> read_decoder(Checkpoint& checkpoint, const HfConfig& config, const LmHeadNames& names) {
  const bool tied = !checkpoint.has(names.decoder) && config.tie_word_embeddings;
  auto decoder =
      checkpoint.matrix(tied ? names.word_embedding : names.decoder, config.vocab_size, config.hidden_size);
  if (!decoder) return fail("language-model head: {}", decoder.error().message);
  return decoder;
}

Status read_transform(Checkpoint& checkpoint, const HfConfig& config, const LmHeadNames& names,
                      LmHeadWeights& head) {
  const std::int64_t hidden = config.hidden_size;
  INCIPIT_TRY(const Matrix weight, checkpoint.matrix(names.transform + ".weight", hidden, hidden));
  INCIPIT_TRY(const std::vector<float> bias, checkpoint.vector(names.transform + ".bias", hidden));
  head.transform.emplace(weight.view(), bias, head.precision);
  head.activation = names.activation;
  INCIPIT_TRY(head.norm.weight, checkpoint.vector(names.norm + ".weight", hidden));
  INCIPIT_TRY(head.norm.bias, checkpoint.vector(names.norm + ".bias", hidden));
  head.norm.epsilon = static_cast<float>(names.norm_epsilon);
  return {};
}

Result<LmHeadWeights> read(const TensorStore& store, const HfConfig& config, const LmHeadNames& names,
                           Precision precision) {
  Checkpoint checkpoint(store, names.prefix);
  LmHeadWeights head;
  head.precision = precision;
  if (!names.transform.empty())
    if (Status status = read_transform(checkpoint, config, names, head); !status)
      return fail("language-model head: {}", status.error().message);
  INCIPIT_TRY(head.decoder, read_decoder(checkpoint, config, names));
  if (names.bias.empty()) return head;
  std::string bias = names.bias.front();
  for (const std::string& spelling : names.bias)
    if (checkpoint.has(spelling)) bias = spelling;
  auto values = checkpoint.vector(bias, config.vocab_size);
  if (!values) return fail("language-model head: {}", values.error().message);
  head.bias = std::move(*values);
  return head;
}

}  // namespace

std::function<Result<LmHeadWeights>()> lm_head_loader(const TensorStore& store, const HfConfig& config,
                                                      LmHeadNames names, Precision precision) {
  return
      [store, config, names = std::move(names), precision] { return read(store, config, names, precision); };
}

}  // namespace incipit
