#include "compare_run.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "class_weights.h"
#include "console.h"
#include "flags.h"
#include "run_settings.h"

namespace incipit::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAll = "all";  // a split: every text of data without splits

bool is_validation(const std::string& split) {
  constexpr std::array kNames = {"validation", "dev", "valid", "val"};
  return std::find(kNames.begin(), kNames.end(), split) != kNames.end();
}

bool same_split(const std::string& a, const std::string& b) {
  return a == b || (is_validation(a) && is_validation(b));
}

bool has_own_splits(const fs::path& path) {
  return has_split(path, "train") || has_split(path, "validation") || has_split(path, "test");
}

Result<fs::path> resolve_data(const std::string& name, const std::string& where) {
  if (name == "-") wrong_usage(where, "standard input cannot be compared on; name a file");
  Result<fs::path> path = data_path(name);
  if (!path) return fail("{}: {}", where, path.error().message);
  return path;
}

}  // namespace

CompareRun::CompareRun(FileRun run) : run_(std::move(run)), line_("compare", "") {
  add_model(line_, model_)->required();
  add_precision(line_, precision_);
  data_.declare(line_);
  flags_.declare(line_);
  add_class_weights(line_, class_weights_);
}

KnownFlags CompareRun::known_flags() {
  CommandLine data("compare", "");
  TrainDataFlags().declare(data);
  return {CompareRun({}).line_.flag_names(), data.flag_names()};
}

template <typename Work>
auto CompareRun::located(Work&& work) const {
  try {
    return work();
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    if (!message.starts_with("--")) wrong_usage(run_.where, message);
    message.erase(0, 2);
    const auto found = run_.flags.find(message.substr(0, message.find_first_of(": ")));
    wrong_usage(found == run_.flags.end() ? run_.where : found->second.where, message);
  }
}

void CompareRun::set_default(const std::string& flag, const std::string& value) {
  run_.flags.try_emplace(flag, FileFlag{{value}, run_.where});
}

Status CompareRun::choose_test(const FileTest& test) {
  const auto data = run_.flags.find("data");
  if (data == run_.flags.end() || data->second.values.size() != 1)
    wrong_usage(run_.where, "has no data; name it by [data] path = … or by --data");
  INCIPIT_TRY(const fs::path path, resolve_data(data->second.values.front(), data->second.where));
  test_name_ = test.path.empty() ? data->second.values.front() : test.path;
  if (test.path.empty()) return choose_own_test(test, path);
  INCIPIT_TRY(test_path_, resolve_data(test.path, test.where));
  if (test_path_ == path) return choose_own_test(test, path);
  return choose_other_test(test);
}

Status CompareRun::choose_other_test(const FileTest& test) {
  if (test.split == kAll && !has_split(test_path_, kAll)) return {};
  test_split_ = test.split;
  for (const char* split : {"test", "validation"})
    if (test_split_.empty() && has_split(test_path_, split)) test_split_ = split;
  return {};
}

Status CompareRun::choose_own_test(const FileTest& test, const fs::path& path) {
  test_path_ = path;
  if (test.split == kAll && !has_own_splits(path) && !has_split(path, kAll)) {
    choose_all(test);
    return {};
  }
  test_split_ = test.split;
  if (has_own_splits(path)) {
    for (const char* split : {"test", "validation"})
      if (test_split_.empty() && has_split(path, split)) test_split_ = split;
    if (test_split_.empty())
      return fail("{}: {} has only a split to train on; name what to test on by [data] test = {{ path = … }}",
                  run_.where, path.string());
  } else {
    set_default("split", "train");
    if (test_split_.empty()) test_split_ = "test";
  }
  const auto split = run_.flags.find("split");
  check_parts(test,
              split == run_.flags.end() ? "train" : fmt::format("{}", fmt::join(split->second.values, " ")));
  const bool chosen = run_.flags.contains("eval-data") || run_.flags.contains("eval-split");
  if (is_validation(test_split_) && !chosen) set_default("validation-split", "0.1");
  return {};
}

void CompareRun::choose_all(const FileTest& test) {
  tests_all_ = true;
  for (const char* flag : {"split", "eval-data", "eval-split", "validation-split"})
    if (const auto found = run_.flags.find(flag); found != run_.flags.end())
      wrong_usage(found->second.where,
                  fmt::format("{}: test = {{ split = '{}' }} leaves nothing to learn from or to choose by",
                              flag, test.split));
}

