#include "experiment/prompt_attention.h"

#include "infer/micro_batches.h"
#include "prompt/prompt_method.h"

namespace incipit {
namespace {

/// A word that the vocabulary cannot spell is text; its token is special to the tokenizer only.
bool is_frame(const Tokenizer& tokenizer, std::int32_t id) {
  return tokenizer.is_special(id) && id != tokenizer.unknown_id();
}

/// Adds what one example's rows look at; `shares`: [tokens of the example].
void add_example(const Tokenizer& tokenizer, const TemplatedExample& example, const float* shares,
                 LayerAttention& sum) {
  for (std::size_t t = 0; t < example.token.size(); ++t) {
    const std::int32_t id = example.token[t];
    const auto share = static_cast<double>(shares[t]);
    if (id < 0)
      sum.virtual_tokens[static_cast<std::size_t>(-1 - id)] += share;
    else
      (is_frame(tokenizer, id) ? sum.special : sum.text) += share;
  }
}

/// Shares that sum to 1, whatever the rounding.
void normalise(LayerAttention& layer) {
  double all = layer.special + layer.text;
  for (const double share : layer.virtual_tokens) all += share;
  if (!(all > 0)) return;
  for (double& share : layer.virtual_tokens) share /= all;
  layer.special /= all;
  layer.text /= all;
}

}  // namespace

Result<std::vector<LayerAttention>> prompt_attention(const Model& model, const Adapter& adapter,
                                                     std::span<const TemplatedExample> examples,
                                                     std::int64_t max_batch_tokens, PackedRun& run,
                                                     const std::function<void(std::int64_t)>& progress) {
  std::vector<LayerAttention> layers;
  for (std::int64_t layer = adapter.info().insert_layer; layer < model.info().num_layers; ++layer)
    layers.push_back({layer, std::vector<double>(static_cast<std::size_t>(adapter.prompt().rows())), 0, 0});
  std::vector<std::int64_t> sizes;
  for (const TemplatedExample& example : examples) sizes.push_back(example.size());

  const Adapter* const adapters[] = {&adapter};
  std::vector<WorkItem> items;
  Matrix vectors, attention;
  Want want;
  want.attention = &attention;
  for (const IndexRange& range : split_by_size(sizes, max_batch_tokens)) {
    items.clear();
    for (std::size_t e = range.begin; e < range.end; ++e) items.push_back({&examples[e], 0, e});
    INCIPIT_CHECK(run.forward(adapters, items, want, vectors));
    std::int64_t first = 0;  // token of the batch
    for (const WorkItem& item : items) {
      for (LayerAttention& layer : layers)
        add_example(model.tokenizer(), *item.example, attention.row(layer.layer) + first, layer);
      first += item.example->size();
    }
    progress(static_cast<std::int64_t>(range.end));
  }
  for (LayerAttention& layer : layers) normalise(layer);
  return layers;
}

}  // namespace incipit
