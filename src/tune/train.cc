#include "incipit/train.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "incipit/demonstrations.h"
#include "incipit/predict.h"

#include "backbone/architecture.h"
#include "backbone/backbone.h"
#include "infer/auto_verbalizer.h"
#include "infer/features.h"
#include "prompt/prompt_method.h"
#include "tune/epoch_order.h"
#include "tune/movement.h"
#include "tune/prompt_init.h"
#include "tune/schedule.h"
#include "tune/trainer.h"

namespace incipit {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Status check(const Dataset& data, const Dataset* held_out, const TrainOptions& options) {
  const bool takes_steps = options.method != Method::hard && (options.epochs > 0 || options.max_steps > 0);
  if (data.examples.empty() && takes_steps) return fail("no training examples");
  if (data.labels.size() < 2)
    return fail("the training data has {} label(s), at least 2 are needed", data.labels.size());
  for (const Example& example : data.examples)
    if (example.label < 0) return fail("training example {} has no label", example.id);
  if (held_out != nullptr && held_out->labels != data.labels)
    return fail("the labels of the evaluation data differ from those of the training data");
  if (options.batch_size < 1) return fail("batch size {}: at least 1 is needed", options.batch_size);
  if (options.max_batch_tokens.value_or(1) < 1)
    return fail("max batch tokens {}: at least 1 is needed", *options.max_batch_tokens);
  if (!options.class_weights.empty() && options.class_weights.size() != data.labels.size())
    return fail("{} class weights for {} labels", options.class_weights.size(), data.labels.size());
  for (const double weight : options.class_weights)
    if (!(weight >= 0) || !std::isfinite(weight))
      return fail("class weight {}: must be finite and not negative", weight);
  if (!(options.learning_rate >= 0) || !std::isfinite(options.learning_rate))
    return fail("learning rate {}: must be finite and not negative", options.learning_rate);
  if (!(options.epochs >= 0) || !std::isfinite(options.epochs))
    return fail("epochs {}: must be finite and not negative", options.epochs);
  if (!metric_by_name(Metrics{}, options.metric)) return fail("metric \"{}\" is not known", options.metric);
  return {};
}

/// Tokens of a batch that nothing is kept of.
std::int64_t tokens_to_predict(const TrainOptions& options) {
  return options.max_batch_tokens.value_or(PredictOptions().max_batch_tokens);
}

std::vector<double> class_weights(const Dataset& data, const TrainOptions& options) {
  if (!options.balanced_class_weights) return options.class_weights;
  std::vector<double> counts(data.labels.size(), 0.0);
  for (const Example& example : data.examples) counts[static_cast<std::size_t>(example.label)] += 1;
  std::vector<double> weights;
  for (const double count : counts)
    weights.push_back(count > 0 ? static_cast<double>(data.examples.size()) /
                                      (static_cast<double>(counts.size()) * count)
                                : 0.0);
  return weights;
}

Result<Adapter> start_hard_prompt(const Model& model, const Dataset& data, const TrainOptions& options,
                                  TrainObserver& observer) {
  HardPrompt prompt{options.template_text, options.verbalizer, options.word_score,
                    options.calibration,   options.max_length, data.preparation};
  if (options.label_words > 0) {
    INCIPIT_TRY(prompt.verbalizer,
                find_label_words(model, prompt, data.labels, data.examples,
                                 static_cast<std::size_t>(options.label_words), tokens_to_predict(options)));
  }
  if (options.shots > 0) {
    INCIPIT_TRY(Demonstrations drawn,
                draw_demonstrations(model, prompt, data.labels, data.examples,
                                    {options.shots, options.shot_tokens, options.seed}));
    if (drawn.count < options.shots)
      observer.on_warning(
          fmt::format("{} of {} demonstrations fit or were found", drawn.count, options.shots));
    prompt.template_text = std::move(drawn.template_text);
  }
  return make_hard_prompt(model, prompt, data.labels);
}

Result<Adapter> start_adapter(const Model& model, const Dataset& data, const TrainOptions& options,
                              TrainObserver& observer) {
  if (options.method == Method::hard) return start_hard_prompt(model, data, options, observer);
  AdapterInfo info;
  info.method = options.method;
  info.head_input =
      options.head_input.value_or(default_head_input(options.method, model.backbone().spec().is_causal));
  info.template_text = options.template_text;
  info.verbalizer = options.verbalizer;
  info.word_score = options.word_score;
  const bool has_prompt = options.method == Method::prompt || options.method == Method::late;
  info.num_virtual_tokens = has_prompt ? options.num_virtual_tokens : 0;
  info.insert_layer =
      options.method == Method::late ? options.insert_layer.value_or((model.info().num_layers + 1) / 2) : 0;
  info.max_length = options.max_length;
  info.labels = data.labels;
  info.preparation = data.preparation;
  INCIPIT_TRY(Adapter adapter, Adapter::create(model, std::move(info), options.seed));
  INCIPIT_CHECK(init_prompt(model, options, adapter));
  return adapter;
}

/// A data set as the model reads it. `features` are what the head reads, filled where they never change.
struct Prepared {
  std::span<const Example> source;
  std::vector<TemplatedExample> examples;
  std::vector<int> labels;
  Matrix features;
};

/// One run, from the first step to the best adapter.
class Training {
 public:
  Training(const Model& model, Adapter adapter, const TrainOptions& options, std::vector<double> weights,
           TrainObserver& observer)
      : model_(model),
        options_(options),
        observer_(observer),
        adapter_(std::move(adapter)),
        trainer_(model, adapter_, options, std::move(weights)),
        run_(model.backbone()),
        movement_(adapter_.prompt(), model.info().hidden_size),
        features_are_fixed_(adapter_.prompt().rows() == 0 && !options.dropout) {
    if (options.activation_cache.type == CacheType::off || adapter_.info().insert_layer == 0) return;
    lower_layers_.emplace(model, options.activation_cache,
                          [&observer](const std::string& message) { observer.on_warning(message); });
    trainer_.use(&*lower_layers_);
    run_.use(&*lower_layers_);
  }

