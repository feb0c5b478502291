#include "tune/prompt_init.h"

#include <algorithm>
#include <vector>

#include <fmt/ranges.h>

#include "backbone/backbone.h"
#include "base/rng.h"
#include "formats/peft_adapter.h"
#include "model/adapter_files.h"
#include "prompt/prompt_method.h"
#include "prompt/template.h"
#include "score/scorer.h"
#include "text/ordinary_words.h"

namespace incipit {
namespace {

/// Ordinary words drawn from the vocabulary.
std::vector<std::int32_t> draw_words(const Tokenizer& tokenizer, std::int64_t count, Rng& rng) {
  std::vector<std::int32_t> words;
  const auto vocabulary = static_cast<std::uint64_t>(tokenizer.vocab_size());
  for (std::int64_t tries = 0; std::ssize(words) < count && tries < 1000 * count; ++tries) {
    const auto id = static_cast<std::int32_t>(rng.below(vocabulary));
    if (is_ordinary_word(tokenizer, id)) words.push_back(id);
  }
  return words;
}

/// Rows that stand for some ids: embeddings, or hidden states at the layer where a late prompt joins.
Result<Matrix> rows_for_ids(const Model& model, std::int64_t layer, const std::vector<std::int32_t>& ids) {
  const Backbone& backbone = model.backbone();
  Matrix rows(static_cast<std::int64_t>(ids.size()), backbone.spec().hidden_size);
  if (layer == 0) {
    for (std::size_t i = 0; i < ids.size(); ++i)
      backbone.word_embedding(
          ids[i], {rows.row(static_cast<std::int64_t>(i)), static_cast<std::size_t>(rows.cols())});
    return rows;
  }
  PackedBatch batch;
  const PositionRule& rule = backbone.spec().positions;
  for (const std::int32_t id : ids) {
    batch.sequences.push_back({batch.size(), 1, 0});
    batch.token.push_back(id);
    batch.position.push_back(rule.first);
    batch.token_type.push_back(0);
    batch.entry.push_back(0);
  }
  INCIPIT_CHECK(backbone.hidden_states(batch, {}, layer, *backbone.new_pass(), rows));
  return rows;
}

/// Row i of the virtual tokens starts from the row of ids[i mod n].
Status fill_from_ids(const Model& model, const std::vector<std::int32_t>& ids, std::string_view what,
                     Adapter& adapter) {
  if (ids.empty()) return fail("--init {}: no tokens to start from", what);
  INCIPIT_TRY(const Matrix rows, rows_for_ids(model, adapter.info().insert_layer, ids));
  Matrix& table = adapter.prompt().parameters().front()->value;
  for (std::int64_t i = 0; i < table.rows(); ++i)
    std::copy_n(rows.row(i % rows.rows()), table.cols(), table.row(i));
  return {};
}

/// Row i starts from the mean of the pieces of label i mod n.
Status fill_from_labels(const Model& model, Adapter& adapter) {
  Matrix& table = adapter.prompt().parameters().front()->value;
  const std::vector<std::string>& labels = adapter.info().labels;
  for (std::int64_t i = 0; i < table.rows(); ++i) {
    const std::string& label = labels[static_cast<std::size_t>(i) % labels.size()];
    INCIPIT_TRY(const std::vector<std::int32_t> ids, model.tokenizer().encode_words(label));
    if (ids.empty()) return fail("--init labels: label \"{}\" has no tokens", label);
    INCIPIT_TRY(const Matrix rows, rows_for_ids(model, adapter.info().insert_layer, ids));
    float* out = table.row(i);
    std::fill_n(out, table.cols(), 0.0f);
    for (std::int64_t r = 0; r < rows.rows(); ++r)
      for (std::int64_t j = 0; j < table.cols(); ++j)
        out[j] += rows.row(r)[j] / static_cast<float>(rows.rows());
  }
  return {};
}

Status copy_parameters(const std::vector<const Parameter*>& from, const std::vector<Parameter*>& to,
                       std::string_view what) {
  if (from.size() != to.size()) return fail("{}: {} tensors, {} are needed", what, from.size(), to.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i]->value.rows() != to[i]->value.rows() || from[i]->value.cols() != to[i]->value.cols())
      return fail("{}: tensor {} is [{}, {}], [{}, {}] is needed", what, from[i]->name, from[i]->value.rows(),
                  from[i]->value.cols(), to[i]->value.rows(), to[i]->value.cols());
    std::copy_n(from[i]->value.data(), from[i]->value.size(), to[i]->value.data());
  }
  return {};
}

