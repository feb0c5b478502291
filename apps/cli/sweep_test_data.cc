#include "sweep_test_data.h"

#include <utility>

#include <fmt/format.h>

#include "checks.h"
#include "console.h"
#include "labelled_data.h"
#include "warnings.h"

namespace incipit::cli {
namespace {

/// Whether the texts of one source are among those of another: "reviews.tsv" holds "reviews.tsv, split
/// train".
bool holds(const std::string& source, const std::string& part) {
  return part.starts_with(source) && (part.size() == source.size() || part[source.size()] == ',');
}

std::int64_t count_seen(const Dataset& test, const TrainingData& data) {
  std::vector<Example> seen = data.train.examples;
  if (data.held_out) seen.insert(seen.end(), data.held_out->examples.begin(), data.held_out->examples.end());
  return count_overlap(test.examples, hash_texts(seen));
}

}  // namespace

void SweepTestData::declare(CommandLine& line) {
  line.group("Test");
  line.flag(
          "--test-data", path_, "PATH",
          "Labelled texts to measure the best setting on, and it alone, after it was chosen (of a folder of "
          "splits its test)")
      ->check(not_empty());
  line.flag("--test-split", split_, "NAME",
            "Split of --test-data, or without that of --data, to measure it on")
      ->check(not_empty());
}

Result<std::optional<SweepTestData::Texts>> SweepTestData::read(const std::string& sweep_data,
                                                                const TrainDataFlags& flags,
                                                                const TrainingData& data) const {
  if (path_.empty() && split_.empty()) return std::nullopt;
  const char* flag = path_.empty() ? "--test-split" : "--test-data";
  const std::string& name = path_.empty() ? sweep_data : path_;
  if (name == "-") wrong_usage(flag, "standard input is read once, for training; name a file");
  INCIPIT_TRY(const std::filesystem::path path, data_path(name));
  const std::string split = !split_.empty() ? split_ : has_split(path, "test") ? "test" : "";
  Texts texts;
  texts.source = split.empty() ? path.string() : fmt::format("{}, split {}", path.string(), split);
  INCIPIT_TRY(texts.data, flags.read_other(path, split, data.train));
  const std::int64_t seen = count_seen(texts.data, data), count = std::ssize(texts.data.examples);
  if (holds(texts.source, data.train_source) || holds(texts.source, data.held_out_source) || 2 * seen > count)
    wrong_usage(flag,
                fmt::format("{} of its {} texts are trained on or choose the setting; --split says what is "
                            "trained on, --eval-split or --eval-data what chooses",
                            seen, count));
  print_note(fmt::format("test the best on {}: {}", texts.source, summary(texts.data)));
  return texts;
}

}  // namespace incipit::cli
