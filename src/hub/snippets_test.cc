#include "hub/snippets.h"

#include <gtest/gtest.h>

namespace incipit {
namespace {

TEST(Snippets, LabelsByTheRatingsSign) {
  const auto result = convert_rated_snippets(
      "1\t2.25\tGood, \"really\".\r\n2\t-0.1\tBad.\n3_a\t0\tMeh.\r\n4\t-3\tclich\u00e9", "x.txt");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->tsv,
            "id\ttext\tlabel\n1\tGood, \"really\".\tpositive\n2\tBad.\tnegative\n4\tclich\u00e9\tnegative\n");
  EXPECT_EQ(result->counts, (SnippetCounts{.rows = 4, .positive = 1, .negative = 2, .dropped = 1}));
}

TEST(Snippets, EmptyFileHasNoRows) {
  const auto result = convert_rated_snippets("", "x.txt");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->tsv, "id\ttext\tlabel\n");
  EXPECT_EQ(result->counts, SnippetCounts{});
}

TEST(Snippets, NameABadLine) {
  for (const char* line :
       {"", "2", "2\t1", "2\tx\ttext", "2\t1x\ttext", "2\tnan\ttext", "2\tinf\ttext", "2\t\ttext", "2\t1\t",
        "\t1\ttext", "2\t1\ttwo\ttabs", "2\t1\tcarriage\rreturn", "2\t1\tcaf\xe9", "2\t1e999\ttext"}) {
    const auto result = convert_rated_snippets(fmt::format("1\t1\tfine\n{}\n", line), "x.txt");
    ASSERT_FALSE(result) << line;
    EXPECT_TRUE(result.error().message.starts_with("x.txt:2: ")) << result.error().message;
  }
}

}  // namespace
}  // namespace incipit