Status draw_prompt(const Model& model, std::uint64_t seed, Adapter& adapter) {
  Rng rng(seed);
  return fill_from_ids(model, draw_words(model.tokenizer(), adapter.info().num_virtual_tokens, rng), "vocab",
                       adapter);
}

/// The virtual tokens that PEFT trained for a language model; its words are `adapter`'s own.
Status init_from_language_prompt(const AdapterFile& file, const TrainOptions& options, Adapter& adapter) {
  const std::string name = options.init_adapter.string();
  if (adapter.info().num_virtual_tokens == 0)
    return fail("{}: has virtual tokens, and method {} none", name, name_of(adapter.info().method));
  if (adapter.info().insert_layer != 0)
    return fail("{}: its virtual tokens join at layer 0, here at {}", name, adapter.info().insert_layer);
  return read_parameter(*adapter.prompt().parameters().front(), file, std::string(kPeftPromptTensor),
                        options.init_adapter);
}

Status init_from_adapter(const Model& model, const TrainOptions& options, std::uint64_t seed,
                         Adapter& adapter) {
  INCIPIT_TRY(const AdapterFile file, read_adapter_folder(options.init_adapter));
  INCIPIT_TRY(const AdapterInfo info, adapter_info(options.init_adapter, file));
  if (is_language_prompt(info, file) && !adapter.info().verbalizer.empty())
    return init_from_language_prompt(file, options, adapter);
  INCIPIT_TRY(const Adapter saved, Adapter::load(options.init_adapter, model));
  const std::string name = options.init_adapter.string();
  // An adapter that PEFT wrote names no labels: their number has to do.
  const bool names_labels = !saved.info().base_fingerprint.empty();
  if (names_labels && saved.info().labels != adapter.info().labels)
    return fail("{}: its labels are {}, the data's {}", name, fmt::join(saved.info().labels, ", "),
                fmt::join(adapter.info().labels, ", "));
  INCIPIT_CHECK(copy_parameters(saved.scorer().parameters(), adapter.scorer().parameters(), name));
  if (adapter.info().num_virtual_tokens == 0) return {};
  if (saved.info().num_virtual_tokens == 0)
    return draw_prompt(model, seed, adapter);  // a probe gives its head only
  if (saved.info().insert_layer != adapter.info().insert_layer)
    return fail("{}: its virtual tokens join at layer {}, here at {}", name, saved.info().insert_layer,
                adapter.info().insert_layer);
  return copy_parameters(saved.prompt().parameters(), adapter.prompt().parameters(), name);
}

/// Virtual tokens for which the template names words start from these, whatever the others do.
Status fill_from_template(const Model& model, Adapter& adapter) {
  Matrix& table = adapter.prompt().parameters().front()->value;
  const auto& words = adapter.input_template().row_words();
  for (std::size_t row = 0; row < words.size(); ++row) {
    if (!words[row]) continue;
    INCIPIT_TRY(const Matrix start, rows_for_ids(model, adapter.info().insert_layer, {*words[row]}));
    std::copy_n(start.row(0), table.cols(), table.row(static_cast<std::int64_t>(row)));
  }
  return {};
}

Status fill_prompt(const Model& model, const TrainOptions& options, std::uint64_t seed, Adapter& adapter) {
  switch (options.init) {
    case PromptInit::random: {
      Rng rng(seed);
      for (float& value : adapter.prompt().parameters().front()->value.values())
        value = static_cast<float>(rng.normal());
      return {};
    }
    case PromptInit::text: {
      INCIPIT_TRY(const Encoding encoding,
                  model.tokenizer().encode(options.init_text, std::nullopt, 1 << 20));
      return fill_from_ids(model, encoding.ids, "text", adapter);
    }
    case PromptInit::labels:
      return fill_from_labels(model, adapter);
    case PromptInit::vocab:
    case PromptInit::adapter:
      break;
  }
  return draw_prompt(model, seed, adapter);
}

}  // namespace

Status init_prompt(const Model& model, const TrainOptions& options, Adapter& adapter) {
  const std::uint64_t seed =
      mix_bits(options.seed, 0x70726f6d7074);  // a stream of its own, apart from the head's
  if (options.init == PromptInit::adapter) return init_from_adapter(model, options, seed, adapter);
  if (adapter.info().num_virtual_tokens == 0) return {};
  INCIPIT_CHECK(fill_prompt(model, options, seed, adapter));
  return fill_from_template(model, adapter);
}

}  // namespace incipit
