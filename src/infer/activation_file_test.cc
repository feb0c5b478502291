#include "infer/activation_file.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/rng.h"
#include "support/test_folder.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPlenty = std::int64_t{1} << 40;
constexpr std::string_view kSubject = "base abc\nlayer 3\n";

class ActivationFileTest : public testing::Test {
 protected:
  fs::path path() const { return folder_.path() / "some/file.activations"; }

  ActivationFile open(std::string_view subject = kSubject) {
    auto file = ActivationFile::open(path(), subject,
                                     [this](const std::string& message) { warnings_.push_back(message); });
    EXPECT_TRUE(file) << file.error().message;
    file->refresh();
    return std::move(*file);
  }

  /// Content number n: of a length and bytes of its own.
  static std::string content(std::uint64_t n) {
    Rng rng(n);
    std::string bytes(1 + n * 37 % 300, '\0');
    for (char& byte : bytes) byte = static_cast<char>(rng.below(256));
    return bytes;
  }
  static ActivationKey key(std::uint64_t n) { return {n * 7, n + 1}; }

  static Result<ActivationFile::Appended> append(ActivationFile& file, std::uint64_t n,
                                                 std::int64_t max_bytes = kPlenty) {
    const std::string bytes = content(n);
    const ActivationFile::Record record{key(n), std::as_bytes(std::span(bytes))};
    return file.append({&record, 1}, max_bytes);
  }

  static bool has(ActivationFile& file, std::uint64_t n) {
    const std::span<const std::byte> found = file.find(key(n));
    if (found.data() == nullptr) return false;
    const std::string expected = content(n);
    EXPECT_EQ(found.size(), expected.size());
    EXPECT_EQ(std::memcmp(found.data(), expected.data(), expected.size()), 0) << "a wrong content of " << n;
    return true;
  }

  void fill(std::uint64_t count) {
    ActivationFile file = open();
    for (std::uint64_t n = 0; n < count; ++n)
      ASSERT_EQ(append(file, n).value(), ActivationFile::Appended::all);
  }

  void overwrite(const std::string& bytes) const { ASSERT_TRUE(write_file(path(), bytes)); }

  TestFolder folder_;
  std::vector<std::string> warnings_;
};

TEST_F(ActivationFileTest, KeepsWhatIsAppended) {
  fill(20);
  ActivationFile file = open();
  for (std::uint64_t n = 0; n < 20; ++n) EXPECT_TRUE(has(file, n)) << n;
  EXPECT_FALSE(has(file, 20));
  const std::int64_t size = file.size();
  EXPECT_EQ(append(file, 3).value(), ActivationFile::Appended::all);
  EXPECT_EQ(file.size(), size) << "it was there";
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(ActivationFileTest, OpenFilesSeeEachOthersRecordsAfterRefresh) {
  ActivationFile one = open(), two = open();
  ASSERT_TRUE(append(one, 1));
  EXPECT_FALSE(has(two, 1));
  two.refresh();
  EXPECT_TRUE(has(two, 1));
  ASSERT_TRUE(append(two, 2));
  ASSERT_TRUE(append(one, 2)) << "finds that it is there";
  ASSERT_TRUE(append(one, 3));
  const std::int64_t size = one.size();
  two.refresh();
  for (std::uint64_t n = 1; n <= 3; ++n) EXPECT_TRUE(has(one, n) && has(two, n)) << n;
  ASSERT_TRUE(append(two, 3));
  EXPECT_EQ(two.size(), size);
}

TEST_F(ActivationFileTest, NobodyWaitsForALock) {
  fill(2);
  const int other = ::open(path().c_str(), O_RDWR);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  ActivationFile file = open();
  EXPECT_FALSE(has(file, 0)) << "not known while another one writes";
  EXPECT_EQ(append(file, 5).value(), ActivationFile::Appended::none_busy);
  ::close(other);
  file.refresh();
  EXPECT_TRUE(has(file, 0));
  EXPECT_EQ(append(file, 5).value(), ActivationFile::Appended::all);
}

TEST_F(ActivationFileTest, StaysWithinItsBound) {
  ActivationFile file = open();
  constexpr std::int64_t kMost = 2000;
  std::uint64_t n = 0;
  while (append(file, n, kMost).value() == ActivationFile::Appended::all) ASSERT_LT(++n, 100u);
  EXPECT_GT(n, 2u);
  EXPECT_LE(file.size(), kMost);
  EXPECT_TRUE(has(file, 0));
  EXPECT_FALSE(has(file, n));
  EXPECT_EQ(append(file, n, -1).value(), ActivationFile::Appended::not_all_full);
}

/// Cut anywhere: what is whole in front of the cut is found, and appending goes on.
TEST_F(ActivationFileTest, ACutFileLosesItsEndOnly) {
  fill(6);
  const std::string whole = *read_file(path());
  for (std::size_t size = 0; size < whole.size(); size += size % 64 == 0 ? 1 : 9) {
    overwrite(whole.substr(0, size));
    ActivationFile file = open();
    std::uint64_t found = 0;
    while (has(file, found)) ++found;
    for (std::uint64_t n = found; n < 6; ++n) EXPECT_FALSE(has(file, n));
    for (std::uint64_t n = 0; n < 8; ++n) ASSERT_TRUE(append(file, n));
    ActivationFile again = open();
    for (std::uint64_t n = 0; n < 8; ++n) EXPECT_TRUE(has(file, n) && has(again, n)) << size << " " << n;
  }
}

/// A file that is cut while it is open.
TEST_F(ActivationFileTest, ACutUnderAnOpenFileIsNoticed) {
  fill(100);
  ActivationFile file = open();
  EXPECT_TRUE(has(file, 99));
  ASSERT_EQ(::truncate(path().c_str(), 5000), 0);
  EXPECT_FALSE(has(file, 99));
  EXPECT_TRUE(has(file, 0));
}

TEST_F(ActivationFileTest, AFlippedBitLosesOneRecordAtMost) {
  fill(6);
  const std::string whole = *read_file(path());
  for (std::size_t at = 0; at < whole.size(); at += 5) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
    overwrite(bytes);
    warnings_.clear();
    ActivationFile file = open();
    std::int64_t lost = 0;
    for (std::uint64_t n = 0; n < 6; ++n) lost += has(file, n) ? 0 : 1;
    if (warnings_.empty())
      EXPECT_LE(lost, 1) << at;
    else
      EXPECT_EQ(lost, 6) << at;
    for (std::uint64_t n = 0; n < 6; ++n) ASSERT_TRUE(append(file, n));
    ActivationFile again = open();
    for (std::uint64_t n = 0; n < 6; ++n) EXPECT_TRUE(has(again, n)) << at << " " << n;
  }
}

