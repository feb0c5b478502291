#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "incipit/inspect.h"
#include "incipit/metrics.h"
#include "incipit/train.h"

namespace incipit {

/// An example that a run got wrong while being sure.
struct WrongExample {
  std::string id;
  std::string text;  // of a pair both, one after the other
  int label = 0;     // the true one
  int predicted = 0;
  double probability = 0;  // of the predicted one
};

/// One run of one seed, as measured.
struct TrialRecord {
  std::uint64_t seed = 0;
  std::vector<double> step_losses;       // [steps]
  std::vector<EpochReport> epochs;       // evaluated on the split by which the best is chosen
  std::int64_t best_epoch = -1;          // -1: none was evaluated
  Metrics test;                          // of the best epoch, on the examples that nothing was chosen by
  std::vector<int> correct;              // [test examples] 1 where right: for paired comparisons
  std::vector<int> predicted;            // [test examples] its label
  std::vector<WrongExample> most_wrong;  // surest first
  double train_seconds = 0, test_seconds = 0;
  std::int64_t peak_bytes = 0;  // resident memory of the whole process while this trial ran
  std::optional<PromptInspection> prompt;
  /// [labels] the words that the model found for each, where it looked for them; else empty.
  std::vector<std::vector<std::string>> found_words;
};

/// One line of a comparison: a setting, run with one or several seeds.
struct RunRecord {
  std::string name;
  std::string note;  // what a reader must know, such as "head untrained: chance"; may be empty
  std::vector<std::pair<std::string, std::string>> settings;  // flag and value, in order
  std::int64_t trainable_parameters = 0;
  std::int64_t all_parameters = 0;  // as PEFT counts
  std::int64_t train_examples = 0;
  std::vector<TrialRecord> trials;  // never empty
};

/// Runs side by side on the same test examples.
struct Comparison {
  std::string title;
  std::string data;                 // where the examples come from
  std::vector<std::string> labels;  // of all runs
  std::int64_t test_examples = 0;
  std::string examples_name = "test";  // "validation" where they chose the epochs, as in a sweep
  int majority_class = 0;
  double majority_accuracy = 0, majority_f1 = 0;
  std::string machine;  // processor, cores, threads, program version
  std::vector<RunRecord> runs;
};

/// The table for a terminal: a run a line (mean and, of several seeds, standard deviation): accuracy, F1, 95
/// % interval, trainable parameters, seconds, peak memory, n; then the majority line.
std::string format_comparison(const Comparison& comparison);
/// Everything, as a JSON object.
std::string comparison_to_json(const Comparison& comparison);
/// One page of HTML that needs nothing else and opens without network.
std::string comparison_page(const Comparison& comparison);

}  // namespace incipit
