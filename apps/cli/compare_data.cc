#include "compare_data.h"

#include <utility>

#include <fmt/format.h>

#include "console.h"
#include "labelled_data.h"

namespace incipit::cli {

namespace {

void describe_training(const TrainingData& data) {
  if (data.train.examples.empty()) {
    print_note("nothing is trained: all texts are tested on");
    return;
  }
  print_note(fmt::format("train on {}: {}", data.train_source, summary(data.train)));
  print_note(data.held_out
                 ? fmt::format("choose the epoch on {}: {}", data.held_out_source, summary(*data.held_out))
                 : std::string("the last epoch is kept: nothing is held out to choose by"));
}

}  // namespace

Status CompareData::add(const CompareRun& from, ExperimentRun& run) {
  const std::string key = from.data_key();
  if (!parts_.contains(key)) {
    INCIPIT_TRY(parts_[key], read(from));
  }
  const Parts& parts = parts_[key];
  run.train = parts.train;
  run.held_out = parts.held_out;
  run.test = parts.test;
  return {};
}

Result<CompareData::Parts> CompareData::read(const CompareRun& from) {
  INCIPIT_TRY(TrainingData data, from.read_data(seed_, labels_));
  Result<Dataset> read = from.read_test(data.train);
  if (!read && test_.split.empty())
    return fail("{} (what to test on is named by [data] test = {{ split = … }} or {{ path = … }})",
                read.error().message);
  INCIPIT_TRY(Dataset test, std::move(read));
  if (data.train.examples.empty()) {
    data.train.labels = test.labels;
    data.train.preparation = test.preparation;
  }
  if (labels_.empty()) labels_ = data.train.labels;
  if (test_.limit > 0) test = sample(std::move(test), static_cast<std::size_t>(test_.limit), seed_);
  describe_training(data);
  print_note(fmt::format("test on {}: {}", from.test_source(), summary(test)));
  if (source_.empty()) source_ = from.test_source();
  return Parts{std::make_shared<Dataset>(std::move(data.train)),
               data.held_out ? std::make_shared<Dataset>(std::move(*data.held_out)) : nullptr,
               std::make_shared<Dataset>(std::move(test))};
}

}  // namespace incipit::cli
