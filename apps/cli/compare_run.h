#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "incipit/experiment.h"

#include "command_line.h"
#include "compare_file.h"
#include "train_data.h"
#include "train_flags.h"

namespace incipit::cli {

/// The flags of one [[run]], read by the declarations of `incipit train`, so that each has one check and one
/// message. Everything throws CLI::ParseError naming line, table and key.
class CompareRun {
 public:
  /// The run's place in the file, for messages, and its flags; those that only the data can tell are added
  /// (see choose_test).
  explicit CompareRun(FileRun run);

  /// Which texts are tested on, and with what split the run trains and chooses its epoch, where the file
  /// leaves that open: a run never learns from or chooses by what it is tested on.
  Status choose_test(const FileTest& test);
  /// Reads the flags; after choose_test.
  void parse();

  const FileRun& file() const { return run_; }
  const std::string& model() const { return model_; }
  const std::optional<AdapterInfo>& saved_adapter() const { return saved_; }

  /// Where the test texts come from, for people: as the file names it, not where it lies on this machine.
  std::string test_source() const;
  /// Training and evaluation texts, then the test texts with the same labels and preparation. There
  /// is no training text where all are tested on.
  Result<TrainingData> read_data(std::uint64_t seed, const std::vector<std::string>& labels) const;
  Result<Dataset> read_test(const Dataset& train) const;
  /// Runs of the same key read the same.
  std::string data_key() const;

  /// All of it, but for the data.
  ExperimentRun experiment_run(const std::vector<std::string>& labels, std::filesystem::path model) const;

  static KnownFlags known_flags();

 private:
  Status choose_other_test(const FileTest& test);
  Status choose_own_test(const FileTest& test, const std::filesystem::path& path);
  void choose_all(const FileTest& test);
  void check_parts(const FileTest& test, const std::string& train) const;
  /// Runs `work`; what it finds wrong is said of the key's place in the file.
  template <typename Work>
  auto located(Work&& work) const;
  void set_default(const std::string& flag, const std::string& value);

  FileRun run_;
  CommandLine line_;
  std::string model_;
  std::string precision_;
  TrainOptions options_;
  std::string class_weights_;
  TrainDataFlags data_;
  TrainFlags flags_;
  std::optional<AdapterInfo> saved_;
  std::string test_name_;  // of the data, as given
  std::filesystem::path test_path_;
  std::string test_split_;
  bool tests_all_ = false;  // so that nothing is left to learn from
};

}  // namespace incipit::cli
