#include "base/cache_room.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// Two kept files of 100 bytes, and one of another kind.
class CacheRoomTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write("new.kept", 1);
    write("old.kept", 9);
    write("oldest.txt", 99);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, int days) const {
    std::ofstream(folder_ / name) << std::string(100, 'x');
    fs::last_write_time(folder_ / name, fs::file_time_type::clock::now() - std::chrono::hours(24 * days));
  }
  bool has(const std::string& name) const { return fs::exists(folder_ / name); }

  fs::path folder_;
};

TEST_F(CacheRoomTest, NothingGoesWhileThereIsRoom) {
  EXPECT_EQ(make_room(folder_ / "own.kept", 100, 300), 100);
  write("own.kept", 20);
  EXPECT_EQ(make_room(folder_ / "own.kept", 0, 300), 100) << "its own size is part of its room";
  EXPECT_TRUE(has("old.kept"));
  EXPECT_TRUE(has("new.kept"));
}

TEST_F(CacheRoomTest, WhatWasUsedLongestAgoGoesFirst) {
  write("own.kept", 20);
  EXPECT_EQ(make_room(folder_ / "own.kept", 50, 300), 200);
  EXPECT_FALSE(has("old.kept"));
  EXPECT_TRUE(has("new.kept"));
  EXPECT_TRUE(has("own.kept")) << "whose use is now";
  EXPECT_TRUE(has("oldest.txt")) << "not of this cache";
}

TEST_F(CacheRoomTest, WhatNeverFitsRemovesNothing) {
  EXPECT_EQ(make_room(folder_ / "own.kept", 301, 300), 100);
  EXPECT_EQ(make_room(folder_ / "own.kept", 151, 150), 0) << "the others are over it as they are";
  EXPECT_TRUE(has("old.kept"));
  EXPECT_TRUE(has("new.kept"));
}

TEST_F(CacheRoomTest, AFolderThatIsNotThereIsAllRoom) {
  EXPECT_EQ(make_room(folder_ / "none" / "own.kept", 100, 300), 300);
}

}  // namespace
}  // namespace incipit
