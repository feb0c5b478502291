#include "experiment/trial_store.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/rng.h"
#include "experiment/trial_file.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// Changes when a file of the folder does: names, sizes and times, since hashing a model takes seconds.
std::string folder_stamp(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (entry.is_regular_file(error))
      files.push_back(fmt::format("{} {} {}", entry.path().filename().string(), entry.file_size(error),
                                  entry.last_write_time(error).time_since_epoch().count()));
  std::sort(files.begin(), files.end());
  std::string stamp = fs::weakly_canonical(folder, error).string() + '\n';
  for (const std::string& file : files) stamp += file + '\n';
  return stamp;
}

std::uint64_t data_stamp(const std::shared_ptr<const Dataset>& data) {
  if (data == nullptr) return 0;
  std::uint64_t stamp = data->examples.size();
  for (const Example& example : data->examples)
    stamp = mix_bits(stamp, mix_bits(text_hash(example.text_a, example.text_b),
                                     static_cast<std::uint64_t>(example.label)));
  for (const std::string& label : data->labels) stamp = mix_bits(stamp, text_hash(label, std::nullopt));
  return stamp;
}

}  // namespace

fs::path TrialStore::file_of(const ExperimentRun& run, std::uint64_t seed) const {
  std::string all = fmt::format("incipit {}\nseed {}\n", INCIPIT_VERSION, seed);
  for (const auto& [flag, value] : run.settings) all += fmt::format("{} = {}\n", flag, value);
  all += folder_stamp(run.model);
  if (!run.options.init_adapter.empty()) all += folder_stamp(run.options.init_adapter);
  for (const auto& data : {run.train, run.held_out, run.test}) all += fmt::format("{}\n", data_stamp(data));
  return folder_ / fmt::format("{:016x}.json", text_hash(all, std::nullopt));
}

std::optional<MeasuredTrial> TrialStore::find(const ExperimentRun& run, std::uint64_t seed) const {
  if (folder_.empty() || fresh_) return std::nullopt;
  const Result<std::string> text = read_file(file_of(run, seed));
  if (!text) return std::nullopt;
  std::optional<MeasuredTrial> trial = trial_from_json(*text);
  // A file that was changed by hand or is of another version must not break the comparison.
  if (!trial || trial->record.seed != seed || trial->record.correct.size() != run.test->examples.size())
    return std::nullopt;
  // Nor must one that does not say which words it found.
  if (run.options.label_words > 0 && trial->record.found_words.empty()) return std::nullopt;
  return trial;
}

Status TrialStore::keep(const ExperimentRun& run, const MeasuredTrial& trial) const {
  if (folder_.empty()) return {};
  return write_file(file_of(run, trial.record.seed), trial_to_json(trial));
}

}  // namespace incipit
