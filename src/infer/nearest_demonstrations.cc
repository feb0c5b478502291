#include <algorithm>
#include <cmath>
#include <numeric>

#include "incipit/demonstrations.h"

#include "backbone/backbone.h"
#include "infer/demonstration_writer.h"
#include "tensor/matrix.h"

namespace incipit {
namespace {

/// Adds to `direction`, [hidden], the mean of the text's word embeddings, scaled to length 1; zero where it
/// has no words.
Status point(const Model& model, const Example& example, std::span<float> direction) {
  INCIPIT_TRY(const std::vector<std::int32_t> ids,
              model.tokenizer().encode_words(example.text_b ? example.text_a + " " + *example.text_b
                                                            : example.text_a));
  std::vector<float> word(direction.size());
  for (const std::int32_t id : ids) {
    model.backbone().word_embedding(id, word);
    for (std::size_t i = 0; i < word.size(); ++i) direction[i] += word[i];
  }
  double squares = 0;
  for (const float value : direction) squares += static_cast<double>(value) * static_cast<double>(value);
  if (squares == 0) return {};
  for (float& value : direction) value /= static_cast<float>(std::sqrt(squares));
  return {};
}

}  // namespace

struct NearestDemonstrations::State {
  const Model& model;
  DemonstrationWriter writer;
  std::vector<Example> pool;
  std::vector<std::uint64_t> hashes;  // [pool]
  Matrix directions;                  // [pool, hidden]
  std::int64_t shots, tokens;
};

Result<NearestDemonstrations> NearestDemonstrations::create(const Model& model, const Adapter& adapter,
                                                            std::vector<Example> pool,
                                                            const ShotOptions& options) {
  INCIPIT_TRY(DemonstrationWriter writer, DemonstrationWriter::create(model, adapter));
  const std::int64_t tokens = options.tokens > 0 ? options.tokens : writer.usual_tokens();
  std::erase_if(pool, [](const Example& example) { return example.label < 0; });
  if (pool.empty()) return fail("there is no labelled text to draw demonstrations from");
  auto state = std::make_shared<State>(
      State{model, std::move(writer), std::move(pool), {}, {}, options.shots, tokens});
  state->directions.resize(std::ssize(state->pool), model.info().hidden_size);
  state->directions.fill(0.0f);
  for (std::size_t i = 0; i < state->pool.size(); ++i) {
    const Example& example = state->pool[i];
    state->hashes.push_back(text_hash(example.text_a, example.text_b));
    if (const Status pointed = point(model, example,
                                     {state->directions.row(static_cast<std::int64_t>(i)),
                                      static_cast<std::size_t>(model.info().hidden_size)});
        !pointed)
      return fail("demonstration {}: {}", example.id, pointed.error().message);
  }
  return NearestDemonstrations(std::move(state));
}

Result<NearestDemonstrations::Found> NearestDemonstrations::find(const Example& example) const {
  const State& s = *state_;
  std::vector<float> direction(static_cast<std::size_t>(s.model.info().hidden_size), 0.0f);
  INCIPIT_CHECK(point(s.model, example, direction));
  const std::uint64_t own = text_hash(example.text_a, example.text_b);
  std::vector<std::pair<double, std::size_t>> far;  // minus the cosine; of equals the earlier comes first
  for (std::size_t i = 0; i < s.pool.size(); ++i) {
    if (s.hashes[i] == own) continue;
    const float* row = s.directions.row(static_cast<std::int64_t>(i));
    far.emplace_back(-std::inner_product(direction.begin(), direction.end(), row, 0.0), i);
  }
  const std::size_t most = std::min(far.size(), static_cast<std::size_t>(s.shots));
  std::partial_sort(far.begin(), far.begin() + static_cast<std::ptrdiff_t>(most), far.end());
  Found found;
  for (std::size_t n = 0; n < most; ++n) {
    INCIPIT_TRY(const WrittenDemonstration written, s.writer.write(s.pool[far[n].second]));
    if (std::ssize(found.ids) + std::ssize(written.ids) > s.tokens) break;
    found.ids.insert(found.ids.begin(), written.ids.begin(), written.ids.end());
    found.examples.insert(found.examples.begin(), far[n].second);
  }
  return found;
}

const Example& NearestDemonstrations::example(std::size_t index) const {
  return state_->pool[index];
}

}  // namespace incipit