  Result<TrainResult> run(const Dataset& data, const Dataset* held_out) {
    const Clock::time_point start = Clock::now();
    INCIPIT_TRY(train_, prepare(data));
    if (held_out != nullptr) {
      INCIPIT_TRY(held_out_, prepare(*held_out));
    }
    plan_steps();
    if (features_are_fixed_) {
      if (steps_ > 0) INCIPIT_CHECK(read_features(train_));
      INCIPIT_CHECK(read_features(held_out_));
      trainer_.use_features(train_.features);
    }
    report_start();
    INCIPIT_CHECK(run_epochs(held_out != nullptr));
    TrainResult result{best_ ? std::move(*best_) : std::move(adapter_),
                       std::move(epochs_),
                       best_epoch_,
                       interrupted_,
                       seconds_since(start),
                       std::nullopt};
    if (lower_layers_) result.cache_use = lower_layers_->use();
    return result;
  }

 private:
  Result<Prepared> prepare(const Dataset& data) {
    Prepared prepared;
    prepared.source = data.examples;
    INCIPIT_TRY(prepared.examples, apply_template(model_, adapter_, data.examples));
    std::int64_t truncated = 0;
    for (std::size_t i = 0; i < data.examples.size(); ++i) {
      prepared.labels.push_back(data.examples[i].label);
      truncated += prepared.examples[i].truncated > 0 ? 1 : 0;
    }
    if (truncated > 0)
      observer_.on_warning(fmt::format("{} of {} texts are longer than {} tokens and were truncated",
                                       truncated, data.examples.size(), adapter_.info().max_length));
    return prepared;
  }

  Status read_features(Prepared& prepared) {
    return run_features(run_, adapter_, prepared.examples, tokens_to_predict(options_), nullptr,
                        prepared.features);
  }

  void plan_steps() {
    for (const TemplatedExample& example : train_.examples) sizes_.push_back(example.size());
    steps_per_epoch_ = (std::ssize(sizes_) + options_.batch_size - 1) / options_.batch_size;
    steps_ =
        options_.max_steps > 0
            ? options_.max_steps
            : static_cast<std::int64_t>(std::ceil(options_.epochs * static_cast<double>(steps_per_epoch_)));
    if (adapter_.info().method == Method::hard) steps_ = 0;  // there is nothing to train
  }

  void report_start() {
    TrainStart start;
    const std::int64_t head = adapter_.head_parameters();
    start.trainable = adapter_.prompt_parameters() + head;
    start.all = model_.info().backbone_parameters + head + start.trainable;
    start.steps = steps_;
    start.tensors = adapter_.tensor_shapes();
    const auto batches = epoch_batches(options_.batching, sizes_, options_.batch_size, options_.seed, 0);
    for (const std::size_t e : batches.empty() ? std::vector<std::size_t>() : batches.front()) {
      std::vector<std::int32_t>& ids = start.first_batch.emplace_back();
      for (const std::int32_t id : train_.examples[e].token)
        if (id >= 0) ids.push_back(id);
    }
    observer_.on_start(start);
  }

