#include "incipit/inspect.h"

#include <algorithm>
#include <set>

#include "backbone/backbone.h"
#include "base/rng.h"
#include "experiment/chance.h"
#include "experiment/near_words.h"
#include "experiment/projection.h"
#include "experiment/prompt_attention.h"
#include "experiment/removal.h"
#include "experiment/vector_math.h"
#include "infer/features.h"
#include "prompt/prompt_method.h"

namespace incipit {
namespace {

using Progress = std::function<void(std::int64_t, std::int64_t)>;

std::span<const float> row_of(const Matrix& matrix, std::size_t row) {
  return {matrix.row(static_cast<std::int64_t>(row)), static_cast<std::size_t>(matrix.cols())};
}

/// Norms, similarities and movement: what the rows and the adapter's files alone say.
void describe_rows(const Matrix& rows, const AdapterInfo& info, PromptInspection& inspection) {
  const auto count = static_cast<std::size_t>(rows.rows());
  inspection.insert_layer = info.insert_layer;
  inspection.comparable = info.insert_layer == 0;
  inspection.movement = info.movement;
  inspection.tokens.resize(count);
  inspection.similarity.assign(count, std::vector<double>(count));
  for (std::size_t i = 0; i < count; ++i) {
    inspection.tokens[i].norm = norm(row_of(rows, i));
    if (!info.movement.empty()) inspection.tokens[i].movement = info.movement.back()[i];
    for (std::size_t j = 0; j < count; ++j)
      inspection.similarity[i][j] = cosine(row_of(rows, i), row_of(rows, j));
  }
}

/// Ordinary words drawn by the seed, none of `near`, rising; indices into the table.
std::vector<std::int64_t> draw_others(const WordTable& words, const std::set<std::int32_t>& near,
                                      std::int64_t count, std::uint64_t seed) {
  std::vector<std::int64_t> others;
  for (std::int64_t word = 0; word < words.size(); ++word)
    if (!near.contains(words.id(word))) others.push_back(word);
  Rng(mix_bits(seed, 0x6f7468657273)).shuffle(std::span(others));  // a stream of its own
  others.resize(std::min(others.size(), static_cast<std::size_t>(count)));
  std::sort(others.begin(), others.end());
  return others;
}

/// Places of the virtual tokens, of all their near words and of some others in one picture.
void place(const Model& model, const Matrix& rows, const WordTable* words, const InspectOptions& options,
           PromptInspection& inspection) {
  std::vector<std::int32_t> ids;
  std::set<std::int32_t> near;
  for (const VirtualTokenView& token : inspection.tokens)
    for (const NearWord& word : token.nearest)
      if (near.insert(word.id).second) {
        ids.push_back(word.id);
        inspection.near_words.push_back({word.piece, 0, 0});
      }
  if (words != nullptr)
    for (const std::int64_t word : draw_others(*words, near, options.other_words, options.seed)) {
      ids.push_back(words->id(word));
      inspection.other_words.push_back({words->piece(word), 0, 0});
    }
  Matrix points(rows.rows() + std::ssize(ids), rows.cols());
  std::copy_n(rows.data(), rows.size(), points.data());
  for (std::size_t i = 0; i < ids.size(); ++i)
    model.backbone().word_embedding(ids[i], {points.row(rows.rows() + static_cast<std::int64_t>(i)),
                                             static_cast<std::size_t>(points.cols())});
  const Projection projection = project(std::as_const(points).view());
  inspection.explained = projection.explained;
  auto at = projection.points.begin();
  const auto take = [&at](auto& point) {
    point.x = (*at)[0];
    point.y = (*at++)[1];
  };
  for (VirtualTokenView& token : inspection.tokens) take(token);
  for (WordPoint& word : inspection.near_words) take(word);
  for (WordPoint& word : inspection.other_words) take(word);
}

/// Against the vocabulary, where the rows live in the space of its embeddings.
void compare_with_words(const Model& model, const Matrix& rows, const InspectOptions& options,
                        PromptInspection& inspection) {
  if (!inspection.comparable) return place(model, rows, nullptr, options, inspection);
  const WordTable words(model);
  const auto nearest = near_words(words, rows.view(), options.nearest);
  double length = 0;
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    inspection.tokens[i].nearest = nearest[i];
    length += inspection.tokens[i].norm / static_cast<double>(nearest.size());
  }
  inspection.median_word_norm = words.median_norm();
  const Chance chance = chance_of_nearness(words, length, options.seed);
  inspection.random_cosine = chance.cosine;
  inspection.random_cosine_high = chance.cosine_high;
  inspection.random_distance = chance.distance;
  place(model, rows, &words, options, inspection);
}

Status check(const Adapter& adapter, std::span<const Example> examples, const InspectOptions& options) {
  if (adapter.prompt().rows() == 0)
    return fail("the adapter (method {}) has no virtual tokens, so there is no prompt to look into",
                name_of(adapter.info().method));
  if (options.nearest < 0 || options.other_words < 0)
    return fail("{} nearest and {} other words: at least 0 each", options.nearest, options.other_words);
  if (options.max_batch_tokens < 1)
    return fail("max batch tokens {}: at least 1 is needed", options.max_batch_tokens);
  const auto labels = std::ssize(adapter.info().labels);
  for (const Example& example : examples)
    if (example.label < 0 || example.label >= labels)
      return fail("example {}: label {} is none of the adapter's {}", example.id, example.label, labels);
  return {};
}

/// What is seen only when texts run through the model.
Status run_examples(const Model& model, const Adapter& adapter, std::span<const Example> examples,
                    const InspectOptions& options, const Progress& progress, PromptInspection& inspection) {
  const std::int64_t count = std::ssize(examples);
  const std::int64_t all = count * (adapter.prompt().rows() + 3);
  INCIPIT_TRY(const std::vector<TemplatedExample> templated, apply_template(model, adapter, examples));
  PackedRun run(model.backbone());
  INCIPIT_TRY(inspection.attention, prompt_attention(model, adapter, templated, options.max_batch_tokens, run,
                                                     [&](std::int64_t done) { progress(done, all); }));
  INCIPIT_TRY(const RemovalAccuracy removal,
              measure_removal(model, adapter, examples, templated, options.max_batch_tokens, run,
                              [&](std::int64_t done) { progress(count + done, all); }));
  inspection.examples = count;
  inspection.accuracy = removal.whole;
  inspection.accuracy_without_prompt = removal.none;
  for (std::size_t i = 0; i < inspection.tokens.size(); ++i) {
    inspection.tokens[i].accuracy_without = removal.without[i];
    for (const LayerAttention& layer : inspection.attention)
      inspection.tokens[i].attention +=
          layer.virtual_tokens[i] / static_cast<double>(inspection.attention.size());
  }
  return {};
}

}  // namespace

Result<PromptInspection> inspect(const Model& model, const Adapter& adapter,
                                 std::span<const Example> examples, const InspectOptions& options,
                                 const Progress& progress) {
  INCIPIT_CHECK(check(adapter, examples, options));
  Matrix rows(adapter.prompt().rows(), model.info().hidden_size);
  adapter.prompt().emit(rows.view());
  PromptInspection inspection;
  describe_rows(rows, adapter.info(), inspection);
  compare_with_words(model, rows, options, inspection);
  if (!examples.empty()) INCIPIT_CHECK(run_examples(model, adapter, examples, options, progress, inspection));
  return inspection;
}

}  // namespace incipit
