#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "incipit/tokenizer.h"

#include "base/file.h"

namespace incipit {
namespace {

std::filesystem::path shared_data() {
  const char* folder = std::getenv("INCIPIT_SHARED_DATA");
  return folder != nullptr ? std::filesystem::path(folder) : INCIPIT_SOURCE_DIR "/../shared/data";
}

struct Pair {
  std::string a;
  std::string b;
};

/// The pairs of MRPC's train.tsv: unquoted columns after one header line.
std::vector<Pair> read_pairs(const std::string& content, std::size_t count) {
  std::istringstream lines(content);
  std::vector<Pair> pairs;
  std::string line;
  std::getline(lines, line);
  while (pairs.size() < count && std::getline(lines, line)) {
    if (line.ends_with('\r')) line.pop_back();
    std::istringstream columns(line);
    std::string skipped;
    Pair pair;
    for (int i = 0; i < 3; ++i) std::getline(columns, skipped, '\t');
    std::getline(columns, pair.a, '\t');
    std::getline(columns, pair.b, '\t');
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

TEST(RobertaTokenizer, FirstRowsOfMrpc) {
  const auto folder = shared_data();
  if (!std::filesystem::exists(folder / "roberta-tokenizer/tokenizer.json") ||
      !std::filesystem::exists(folder / "mrpc/train.tsv")) {
    GTEST_SKIP() << "needs RoBERTa's tokenizer.json and MRPC; set INCIPIT_SHARED_DATA to a folder with "
                    "roberta-tokenizer/ and mrpc/ (looked in "
                 << folder.string() << ")";
  }
  const auto tokenizer = Tokenizer::load(folder / "roberta-tokenizer");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->vocab_size(), 50265);
  EXPECT_EQ(tokenizer->id("<mask>"), 50264);
  const auto content = read_file(folder / "mrpc/train.tsv");
  ASSERT_TRUE(content) << content.error().message;
  const auto pairs = read_pairs(*content, 32);
  ASSERT_EQ(pairs.size(), 32u);

  const std::vector<std::pair<std::size_t, std::vector<std::int32_t>>> first_ids = {
      {1, {0, 10127, 1001}}, {2, {0, 975, 26802}},   {3, {0, 1213, 56}},
      {30, {0, 133, 1154}},  {31, {0, 12667, 8423}}, {32, {0, 32478, 1033}}};
  for (const auto& [row, ids] : first_ids) {
    const Pair& pair = pairs[row - 1];
    const Encoding encoding = tokenizer->encode(pair.a, pair.b, 512).value();
    EXPECT_EQ(std::vector<std::int32_t>(encoding.ids.begin(), encoding.ids.begin() + 3), ids)
        << "row " << row;
  }
  std::size_t longest = 0;
  for (const Pair& pair : pairs)
    longest = std::max(longest, tokenizer->encode(pair.a, pair.b, 512)->ids.size());
  EXPECT_EQ(longest, 70u);
}

}  // namespace
}  // namespace incipit
