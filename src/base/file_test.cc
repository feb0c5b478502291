#include "base/file.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace incipit {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_F(FileTest, WritesAndReadsBack) {
  ASSERT_TRUE(write_file(folder_ / "new" / "a", "one"));
  ASSERT_TRUE(write_file(folder_ / "new" / "a", "two"));
  EXPECT_EQ(*read_file(folder_ / "new" / "a"), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "new"), {}), 1)
      << "a partial file was left behind";
}

TEST_F(FileTest, NamesWhatIsWrong) {
  EXPECT_NE(read_file(folder_ / "none").error().message.find("none"), std::string::npos);
  EXPECT_NE(read_file(folder_).error().message.find("directory"), std::string::npos);
  ASSERT_TRUE(write_file(folder_ / "long", "12345"));
  EXPECT_NE(read_file(folder_ / "long", 4).error().message.find("at most 4"), std::string::npos);
  EXPECT_FALSE(write_file(folder_ / "long" / "below-a-file", "x"));
}

TEST_F(FileTest, MapsAFile) {
  ASSERT_TRUE(write_file(folder_ / "a", "abc"));
  ASSERT_TRUE(write_file(folder_ / "empty", ""));
  EXPECT_EQ(MappedFile::open(folder_ / "a")->bytes().size(), 3u);
  EXPECT_TRUE(MappedFile::open(folder_ / "empty")->bytes().empty());
  EXPECT_FALSE(MappedFile::open(folder_));
}

TEST_F(FileTest, StagedFolderAppearsWhole) {
  const fs::path target = folder_ / "out";
  {
    Result<StagedFolder> staged = StagedFolder::create(target);
    ASSERT_TRUE(staged);
    ASSERT_TRUE(write_file(staged->path() / "a", "1"));
    EXPECT_FALSE(fs::exists(target));
    ASSERT_TRUE(staged->commit());
  }
  EXPECT_EQ(*read_file(target / "a"), "1");
  {
    Result<StagedFolder> staged = StagedFolder::create(target);
    ASSERT_TRUE(write_file(staged->path() / "a", "2"));
  }  // not committed
  EXPECT_EQ(*read_file(target / "a"), "1");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
  ASSERT_TRUE(write_file(folder_ / "file", ""));
  EXPECT_FALSE(StagedFolder::create(folder_ / "file"));
}

}  // namespace
}  // namespace incipit
