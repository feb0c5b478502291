#include "base/array_file.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>

namespace incipit {
namespace {

namespace fs = std::filesystem;

class ArrayFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    path_ = folder_ / "arrays";
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// Arrays of 100, 0 and 64 bytes.
  void write(std::string_view key) const {
    Result<ArrayFileWriter> writer = ArrayFileWriter::create(path_, key);
    ASSERT_TRUE(writer) << writer.error().message;
    for (const auto& array : arrays()) writer->append(array);
    const Status status = writer->commit();
    ASSERT_TRUE(status) << status.error().message;
  }
  static std::vector<std::vector<std::byte>> arrays() {
    return {std::vector(100, std::byte{7}), {}, std::vector(64, std::byte{9})};
  }
  std::int64_t files() const { return std::distance(fs::directory_iterator(folder_), {}); }

  fs::path folder_, path_;
};

TEST_F(ArrayFileTest, ReadsWhatWasWritten) {
  write("the key");
  Result<ArrayFileReader> reader = ArrayFileReader::open(path_, "the key");
  ASSERT_TRUE(reader) << reader.error().message;
  for (const auto& array : arrays()) {
    const auto bytes = reader->take(array.size());
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_TRUE(std::equal(array.begin(), array.end(), bytes->get()));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes->get()) % 64, 0U);
  }
  EXPECT_FALSE(reader->take(0));
  EXPECT_EQ(files(), 1);
}

TEST_F(ArrayFileTest, ArraysOutliveTheReader) {
  write("key");
  std::shared_ptr<const std::byte> array;
  {
    Result<ArrayFileReader> reader = ArrayFileReader::open(path_, "key");
    ASSERT_TRUE(reader);
    array = *reader->take(100);
  }
  EXPECT_EQ(array.get()[99], std::byte{7});
}

TEST_F(ArrayFileTest, AnotherKeyGetsNothing) {
  write("key");
  for (const char* key : {"kez", "ke", "key ", ""}) EXPECT_FALSE(ArrayFileReader::open(path_, key)) << key;
}

TEST_F(ArrayFileTest, AnotherSizeFailsAndStays) {
  write("key");
  Result<ArrayFileReader> reader = ArrayFileReader::open(path_, "key");
  ASSERT_TRUE(reader);
  for (const std::size_t size : {std::size_t{0}, std::size_t{99}, std::size_t{101}, SIZE_MAX})
    EXPECT_FALSE(reader->take(size));
  EXPECT_TRUE(reader->take(100));
}

TEST_F(ArrayFileTest, IsWholeOrNothing) {
  {
    Result<ArrayFileWriter> writer = ArrayFileWriter::create(path_, "key");
    ASSERT_TRUE(writer);
    writer->append(arrays().front());
  }
  EXPECT_EQ(files(), 0) << "a partial file was left behind";

  write("key");
  const auto size = fs::file_size(path_);
  for (std::uintmax_t cut = 0; cut < size; ++cut) {
    write("key");
    fs::resize_file(path_, cut);
    EXPECT_FALSE(ArrayFileReader::open(path_, "key")) << "cut to " << cut;
  }
}

TEST_F(ArrayFileTest, AWrongSizeInsideFails) {
  write("key");
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(64);  // the first array's size
  const std::uint64_t absurd = UINT64_MAX - 8;
  file.write(reinterpret_cast<const char*>(&absurd), sizeof(absurd));
  file.close();
  Result<ArrayFileReader> reader = ArrayFileReader::open(path_, "key");
  ASSERT_TRUE(reader);
  EXPECT_FALSE(reader->take(100));
  EXPECT_FALSE(reader->take(absurd));
}

TEST_F(ArrayFileTest, SaysWhereItCannotWrite) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "file") << "x";
  const Result<ArrayFileWriter> writer = ArrayFileWriter::create(folder_ / "file" / "arrays", "key");
  ASSERT_FALSE(writer);
  EXPECT_NE(writer.error().message.find("file"), std::string::npos);
}

}  // namespace
}  // namespace incipit
