#include "incipit/bench.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "incipit/predict.h"
#include "incipit/train.h"

#include "base/machine.h"
#include "base/memory.h"
#include "base/phase_clock.h"
#include "base/rng.h"
#include "infer/features.h"
#include "infer/packed_run.h"
#include "tune/matmul_rate.h"
#include "tune/prompt_init.h"
#include "tune/step_cost.h"
#include "tune/trainer.h"

namespace incipit {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<std::pair<Phase, const char*>, kPhases> kPhaseNames = {
    std::pair{Phase::matmul, "matmul"},       std::pair{Phase::matmul_backward, "matmul, gradient"},
    std::pair{Phase::attention, "attention"}, std::pair{Phase::attention_backward, "attention, gradient"},
    std::pair{Phase::norm, "norms"},          std::pair{Phase::activation, "activation"}};

Status check(const Model& model, const BenchOptions& options) {
  const auto at_least = [](const char* flag, std::int64_t value, std::int64_t least) -> Status {
    if (value < least) return fail("{} must be at least {}, not {}", flag, least, value);
    return {};
  };
  INCIPIT_CHECK(at_least("--batch-size", options.batch_size, 1));
  INCIPIT_CHECK(at_least("--steps", options.steps, 1));
  INCIPIT_CHECK(at_least("--length", options.length, 4));
  INCIPIT_CHECK(at_least("--num-virtual-tokens", options.num_virtual_tokens, 1));
  INCIPIT_CHECK(at_least("--max-batch-tokens", options.max_batch_tokens.value_or(1), 1));
  const std::int64_t longest = options.length * 3 / 2 + options.num_virtual_tokens;
  if (longest > model.info().max_positions)
    return fail("--length {}: texts of up to {} tokens, virtual ones included, the model takes {}",
                options.length, longest, model.info().max_positions);
  return {};
}

AdapterInfo adapter_info(const Model& model, const BenchOptions& options) {
  AdapterInfo info;
  info.method = options.method;
  info.head_input = default_head_input(options.method, model.backbone().spec().is_causal);
  if (options.method != Method::head) info.num_virtual_tokens = options.num_virtual_tokens;
  if (options.method == Method::late)
    info.insert_layer = options.insert_layer.value_or((model.info().num_layers + 1) / 2);
  info.labels = {"0", "1"};
  return info;
}

/// Texts of random words. Their lengths are spread evenly, so that every batch has about as many tokens.
std::vector<TemplatedExample> random_texts(const Model& model, const Adapter& adapter,
                                           const BenchOptions& options) {
  Rng rng(options.seed);
  std::vector<TemplatedExample> texts;
  for (std::int64_t i = 0; i < options.batch_size; ++i) {
    const std::int64_t length = options.length / 2 + options.length * (2 * i + 1) / (2 * options.batch_size);
    Encoding encoding;
    for (std::int64_t t = 0; t < length; ++t)
      encoding.ids.push_back(
          static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(model.info().vocab_size))));
    encoding.type_ids.assign(encoding.ids.size(), 0);
    texts.push_back(adapter.input_template().arrange(encoding, model.backbone().spec().positions));
  }
  return texts;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

/// Times of steps of one kind.
class Stopwatch {
 public:
  template <typename Body>
  Status time(Body body) {
    PhaseClock clock;
    const Clock::time_point start = Clock::now();
    INCIPIT_CHECK(body());
    seconds_.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    for (std::size_t p = 0; p < kPhases; ++p) phases_[p] += clock.seconds(kPhaseNames[p].first);
    return {};
  }
  void forget() {
    seconds_.clear();
    phases_ = {};
  }

  BenchPass summary(std::string name) const {
    BenchPass pass;
    pass.name = std::move(name);
    std::vector<double> sorted = seconds_;
    std::sort(sorted.begin(), sorted.end());
    pass.least = sorted.front();
    pass.most = sorted.back();
    pass.seconds = median(seconds_);
    const double count = static_cast<double>(sorted.size());
    double rest = 0;
    for (const double seconds : sorted) rest += seconds / count;
    for (std::size_t p = 0; p < kPhases; ++p) {
      if (phases_[p] == 0) continue;
      pass.phases.push_back({kPhaseNames[p].second, phases_[p] / count});
      rest -= phases_[p] / count;
    }
    std::sort(pass.phases.begin(), pass.phases.end(),
              [](const BenchPhase& a, const BenchPhase& b) { return a.seconds > b.seconds; });
    pass.phases.push_back({"everything else", std::max(rest, 0.0)});
    return pass;
  }

