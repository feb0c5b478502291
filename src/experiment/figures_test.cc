#include "experiment/figures.h"

#include <gtest/gtest.h>

namespace incipit {
namespace {

TEST(Figures, Spelled) {
  EXPECT_EQ(spell(Spread{0.81234, 0.5}, 1), "0.8123");
  EXPECT_EQ(spell(Spread{0.81234, 0.00404}, 3), "0.8123 ± 0.0040");
  EXPECT_EQ(spell(Interval{0.7806, 0.8409}), "0.781 to 0.841");
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(356'423'684), "356,423,684");
  EXPECT_EQ(with_commas(-123456), "-123,456");
  EXPECT_EQ(spell_seconds(0.421), "0.42");
  EXPECT_EQ(spell_seconds(12.34), "12.3");
  EXPECT_EQ(spell_seconds(1234.5), "1234");
  EXPECT_EQ(spell_mebibytes((std::int64_t{1500} << 20) - 5), "1,500");
}

TEST(Figures, AClassWithoutNameIsItsNumber) {
  Comparison comparison;
  comparison.labels = {"bad"};
  EXPECT_EQ(label_name(comparison, 0), "bad");
  EXPECT_EQ(label_name(comparison, 3), "3");
  EXPECT_EQ(label_name(comparison, -1), "-1");
}

}  // namespace
}  // namespace incipit
