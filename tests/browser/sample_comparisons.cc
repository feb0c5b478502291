#include "sample_comparisons.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <fmt/format.h>

#include "sample_prompt.h"

namespace incipit {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A run to make up.
struct Shape {
  std::string name;
  double skill = 0.8;  // the accuracy to come out, about
  int epochs = 4;
  int steps = 400;
  int tokens = 0;
  bool late = false;
};

class Maker {
 public:
  explicit Maker(std::vector<std::string> labels) { comparison_.labels = std::move(labels); }

  void add(const Shape& shape, int seeds) {
    RunRecord& run = comparison_.runs.emplace_back();
    run.name = shape.name;
    run.settings = {{"method", shape.tokens > 0 ? (shape.late ? "late" : "prompt") : "head"},
                    {"num-virtual-tokens", std::to_string(shape.tokens)},
                    {"lr", "0.001"},
                    {"batch-size", "16"},
                    {"epochs", std::to_string(shape.epochs)}};
    run.trainable_parameters = 770 + shape.tokens * 384;
    run.all_parameters = 22'713'216;
    run.train_examples = 2000;
    for (int seed = 0; seed < seeds; ++seed) run.trials.push_back(trial(shape, seed));
  }

  Comparison& finish(std::string title) {
    comparison_.title = std::move(title);
    comparison_.data = "movie-reviews, split test";
    comparison_.test_examples = kTexts;
    comparison_.machine = "Some processor, 8 cores, 8 threads, incipit 0.1.0";
    const Metrics& test = comparison_.runs.front().trials.front().test;
    comparison_.majority_class = test.majority_class;
    comparison_.majority_accuracy = test.majority_accuracy;
    comparison_.majority_f1 = test.majority_f1;
    return comparison_;
  }

 private:
  static constexpr int kTexts = 500;

  Metrics metrics(double skill) {
    const int count = static_cast<int>(comparison_.labels.size());
    std::uniform_real_distribution<double> uniform(0, 1);
    std::vector<int> labels;
    std::vector<float> probabilities;
    correct_.clear();
    for (int i = 0; i < kTexts; ++i) {
      labels.push_back(i % 50 == 0 ? 0 : i % count);
      const bool right = uniform(random_) < skill;
      const int predicted =
          right ? labels.back()
                : (labels.back() + 1 + static_cast<int>(uniform(random_) * (count - 1))) % count;
      correct_.push_back(predicted == labels.back());
      const double sure = 1.0 / count + (1 - 1.0 / count) * (0.3 + 0.6 * uniform(random_));
      for (int c = 0; c < count; ++c)
        probabilities.push_back(static_cast<float>(c == predicted ? sure : (1 - sure) / (count - 1)));
    }
    return compute_metrics(labels, probabilities, count);
  }

  TrialRecord trial(const Shape& shape, int seed) {
    TrialRecord trial;
    trial.seed = static_cast<std::uint64_t>(seed);
    std::normal_distribution<double> noise(0, 1);
    for (int i = 0; i < shape.steps && shape.epochs > 0; ++i)
      trial.step_losses.push_back(0.35 + 0.4 * std::exp(-4.0 * i / shape.steps) + 0.08 * noise(random_));
    for (int epoch = 0; epoch < shape.epochs; ++epoch) {
      EpochReport& report = trial.epochs.emplace_back();
      report.epoch = epoch;
      report.eval = metrics(shape.skill - 0.15 * std::exp(-epoch));
      if (trial.best_epoch < 0 ||
          report.eval->accuracy > trial.epochs[static_cast<std::size_t>(trial.best_epoch)].eval->accuracy)
        trial.best_epoch = epoch;
    }
    trial.test = metrics(shape.skill);
    trial.correct = correct_;
    for (int i = 0; i < 8; ++i)
      trial.most_wrong.push_back(
          {std::to_string(i), kErrors[i % 4], i % 2, 1 - i % 2, 0.99 - 0.01 * i - 0.002 * seed});
    trial.train_seconds = 12.5 + shape.tokens + noise(random_);
    trial.test_seconds = 1;
    trial.peak_bytes = std::int64_t{400 + 4 * shape.tokens} << 20;
    if (shape.tokens > 0) trial.prompt = sample_prompt(shape.tokens, shape.late, random_);
    return trial;
  }

  static constexpr const char* kErrors[] = {
      "it's a charming and often affecting journey, if you can forgive the last half an hour.",
      "unflinchingly bleak and desperate",
      "the acting, costumes, music, cinematography and sound are all astounding given the production's "
      "austere locales, "
      "and yet the film never finds a reason to exist beyond them; it is a museum piece, dusted and lit.",
      "not exactly a bore."};

