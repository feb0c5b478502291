#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "incipit/generate.h"

#include "backbone/backbone.h"
#include "infer/sampler.h"
#include "infer/text_prompt.h"
#include "infer/text_stream.h"
#include "score/lm_head.h"

namespace incipit {
namespace {

Status check(const GenerateOptions& options) {
  if (options.max_new_tokens < 1) return fail("max new tokens {}: at least 1", options.max_new_tokens);
  if (!(options.temperature >= 0) || !std::isfinite(options.temperature))
    return fail("temperature {}: must be finite and not negative", options.temperature);
  if (!(options.top_p > 0 && options.top_p <= 1))
    return fail("top-p {}: must be above 0 and at most 1", options.top_p);
  for (const std::string& stop : options.stop)
    if (stop.empty()) return fail("a stop text is empty");
  return {};
}

PackedBatch batch_of(const TemplatedExample& example) {
  PackedBatch batch{example.token, example.position, example.token_type, example.entry, {}, {}};
  batch.sequences.push_back({0, batch.size(), 0, -1, 0});
  batch.read.push_back(batch.size() - 1);
  return batch;
}

/// The position of the token that follows: late virtual tokens have none of their own.
std::int32_t next_position(const TemplatedExample& example, const PositionRule& rule) {
  std::int32_t next = rule.first;
  for (std::size_t t = 0; t < example.token.size(); ++t)
    if (example.entry[t] == 0) next = std::max(next, example.position[t] + 1);
  return next;
}

std::vector<std::int32_t> words_of(const TemplatedExample& example) {
  std::vector<std::int32_t> words;
  std::copy_if(example.token.begin(), example.token.end(), std::back_inserter(words),
               [](std::int32_t id) { return id >= 0; });
  return words;
}

}  // namespace

struct Generator::State {
  const Model& model;
  const LmHead& head;
  TextPrompt prompt;
  std::unique_ptr<Pass> pass;
  LmHeadPass head_pass;
  Matrix virtual_rows, read_rows, logits;

  /// Runs tokens behind those of `kept`, which then has them too: `logits` are those of what follows.
  Status run(const PackedBatch& batch, KvBlock& kept) {
    const KvBlock* const before[] = {&kept};
    KvBlock* const keep[] = {&kept};
    Inputs inputs{std::as_const(virtual_rows).view(), {}};
    inputs.kv_blocks = before;
    Want want;
    want.keep_kv = keep;
    INCIPIT_CHECK(model.backbone().forward(batch, inputs, want, *pass, read_rows));
    head.logits(std::as_const(read_rows).view(), head_pass, logits);
    return {};
  }
};

std::string_view name_of(Generation::End end) {
  switch (end) {
    case Generation::End::end_token:
      return "end_token";
    case Generation::End::stop:
      return "stop";
    case Generation::End::length:
      return "length";
    case Generation::End::positions:
      return "positions";
    case Generation::End::consumer:
      return "consumer";
  }
  return "";
}

Generator::Generator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Generator::Generator(Generator&&) noexcept = default;
Generator::~Generator() = default;

Result<Generator> Generator::create(const Model& model, const PromptSource& source) {
  if (!model.backbone().spec().is_causal)
    return fail(
        "{}: a {} reads texts in both directions and continues none; a causal model is needed, such as gpt2",
        model.info().folder.string(), model.info().model_type);
  INCIPIT_TRY(const LmHead* head, model.lm_head());
  INCIPIT_TRY(TextPrompt prompt, make_text_prompt(model, source));
  Matrix rows(prompt.prompt->rows(), model.info().hidden_size);
  prompt.prompt->emit(rows.view());
  return Generator(std::make_unique<State>(
      State{model, *head, std::move(prompt), model.backbone().new_pass(), {}, std::move(rows), {}, {}}));
}

const Preparation& Generator::preparation() const {
  return state_->prompt.preparation;
}

Result<Generation> Generator::generate(const Example& example, const GenerateOptions& options,
                                       const std::function<bool(std::string_view)>& on_text) {
  State& s = *state_;
  INCIPIT_CHECK(check(options));
  const PositionRule& positions = s.model.backbone().spec().positions;
  INCIPIT_TRY(const TemplatedExample start, s.prompt.apply(s.model, example));
  const std::vector<std::int32_t>& ends = s.model.info().end_tokens;
  Generation made;
  made.prompt_tokens = start.size();
  made.truncated = start.truncated;
  Sampler sampler(options.temperature, options.top_p, options.seed);
  TextStream stream(s.model.tokenizer(), words_of(start), options.stop);
  const auto give = [&](const std::string& text) {
    made.text += text;
    return text.empty() || !on_text || on_text(text);
  };
  KvBlock kept;
  PackedBatch batch = batch_of(start);
  std::int32_t position = next_position(start, positions);
  for (;;) {
    INCIPIT_CHECK(s.run(batch, kept));
    const std::int32_t id = sampler.pick(std::as_const(s.logits).values());
    made.ids.push_back(id);
    if (std::find(ends.begin(), ends.end(), id) != ends.end()) {
      made.end = Generation::End::end_token;
      break;
    }
    INCIPIT_TRY(const std::string text, stream.feed(id));
    if (!give(text)) {
      made.end = Generation::End::consumer;
      return made;
    }
    if (stream.stopped()) {
      made.end = Generation::End::stop;
      break;
    }
    if (std::ssize(made.ids) == options.max_new_tokens) break;
    if (position == positions.usable) {
      made.end = Generation::End::positions;
      break;
    }
    batch = {{id}, {position++}, {0}, {0}, {{0, 1, 0, -1, 0}}, {0}};
  }
  INCIPIT_TRY(const std::string rest, stream.finish());
  give(rest);
  return made;
}

}  // namespace incipit