 private:
  std::vector<double> seconds_;
  std::array<double, kPhases> phases_{};
};

/// Of what was measured again and again, each shape's and direction's median.
std::vector<MatmulRate> median_rates(const std::vector<std::vector<MatmulRate>>& measured) {
  std::vector<MatmulRate> medians = measured.front();
  for (std::size_t i = 0; i < medians.size(); ++i)
    for (double MatmulRate::*direction : {&MatmulRate::forward, &MatmulRate::backward}) {
      std::vector<double> values;
      for (const std::vector<MatmulRate>& rates : measured) values.push_back(rates[i].*direction);
      medians[i].*direction = median(std::move(values));
    }
  return medians;
}

void add_cost(BenchPass& pass, const std::vector<MatmulCost>& matmuls, const std::vector<MatmulRate>& rates) {
  pass.gflop = total_flop(matmuls) * 1e-9;
  pass.roof_seconds = seconds_at(matmuls, rates);
}

}  // namespace

Result<BenchReport> bench(const Model& model, const BenchOptions& options) {
  INCIPIT_CHECK(check(model, options));
  INCIPIT_TRY(Adapter adapter, Adapter::create(model, adapter_info(model, options), options.seed));
  TrainOptions training;
  training.method = options.method;
  training.num_virtual_tokens = options.num_virtual_tokens;
  training.max_batch_tokens = options.max_batch_tokens;
  training.seed = options.seed;
  INCIPIT_CHECK(init_prompt(model, training, adapter));
  Trainer trainer(model, adapter, training, {});
  PackedRun run(model.backbone());

  const std::vector<TemplatedExample> texts = random_texts(model, adapter, options);
  std::vector<int> labels;
  std::vector<std::size_t> batch;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    labels.push_back(static_cast<int>(i % 2));
    batch.push_back(i);
  }
  const std::int64_t predict_tokens = options.max_batch_tokens.value_or(PredictOptions().max_batch_tokens);
  const BackboneSpec& spec = model.backbone().spec();
  const StepShape shape = step_shape(spec, adapter.info(), texts, true);
  const std::vector<MatmulCost> learning = step_matmuls(spec, shape);
  const std::vector<MatmulCost> predicting =
      step_matmuls(spec, step_shape(spec, adapter.info(), texts, false));

  BenchReport report;
  report.machine = machine_description();
  std::optional<MatmulRoof> roof;
  std::vector<std::vector<MatmulRate>> measured;
  Stopwatch train, predict;
  Matrix features;
  for (std::int64_t step = 0; step <= options.steps; ++step) {
    INCIPIT_CHECK(train.time([&]() -> Status {
      INCIPIT_TRY([[maybe_unused]] const double loss, trainer.gradients(texts, labels, batch, step));
      trainer.apply(1.0);
      return {};
    }));
    INCIPIT_CHECK(
        predict.time([&] { return run_features(run, adapter, texts, predict_tokens, nullptr, features); }));
    if (step == 0) {  // packs, compiles, allocates
      train.forget();
      predict.forget();
      report.peak_bytes = peak_memory();
      roof.emplace(learning, model.info().precision);
    } else {
      measured.push_back(roof->measure());
    }
  }

  const std::vector<MatmulRate> rates = median_rates(measured);
  for (const MatmulRate& rate : rates)
    report.shapes.push_back({rate.in, rate.out, rate.forward * 1e-9, rate.backward * 1e-9});
  report.train = train.summary("train");
  report.predict = predict.summary("predict");
  report.train.tokens = report.predict.tokens = shape.text_tokens + shape.virtual_tokens;
  add_cost(report.train, learning, rates);
  add_cost(report.predict, predicting, rates);
  return report;
}

}  // namespace incipit
