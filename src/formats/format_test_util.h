#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/file.h"

namespace incipit {

/// A test with an empty folder of its own, removed afterwards.
class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string(info->test_suite_name()) + "." + info->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(std::string_view name, std::string_view content) const {
    EXPECT_TRUE(write_file(folder_ / name, content));
    return folder_ / name;
  }

  std::filesystem::path folder_;
};

/// A result that must be an error: one line that has `part` in it.
template <typename T>
void expect_error(const T& result, std::string_view part) {
  ASSERT_FALSE(result) << "no error that says: " << part;
  const std::string& message = result.error().message;
  EXPECT_NE(message.find(part), std::string::npos) << message << "\n  lacks: " << part;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

inline std::filesystem::path golden_adapters() {
  return std::filesystem::path(INCIPIT_SOURCE_DIR) / "tests" / "golden" / "adapters";
}

inline std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>((value >> shift) & 0xff);
  return bytes;
}

/// A safetensors file of a header and its data.
inline std::string safetensors_bytes(std::string_view header, std::string_view data = "") {
  return little_endian(header.size()) + std::string(header) + std::string(data);
}

/// A torch.save file of before torch 1.6: `pickle` as the object, then the pickled list of storage keys and
/// the data.
inline std::string legacy_torch_bytes(std::string_view pickle, std::string_view keys_and_data) {
  using namespace std::string_view_literals;
  std::string file("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv);
  file += "\x80\x02M\xe9\x03."sv;
  file += "\x80\x02}X\x0d\0\0\0little_endian\x88s."sv;
  file += pickle;
  file += keys_and_data;
  return file;
}

}  // namespace incipit
