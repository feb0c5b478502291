#include "hub/catalogue.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace incipit {
namespace {

using nlohmann::json;

json good() {
  return json::parse(R"({"toy": {"kind": "model", "about": "a toy", "sources": [{
    "pypi": "toy", "version": "1.0", "file": "toy-1.0.tar.gz", "bytes": 9, "sha256": ")" +
                     std::string(64, 'a') + R"(",
    "members": [{"path": ["toy-1.0/in.tar.gz", "a/__b.txt"], "target": "b.txt", "bytes": 3,
                 "rated_snippets": {"rows": 3, "positive": 1, "negative": 1, "dropped": 1}}]}]}})");
}

TEST(Catalogue, BuiltInOneIsWellFormed) {
  const auto items = embedded_catalogue();
  ASSERT_TRUE(items) << items.error().message;
  std::set<std::string> names;
  for (const CatalogueItem& item : *items) {
    names.insert(item.entry.name);
    EXPECT_FALSE(item.entry.about.empty());
    for (const Member& member : item.sources.front().members) {
      if (!member.rated_snippets) continue;
      const SnippetCounts& counts = *member.rated_snippets;
      EXPECT_EQ(counts.rows, counts.positive + counts.negative + counts.dropped) << item.entry.name;
      EXPECT_EQ(member.target, item.entry.name + ".tsv");
    }
  }
  EXPECT_EQ(names, (std::set<std::string>{"minilm", "smollm2", "movie-reviews", "product-reviews", "tweets",
                                          "editorials"}));
}

TEST(Catalogue, ReadsEveryField) {
  const auto items = parse_catalogue(good().dump(), "c.json");
  ASSERT_TRUE(items) << items.error().message;
  ASSERT_EQ(items->size(), 1u);
  const CatalogueItem& item = items->front();
  EXPECT_EQ(item.entry.name, "toy");
  EXPECT_EQ(item.entry.kind, "model");
  const Source& source = item.sources.at(0);
  EXPECT_EQ(source.package, "toy");
  EXPECT_EQ(source.version, "1.0");
  EXPECT_EQ(source.bytes, 9u);
  EXPECT_FALSE(source.is_wheel());
  EXPECT_EQ(source.members.at(0).path, (std::vector<std::string>{"toy-1.0/in.tar.gz", "a/__b.txt"}));
  EXPECT_EQ(source.members.at(0).bytes, 3u);
  EXPECT_EQ(source.members.at(0).rated_snippets, (SnippetCounts{3, 1, 1, 1}));
}

struct Change {
  const char* pointer;
  json value;
};

TEST(Catalogue, RefusesABadField) {
  const std::vector<Change> changes = {
      {"/toy/kind", "file"},
      {"/toy/about", 3},
      {"/toy/sources", json::array()},
      {"/toy/sources/0/pypi", "--index-url=x"},
      {"/toy/sources/0/pypi", "a\nb"},
      {"/toy/sources/0/version", "1.0 --hash=x"},
      {"/toy/sources/0/version", ""},
      {"/toy/sources/0/file", "../toy-1.0.tar.gz"},
      {"/toy/sources/0/file", "toy.exe"},
      {"/toy/sources/0/sha256", "abc"},
      {"/toy/sources/0/sha256", std::string(64, 'g')},
      {"/toy/sources/0/bytes", 0},
      {"/toy/sources/0/bytes", -1},
      {"/toy/sources/0/bytes", 1e300},
      {"/toy/sources/0/members", json::array()},
      {"/toy/sources/0/members/0/path", json::array()},
      {"/toy/sources/0/members/0/path", "a"},
      {"/toy/sources/0/members/0/path/0", "/etc/passwd"},
      {"/toy/sources/0/members/0/path/1", "a/../b"},
      {"/toy/sources/0/members/0/path/1", "a//b"},
      {"/toy/sources/0/members/0/path/1", "a/"},
      {"/toy/sources/0/members/0/path/1", ""},
      {"/toy/sources/0/members/0/target", "../b.txt"},
      {"/toy/sources/0/members/0/target", ".."},
      {"/toy/sources/0/members/0/target", "a/b"},
      {"/toy/sources/0/members/0/bytes", "3"},
      {"/toy/sources/0/members/0/rated_snippets", json::object()},
      {"/toy/sources/0/members/1", good()["toy"]["sources"][0]["members"][0]},
  };
  for (const Change& change : changes) {
    json changed = good();
    changed[json::json_pointer(change.pointer)] = change.value;
    const auto items = parse_catalogue(changed.dump(), "c.json");
    ASSERT_FALSE(items) << change.pointer << " " << change.value;
    EXPECT_TRUE(items.error().message.starts_with("c.json: toy: ")) << items.error().message;
  }
}

TEST(Catalogue, RefusesWhatIsNotAnObjectOfEntries) {
  for (const char* text : {"", "[]", "3", "{\"toy\": 3}", "{\"toy\"", "{\"../toy\": {}}"}) {
    const auto items = parse_catalogue(text, "c.json");
    ASSERT_FALSE(items) << text;
    EXPECT_TRUE(items.error().message.starts_with("c.json: ")) << items.error().message;
  }
  json renamed;
  renamed["../toy"] = good()["toy"];
  EXPECT_FALSE(parse_catalogue(renamed.dump(), "c.json"));
}

}  // namespace
}  // namespace incipit
