#include "data/movie_review.h"

#include <gtest/gtest.h>

namespace incipit {
namespace {

using Words = std::vector<std::string>;

TEST(MovieReviewTest, PunctuationAndDigitsAreTakenOut) {
  EXPECT_EQ(movie_review_words("the rock is destined to be the 21st century's new \" conan \" .\n"),
            (Words{"the", "rock", "is", "destined", "to", "be", "the", "st", "centurys", "new", "conan"}));
  EXPECT_EQ(movie_review_words("[a] (b): c; $5 d/e \\f* g=h 100% `i` j,k"), (Words{"a", "b", "c",
                                                                                   "d"
                                                                                   "e",
                                                                                   "f",
                                                                                   "g"
                                                                                   "h",
                                                                                   "i",
                                                                                   "j"
                                                                                   "k"}));
}

TEST(MovieReviewTest, OtherMarksStay) {
  EXPECT_EQ(movie_review_words("what ? a film ! <i>really</i> & caf\xC3\xA9 A"),
            (Words{"what", "?", "a", "film", "!", "<i>really<i>", "&", "caf\xC3\xA9", "A"}));
}

TEST(MovieReviewTest, ADashParts) {
  EXPECT_EQ(movie_review_words("well-made -- or not--so"), (Words{"well", "made", "or", "notso"}));
  EXPECT_EQ(movie_review_words("a---b"), (Words{"a", "b"}));
}

TEST(MovieReviewTest, OrderMatters) {
  // "/" goes before "<b>", which closing tags then are; "." goes before "--".
  EXPECT_EQ(movie_review_words("<b>bold</b> x"), (Words{"bold", "x"}));
  EXPECT_EQ(movie_review_words("a-.-b"), (Words{"ab"}));
}

TEST(MovieReviewTest, OnlyBlanksSplit) {
  EXPECT_EQ(movie_review_words("  a  b\tc "), (Words{"a", "b\tc"}));
  EXPECT_EQ(movie_review_words(" . 12 "), Words{});
  EXPECT_EQ(movie_review_words(""), Words{});
}

}  // namespace
}  // namespace incipit
