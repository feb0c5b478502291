#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "incipit/dataset.h"

#include "base/file.h"

namespace incipit {

/// A test with a folder of its own for data files.
class DataTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = fmt::format("incipit-{}-{}-{}", info->test_suite_name(), info->name(), ::getpid());
    std::replace(name.begin(), name.end(), '/', '-');  // of parametrised tests
    folder_ = std::filesystem::path(testing::TempDir()) / name;
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, std::string_view content) const {
    EXPECT_TRUE(write_file(folder_ / name, content));
    return folder_ / name;
  }

  static Dataset read(const std::filesystem::path& path, const DataOptions& options = {}) {
    Result<Dataset> dataset = read_dataset(path, options);
    EXPECT_TRUE(dataset) << dataset.error().message;
    return dataset ? std::move(*dataset) : Dataset{};
  }

  /// The error that reading gives, empty where there is none.
  static std::string error_of(const std::filesystem::path& path, const DataOptions& options = {}) {
    const Result<Dataset> dataset = read_dataset(path, options);
    return dataset ? "" : dataset.error().message;
  }

  static DataOptions unlabelled() {
    DataOptions options;
    options.labels_required = false;
    return options;
  }

  std::filesystem::path folder_;
};

inline std::vector<std::string> texts_of(const Dataset& dataset) {
  std::vector<std::string> texts;
  for (const Example& example : dataset.examples) texts.push_back(example.text_a);
  return texts;
}

inline std::vector<std::string> labels_of(const Dataset& dataset) {
  std::vector<std::string> labels;
  for (const Example& example : dataset.examples)
    labels.push_back(dataset.labels.at(static_cast<std::size_t>(example.label)));
  return labels;
}

#define EXPECT_HAS(text, part) EXPECT_NE(std::string(text).find(part), std::string::npos) << (text)

}  // namespace incipit
