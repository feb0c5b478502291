#include "hub/archive.h"

#include <gtest/gtest.h>

#include "hub/test_support.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using testing::ArchiveFile;
using testing::ArchiveKind;

Member member(std::vector<std::string> path, std::string target, std::uint64_t bytes) {
  return {.path = std::move(path), .target = std::move(target), .bytes = bytes, .rated_snippets = {}};
}

class Archive : public ::testing::Test {
 protected:
  Archive() { fs::create_directory(out()); }

  fs::path out() const { return folder_.path() / "out"; }
  fs::path file() const { return folder_.path() / "archive"; }
  void write(ArchiveKind kind, const std::vector<ArchiveFile>& files) {
    testing::write_archive(file(), kind, files);
  }
  Status extract(const std::vector<Member>& members) { return extract_members(file(), members, out()); }
  std::string error_of(const std::vector<Member>& members) {
    const Status status = extract(members);
    return status ? "no error" : status.error().message;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Archive, ExtractsListedMembersOnly) {
  for (const ArchiveKind kind : {ArchiveKind::zip, ArchiveKind::tar_gz}) {
    const std::string big(300'000, 'x');
    write(kind, {{"p/other", "?"}, {"p/a.txt", "hello"}, {"p/big", big}, {"p/last", "?"}});
    const Status status = extract({member({"p/big"}, "big", big.size()), member({"p/a.txt"}, "b.txt", 5)});
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(testing::files_below(out()), (std::vector<std::string>{"b.txt", "big"}));
    EXPECT_EQ(testing::content_of(out() / "b.txt"), "hello");
    EXPECT_EQ(testing::content_of(out() / "big"), big);
  }
}

TEST_F(Archive, ReadsAnArchiveInsideAnother) {
  write(ArchiveKind::tar_gz, {{"in/one", "1"}, {"in/two", "22"}});
  const std::string inner = testing::content_of(file());
  write(ArchiveKind::tar_gz, {{"p/setup.py", "raise"}, {"p/inner.tar.gz", inner}, {"p/three", "333"}});
  const Status status =
      extract({member({"p/inner.tar.gz", "in/two"}, "two", 2), member({"p/three"}, "three", 3),
               member({"p/inner.tar.gz", "in/one"}, "one", 1)});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(testing::files_below(out()), (std::vector<std::string>{"one", "three", "two"}));
  EXPECT_EQ(testing::content_of(out() / "two"), "22");
  EXPECT_NE(error_of({member({"p/inner.tar.gz", "in/none"}, "none", 1)}).find("in/none: not in the archive"),
            std::string::npos);
  EXPECT_NE(error_of({member({"p/three", "x"}, "x", 1)}).find("p/three: "), std::string::npos);
}

TEST_F(Archive, NamesAMissingMember) {
  write(ArchiveKind::zip, {{"p/a", "1"}});
  const std::string error = error_of({member({"p/b"}, "b", 1)});
  EXPECT_NE(error.find(file().string()), std::string::npos);
  EXPECT_NE(error.find("p/b: not in the archive"), std::string::npos);
}

TEST_F(Archive, RefusesAnotherSizeThanListed) {
  write(ArchiveKind::tar_gz, {{"p/a", "12345"}});
  EXPECT_NE(error_of({member({"p/a"}, "a", 4)}).find("larger than 4 bytes"), std::string::npos);
  EXPECT_NE(error_of({member({"p/a"}, "a", 6)}).find("has 5 bytes, the catalogue says 6"), std::string::npos);
}

TEST_F(Archive, NeverWritesOutsideOfTheFolder) {
  write(ArchiveKind::tar_gz,
        {{"../evil", "1"}, {"/tmp/incipit-evil", "1"}, {"p/../../evil2", "1"}, {"p/a", "1"}});
  ASSERT_TRUE(extract({member({"p/a"}, "a", 1)}));
  EXPECT_EQ(testing::files_below(folder_.path()), (std::vector<std::string>{"archive", "out/a"}));
  EXPECT_FALSE(fs::exists("/tmp/incipit-evil"));
}

TEST_F(Archive, RefusesLinks) {
  write(ArchiveKind::tar_gz, {{"p/a", "/etc/passwd", AE_IFLNK}});
  EXPECT_NE(error_of({member({"p/a"}, "a", 1)}).find("is not a regular file"), std::string::npos);
  EXPECT_TRUE(testing::files_below(out()).empty());
}

/// A tar header that claims more than a hundred exabytes, in the format's base-256 notation.
TEST_F(Archive, RefusesAnAbsurdSize) {
  std::string header(512, '\0');
  header.replace(0, 3, "p/b");
  header.replace(100, 7, "0000644");
  header[124] = '\x80';
  header[128] = '\x7f';
  for (int i = 129; i < 136; ++i) header[static_cast<std::size_t>(i)] = '\xff';
  header[156] = '0';
  header.replace(257, 8, std::string("ustar\00000", 8));
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  testing::write_content(file(), header + std::string(2048, 'x'));
  EXPECT_NE(error_of({member({"p/a"}, "a", 1)}), "no error");
  EXPECT_NE(error_of({member({"p/b"}, "b", 1)}), "no error");
}

TEST_F(Archive, RefusesDamage) {
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += static_cast<char>((i * 7919) >> 3);
  for (const ArchiveKind kind : {ArchiveKind::zip, ArchiveKind::tar_gz}) {
    write(kind, {{"p/a", content}});
    const std::string whole = testing::content_of(file());
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, whole.size() / 2}) {
      testing::write_content(file(), whole.substr(0, size));
      EXPECT_NE(error_of({member({"p/a"}, "a", content.size())}), "no error") << size;
    }
    testing::write_content(file(), "not an archive at all");
    EXPECT_NE(error_of({member({"p/a"}, "a", content.size())}), "no error");
  }
}

TEST_F(Archive, NamesAFileThatIsNotThere) {
  EXPECT_NE(error_of({member({"p/a"}, "a", 1)}).find(file().string()), std::string::npos);
}

}  // namespace
}  // namespace incipit
