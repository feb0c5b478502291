#include "prompt/truncation.h"

#include <gtest/gtest.h>

namespace incipit {
namespace {

using Lengths = std::vector<std::int64_t>;

/// The two-text rule of the Rust crate tokenizers, as its truncate_encodings has it.
Lengths reference(std::int64_t a, std::int64_t b, std::int64_t room) {
  if (a + b <= room) return {a, b};
  const bool swapped = a > b;
  std::int64_t n1 = swapped ? b : a, n2 = n1 > room ? n1 : std::max(n1, room - n1);
  if (n1 + n2 > room) n1 = room / 2, n2 = n1 + room % 2;
  return swapped ? Lengths{n2, n1} : Lengths{n1, n2};
}

TEST(Truncation, OfTwoTextsIsThatOfTheRustTokenizers) {
  for (std::int64_t a = 0; a < 12; ++a)
    for (std::int64_t b = 0; b < 12; ++b)
      for (std::int64_t room = 0; room < 24; ++room)
        EXPECT_EQ(cut_longest_first(Lengths{a, b}, room), reference(a, b, room))
            << a << ' ' << b << ' ' << room;
}

TEST(Truncation, TakesFromTheLongest) {
  EXPECT_EQ(cut_longest_first(Lengths{2, 9, 4}, 11), (Lengths{2, 5, 4}));
  EXPECT_EQ(cut_longest_first(Lengths{9, 9, 9}, 10), (Lengths{3, 3, 4}));
  EXPECT_EQ(cut_longest_first(Lengths{5}, 0), (Lengths{0}));
  EXPECT_EQ(cut_longest_first(Lengths{}, 3), Lengths{});
}

}  // namespace
}  // namespace incipit
