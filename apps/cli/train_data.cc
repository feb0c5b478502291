#include "train_data.h"

#include <utility>

#include "checks.h"
#include "console.h"
#include "labelled_data.h"

namespace incipit::cli {
namespace {

constexpr const char* kValidation = "validation";

std::string source(const std::filesystem::path& path, const std::string& split) {
  return split.empty() ? path.string() : fmt::format("{}, split {}", path.string(), split);
}

}  // namespace

void TrainDataFlags::declare(CommandLine& line) {
  line.group("Data");
  add_data(line, data_, "Labelled texts to learn from")->required();
  add_columns(line, data_);
  add_split(line, data_, "a folder's train split where it has one, else everything");
  CLI::Option* eval_data =
      line.flag("--eval-data", eval_data_, "PATH",
                "Labelled texts to evaluate every epoch on (of a folder of splits its "
                "validation); without it the validation split of --data, or a part held out");
  CLI::Option* eval_split =
      line.flag("--eval-split", eval_split_, "NAME",
                "Split of --eval-data, or without that of --data, to evaluate on; without it validation")
          ->check(not_empty());
  line.flag(
          "--validation-split", validation_split_, "FRACTION",
          "Part of the training texts to hold out for evaluation where this is given, or where there are no "
          "other texts for it (then 0.1); 0: no evaluation")
      ->check(real_number(0, 1))
      // In a run.toml the default would be a given one, and take the place of the data's own validation
      // split.
      ->default_str("")
      ->excludes(eval_data)
      ->excludes(eval_split);
  add_limit(line, limit_, "training texts");
  line.flag("--eval-limit", eval_limit_, "N", "Evaluate on only N texts, drawn by the seed; 0: all")
      ->check(whole_number(0));
}

Result<TrainingData> TrainDataFlags::read(const CommandLine& line, std::uint64_t seed,
                                          const AdapterInfo& like) const {
  INCIPIT_TRY(const std::filesystem::path path, data_path(data_.path));
  const bool own_validation = has_split(path, kValidation);
  const bool has_splits = own_validation || has_split(path, "train");
  if (path == "-" && !data_.split.empty())
    wrong_usage("--split", "standard input has no splits; --validation-split holds a part out");
  DataOptions options = data_options(data_, like.preparation);
  if (options.split.empty() && has_split(path, "train")) options.split = "train";
  if (!eval_split_.empty() && eval_data_.empty() && options.split.empty())
    wrong_usage("--eval-split", "needs --split, which names the part to train on");

  TrainingData data;
  INCIPIT_TRY(data.train, read_labelled(path, options, like.labels));
  if (data.train.labels.size() < 2)
    return fail("{}: all texts have the same label; two are needed", path.string());
  data.train_source = source(path, options.split);
  const bool other_part = !eval_split_.empty() || (options.split != kValidation &&
                                                   (has_splits ? own_validation : !options.split.empty()));
  if (!eval_data_.empty()) {
    INCIPIT_CHECK(read_eval_data(data));
  } else if (other_part && !line.given("--validation-split")) {
    INCIPIT_CHECK(read_eval(path, eval_split(), data));
  } else {
    hold_part_out(seed, data);
  }
  if (eval_limit_ > 0 && data.held_out)
    data.held_out = sample(std::move(*data.held_out), static_cast<std::size_t>(eval_limit_), seed);
  if (limit_ > 0) data.train = sample(std::move(data.train), static_cast<std::size_t>(limit_), seed);
  if (data.train.examples.empty()) return fail("{}: nothing is left to train on", data.train_source);
  if (data.held_out && data.held_out->examples.empty()) {
    print_warning(fmt::format("{}: no text was held out, so epochs are not evaluated", data.held_out_source));
    data.held_out.reset();
  }
  return data;
}

Status TrainDataFlags::read_eval_data(TrainingData& data) const {
  INCIPIT_TRY(const std::filesystem::path path, data_path(eval_data_));
  return read_eval(path, !eval_split_.empty() || has_split(path, kValidation) ? eval_split() : "", data);
}

Status TrainDataFlags::read_eval(const std::filesystem::path& path, const std::string& split,
                                 TrainingData& data) const {
  INCIPIT_TRY(data.held_out, read_other(path, split, data.train));
  data.held_out_source = source(path, split);
  return {};
}

std::string TrainDataFlags::eval_split() const {
  return eval_split_.empty() ? kValidation : eval_split_;
}

Result<Dataset> TrainDataFlags::read_other(const std::filesystem::path& path, const std::string& split,
                                           const Dataset& train) const {
  DataOptions options = data_options(data_, train.preparation);
  options.split = split;
  return read_labelled(path, options, train.labels);
}

void TrainDataFlags::hold_part_out(std::uint64_t seed, TrainingData& data) const {
  if (validation_split_ == 0) return;
  TrainingSplit split = hold_out(std::move(data.train), validation_split_, seed);
  data.train = std::move(split.train);
  data.held_out = std::move(split.held_out);
  data.held_out_source = fmt::format("{}, a part held out", data.train_source);
  data.train_source += ", the rest of it";
}

}  // namespace incipit::cli