  Status run_epochs(bool evaluates) {
    if (steps_ == 0) return evaluates ? end_epoch(0, 0.0) : Status();
    for (std::int64_t epoch = 0; step_ < steps_ && !interrupted_ && !stopped_early_; ++epoch) {
      double loss_sum = 0;
      std::int64_t batches = 0;
      for (const std::vector<std::size_t>& batch :
           epoch_batches(options_.batching, sizes_, options_.batch_size, options_.seed, epoch)) {
        if (step_ == steps_ || interrupted_) break;
        INCIPIT_TRY(const double loss, take_step(batch));
        loss_sum += loss;
        ++batches;
        interrupted_ = observer_.stop_requested();
      }
      INCIPIT_CHECK(finish_epoch(epoch, loss_sum / static_cast<double>(batches), evaluates));
    }
    return {};
  }

  Result<double> take_step(const std::vector<std::size_t>& batch) {
    const Clock::time_point start = Clock::now();
    const double factor =
        schedule_factor(options_.schedule, step_, options_.warmup * static_cast<double>(steps_), steps_);
    INCIPIT_TRY(const double loss, trainer_.gradients(train_.examples, train_.labels, batch, step_));
    StepReport report;
    report.gradient_norm = trainer_.apply(factor);
    if (!std::isfinite(loss) || !std::isfinite(report.gradient_norm))
      return fail(
          "step {}: the loss is {} and the gradient's norm {}; a lower learning rate than {} or clipping may "
          "help",
          step_ + 1, loss, report.gradient_norm, options_.learning_rate);
    ++step_;
    report.step = step_;
    report.steps = steps_;
    report.epoch = static_cast<double>(step_) / static_cast<double>(steps_per_epoch_);
    report.loss = loss;
    report.learning_rate = options_.learning_rate * factor;
    report.tokens = trainer_.tokens();
    report.seconds = seconds_since(start);
    observer_.on_step(report);
    return loss;
  }

  Status finish_epoch(std::int64_t epoch, double train_loss, bool evaluates) {
    if (adapter_.prompt().rows() > 0) adapter_.add_movement(movement_.distances(adapter_.prompt()));
    if (evaluates && !interrupted_) return end_epoch(epoch, train_loss);
    EpochReport report;
    report.epoch = epoch;
    report.train_loss = train_loss;
    epochs_.push_back(report);
    observer_.on_epoch(report);
    return {};
  }

  /// Evaluates, keeps the best, and decides whether to stop.
  Status end_epoch(std::int64_t epoch, double train_loss) {
    if (!features_are_fixed_) INCIPIT_CHECK(read_features(held_out_));
    const std::vector<Prediction> predictions = predict_from_features(adapter_, held_out_.features);
    EpochReport report;
    report.epoch = epoch;
    report.train_loss = train_loss;
    report.eval =
        evaluate_predictions(held_out_.source, predictions, static_cast<int>(adapter_.info().labels.size()));
    const double value = *metric_by_name(*report.eval, options_.metric);
    report.best = !best_ || value > best_value_;
    if (report.best) {
      best_ = adapter_.clone();
      best_value_ = value;
      best_epoch_ = epoch;
    }
    stopped_early_ = options_.early_stop > 0 && epoch - best_epoch_ >= options_.early_stop;
    epochs_.push_back(report);
    observer_.on_epoch(report);
    return {};
  }

  const Model& model_;
  const TrainOptions& options_;
  TrainObserver& observer_;
  Adapter adapter_;
  Trainer trainer_;
  PackedRun run_;
  std::optional<LowerLayers> lower_layers_;
  Movement movement_;
  bool features_are_fixed_;
  Prepared train_, held_out_;
  std::vector<std::int64_t> sizes_;
  std::int64_t steps_per_epoch_ = 0, steps_ = 0, step_ = 0;
  std::vector<EpochReport> epochs_;
  std::optional<Adapter> best_;
  double best_value_ = 0;
  std::int64_t best_epoch_ = -1;
  bool interrupted_ = false, stopped_early_ = false;
};

}  // namespace

HeadInput default_head_input(Method method, bool is_causal) {
  switch (method) {
    case Method::hard:
    case Method::head:
      return is_causal ? HeadInput::last : HeadInput::cls;
    case Method::prompt:
      return is_causal ? HeadInput::last : HeadInput::first;
    case Method::late:
      return HeadInput::mean;
  }
  return HeadInput::first;
}

Result<TrainResult> train(const Model& model, const Dataset& train, const Dataset* held_out,
                          const TrainOptions& options, TrainObserver& observer) {
  INCIPIT_CHECK(check(train, held_out, options));
  INCIPIT_TRY(Adapter adapter, start_adapter(model, train, options, observer));
  return Training(model, std::move(adapter), options, class_weights(train, options), observer)
      .run(train, held_out);
}

}  // namespace incipit