  Comparison comparison_;
  std::mt19937 random_{7};
  std::vector<int> correct_;
};

Comparison rich() {
  Maker maker({"negative", "positive"});
  maker.add({"untrained", 0.5, 0, 0, 10}, 3);
  maker.add({"head only", 0.76, 4, 500, 0}, 3);
  maker.add({"soft prompt, 10 tokens", 0.78, 4, 500, 10}, 3);
  maker.add({"soft prompt, 20 tokens, from the vocabulary", 0.79, 4, 500, 20}, 3);
  maker.add({"late prompt at half of the layers", 0.86, 4, 500, 20, true}, 3);
  maker.add({"hard prompt: “It was … .”", 0.855, 4, 500, 0}, 3);
  Comparison comparison = maker.finish("Hard and soft prompts on movie reviews");
  comparison.runs[0].note =
      "The head started from random numbers that nobody trained: its answers are chance.";
  comparison.runs[3].note = "Starts from words of the vocabulary, drawn by the seed.";
  return comparison;
}

Comparison small() {
  Maker maker({"no", "yes"});
  maker.add({"head", 0.7, 0, 0, 0}, 1);
  return maker.finish("One run");
}

Comparison single() {
  Maker maker({"no", "yes"});
  maker.add({"one epoch", 0.7, 1, 30, 1}, 1);
  return maker.finish("One run, one seed, one epoch, one token");
}

Comparison large() {
  Maker maker({"world", "sports", "business", "science", "health", "travel", "体育", "财经",
               "a label of many words that goes on", "x"});
  for (int i = 0; i < 12; ++i)
    maker.add({fmt::format("run {} of the sweep over learning rates", i + 1), 0.3 + 0.05 * i, i == 3 ? 0 : 6,
               i == 3 ? 0 : 2000, i % 3 == 0 ? 0 : 10 * i, i % 3 == 1},
              5);
  return maker.finish("Twelve runs, five seeds, ten labels");
}

/// Texts that would run, break the layout, or are no texts; figures that are no numbers.
Comparison hostile() {
  const std::string script =
      "</script></style></title><script>document.title='hacked'</script><img src=x "
      "onerror=\"document.title='hacked'\">";
  const std::string quotes = "\"' onmouseover='document.title=1' & &amp; &lt; {{sections}}";
  const std::string broken =
      std::string("nul:\0:esc:\x1B[31m latin:\xE9 cut:\xF0\x9F\x98", 31) + "\xE2\x80\xAE turned";
  const std::string endless(3000, 'W');
  Maker maker({script, quotes});
  maker.add({script, 0.7, 2, 60, 4}, 2);
  maker.add({quotes + broken, 0.6, 2, 60, 4, true}, 1);
  maker.add({endless, 0.5, 2, 60, 4}, 1);
  Comparison comparison = maker.finish(script + quotes);
  comparison.data = script + endless;
  comparison.machine = script + broken;
  for (RunRecord& run : comparison.runs) {
    run.note = quotes + script + endless;
    run.settings.emplace_back(script, endless);
    for (TrialRecord& trial : run.trials) {
      trial.most_wrong = {{"a", script, 0, 1, 0.9},
                          {"b", quotes, 1, 0, 0.8},
                          {"c", broken, 1, 0, 0.7},
                          {"d", endless, 1, 7, kNaN},
                          {"e", "行行重行行，与君生别离。", 0, 1, 0.6}};
      trial.step_losses[3] = kNaN;
      trial.step_losses[5] = std::numeric_limits<double>::infinity();
      trial.test.loss = kNaN;
      if (!trial.prompt) continue;
      trial.prompt->tokens[2].accuracy_without = kNaN;
      trial.prompt->similarity[0][1] = kNaN;
      if (!trial.prompt->comparable) continue;
      trial.prompt->tokens[0].nearest.front().piece = script;
      trial.prompt->tokens[1].nearest.front().piece = endless;
      trial.prompt->tokens[1].x = kNaN;
      trial.prompt->near_words[0].piece = script;
      trial.prompt->near_words[1].piece = broken;
    }
  }
  return comparison;
}

}  // namespace

std::map<std::string, Comparison> sample_comparisons() {
  return {
      {"rich", rich()}, {"small", small()}, {"single", single()}, {"large", large()}, {"hostile", hostile()}};
}

}  // namespace incipit
