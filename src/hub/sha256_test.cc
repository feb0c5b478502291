#include "hub/sha256.h"

#include <gtest/gtest.h>

#include "hub/test_support.h"

namespace incipit {
namespace {

TEST(Sha256, MatchesTheStandardsExamples) {  // FIPS 180-4
  const testing::TemporaryFolder folder;
  testing::write_content(folder.path() / "abc", "abc");
  testing::write_content(folder.path() / "empty", "");
  EXPECT_EQ(sha256_of(folder.path() / "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of(folder.path() / "empty"),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, NamesAMissingFile) {
  const auto hash = sha256_of("/nowhere/file");
  ASSERT_FALSE(hash);
  EXPECT_NE(hash.error().message.find("/nowhere/file"), std::string::npos);
}

}  // namespace
}  // namespace incipit