void CompareRun::check_parts(const FileTest& test, const std::string& train) const {
  const auto flag = [this](const char* name) {
    const auto found = run_.flags.find(name);
    return found == run_.flags.end() || found->second.values.empty() ? nullptr : &found->second;
  };
  const std::string& where = test.split.empty() ? run_.where : test.where;
  if (same_split(train, test_split_))
    wrong_usage(where, fmt::format("split '{}' is both trained and tested on", test_split_));
  const FileFlag* chosen_by = flag("eval-split");
  if (chosen_by != nullptr && flag("eval-data") == nullptr &&
      same_split(chosen_by->values.front(), test_split_))
    wrong_usage(chosen_by->where,
                fmt::format("split '{}' is tested on, so it cannot choose the epoch", test_split_));
}

void CompareRun::parse() {
  std::vector<std::string> arguments;
  for (const auto& [flag, value] : run_.flags) {
    const std::string name = "--" + flag;
    if (line_.takes_list(name)) {
      arguments.push_back(name);
      arguments.insert(arguments.end(), value.values.begin(), value.values.end());
    } else if (value.values.size() == 1) {
      arguments.push_back(name + "=" + value.values.front());
    } else {
      wrong_usage(value.where, fmt::format("{}: takes one value, not {}", flag, value.values.size()));
    }
  }
  located([&] {
    line_.parse(std::move(arguments));
    if (const auto folder = flags_.saved_adapter()) {
      Result<AdapterInfo> info = read_adapter_info(*folder);
      if (!info) wrong_usage("--init", info.error().message);
      saved_ = std::move(*info);
    }
    Result<TrainOptions> options = flags_.options(line_, saved_);
    if (!options) wrong_usage("--template", options.error().message);
    options_ = std::move(*options);
    if (tests_all_ && (options_.epochs > 0 || options_.max_steps > 0))
      wrong_usage("--epochs",
                  fmt::format("must be 0 where all texts are tested on (test = {{ split = '{}' }})", kAll));
  });
}

Result<TrainingData> CompareRun::read_data(std::uint64_t seed, const std::vector<std::string>& labels) const {
  AdapterInfo like = saved_.value_or(AdapterInfo());
  like.labels = labels;
  if (!tests_all_) return located([&] { return data_.read(line_, seed, like); });
  TrainingData nothing;
  nothing.train.labels = labels;
  nothing.train.preparation = like.preparation;
  return nothing;
}

Result<Dataset> CompareRun::read_test(const Dataset& train) const {
  return data_.read_other(test_path_, test_split_, train);
}

std::string CompareRun::test_source() const {
  return test_split_.empty() ? test_name_ : fmt::format("{}, split {}", test_name_, test_split_);
}

std::string CompareRun::data_key() const {
  const std::vector<std::string> names = known_flags().data;
  std::string key = fmt::format("{}\n{}\n", test_path_.string(), test_split_);
  if (saved_) key += fmt::format("{} {}\n", name_of(saved_->preparation.kind), saved_->preparation.lost_word);
  for (const auto& [flag, value] : run_.flags)
    if (std::find(names.begin(), names.end(), flag) != names.end())
      key += fmt::format("{} = {}\n", flag, fmt::join(value.values, "\n"));
  return key;
}

ExperimentRun CompareRun::experiment_run(const std::vector<std::string>& labels, fs::path model) const {
  ExperimentRun run;
  run.name = run_.name;
  run.note = run_.note;
  run.seeds = run_.seeds;
  run.model = std::move(model);
  run.precision = resolved(*precision_by_name(precision_));
  run.options = options_;
  // Without drawn demonstrations nothing of a hard prompt depends on the seed.
  if (options_.method == Method::hard && options_.shots == 0 && run.seeds.size() > 1) {
    print_note(
        fmt::format("run '{}': a hard prompt is the same with every seed, so it is run once", run.name));
    run.seeds.resize(1);
  }
  located([&] { set_class_weights(class_weights_, labels, run.options); });
  run.settings = run_settings(line_, run);
  return run;
}

}  // namespace incipit::cli