TEST_F(ActivationFileTest, AnotherFileInItsPlaceIsReplacedAndSaid) {
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string(5000, 'x'), std::string(5000, '\0')}) {
    fs::create_directories(path().parent_path());
    overwrite(bytes);
    warnings_.clear();
    ActivationFile file = open();
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_NE(warnings_[0].find("file.activations: is damaged or of another version"), std::string::npos);
    EXPECT_EQ(append(file, 1).value(), ActivationFile::Appended::all);
    EXPECT_TRUE(has(file, 1));
  }
  warnings_.clear();
  ActivationFile other = open("layer 4");
  EXPECT_EQ(warnings_.size(), 1u);
  EXPECT_FALSE(has(other, 1)) << "of another subject";
}

/// Headers that say what cannot be, with right checksums of nothing.
TEST_F(ActivationFileTest, GarbageBetweenRecordsIsPassedOver) {
  fill(3);
  std::string bytes = *read_file(path());
  bytes.resize((bytes.size() + 63) / 64 * 64, '\0');
  Rng rng(1);
  for (int i = 0; i < 4096; ++i) bytes += static_cast<char>(rng.below(256));
  overwrite(bytes);
  ActivationFile file = open();
  ASSERT_TRUE(append(file, 3));
  ActivationFile again = open();
  for (std::uint64_t n = 0; n < 4; ++n) EXPECT_TRUE(has(again, n)) << n;
}

TEST_F(ActivationFileTest, UnusablePlacesAreErrors) {
  ASSERT_TRUE(write_file(folder_.path() / "file", "x"));
  const auto warn = [](const std::string&) {};
  for (const fs::path& place : {folder_.path() / "file/in.activations", folder_.path()}) {
    const auto file = ActivationFile::open(place, kSubject, warn);
    ASSERT_FALSE(file);
    EXPECT_NE(file.error().message.find(folder_.path().string()), std::string::npos) << file.error().message;
  }
}

/// Several processes append the same records and others, and read all the while.
TEST_F(ActivationFileTest, ProcessesShareTheFile) {
  constexpr int kProcesses = 4;
  constexpr std::uint64_t kRecords = 200;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = ::fork();
    if (child == 0) {
      ActivationFile file = open();
      for (std::uint64_t i = 0; i < kRecords; ++i) {
        const std::uint64_t n = (i + static_cast<std::uint64_t>(process) * 50) % kRecords;
        file.refresh();
        if (!has(file, n))
          while (append(file, n).value() == ActivationFile::Appended::none_busy) ::usleep(50);
        if (!has(file, n)) ::_exit(1);
      }
      ::_exit(HasFailure() ? 1 : 0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  ActivationFile file = open();
  std::int64_t size = 64;
  for (std::uint64_t n = 0; n < kRecords; ++n) {
    EXPECT_TRUE(has(file, n)) << n;
    size += 64 + (std::ssize(content(n)) + 63) / 64 * 64;
  }
  EXPECT_LE(file.size(), size) << "a record is there twice";
}

}  // namespace
}  // namespace incipit
