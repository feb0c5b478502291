#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"
#include "support/test_folder.h"

namespace incipit {

using Arguments = std::vector<std::string>;

/// A folder with the tiny random model "base" and labelled texts "data.tsv" whose class shows in a word, and
/// the program to run on them.
class CliTest : public testing::Test {
 protected:
  void SetUp() override;

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  bool exists(const std::string& name) const { return std::filesystem::exists(folder_.path() / name); }
  std::string read(const std::string& name) const { return slurp(folder_.path() / name); }
  void write(const std::string& name, const std::string& content) const {
    spill(folder_.path() / name, content);
  }
  /// Names in the test's folder, hidden ones too, sorted.
  std::vector<std::string> names() const;

  Streams streams(const std::string& input = "") const;
  Outcome run(const Arguments& arguments, const std::string& input = "") const;
  /// Trains a small late prompt on data.tsv into `output`; expects success.
  Outcome train(const std::string& output, const Arguments& more = {}) const;
  Arguments train_arguments(const std::string& output, const Arguments& more = {}) const;

  void make_model(const std::string& name, const std::string& model_type, bool lm_head = false) const;

 private:
  TestFolder folder_;
};

/// `count` lines "text TAB label" under a header; `with_labels` false: texts alone.
std::string labelled_texts(int count, unsigned seed, bool with_labels = true);

std::vector<std::string> lines_of(const std::string& text);
nlohmann::json parse_json(const std::string& text);

/// Exit code and one line on stderr that says `needle`; nothing on stdout.
testing::AssertionResult fails_with(const Outcome& outcome, int code, const std::string& needle);
testing::AssertionResult succeeded(const Outcome& outcome);

}  // namespace incipit
