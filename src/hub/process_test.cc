#include "hub/process.h"

#include <gtest/gtest.h>

#include "hub/test_support.h"

namespace incipit {
namespace {

TEST(Process, GivesOutputAndExitCode) {
  const auto outcome = run({.arguments = {"sh", "-c", "pwd; echo \"$1\" >&2; exit 3", "sh", "a b; $(exit)"},
                            .folder = "/",
                            .environment = {}});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_code, 3);
  EXPECT_EQ(outcome->output, "/\na b; $(exit)\n");
}

TEST(Process, AddsToTheEnvironment) {
  const testing::ScopedVariable kept("INCIPIT_TEST_KEPT", "kept");
  const testing::ScopedVariable changed("INCIPIT_TEST_CHANGED", "old");
  const auto outcome = run({.arguments = {"sh", "-c", "echo $INCIPIT_TEST_KEPT $INCIPIT_TEST_CHANGED"},
                            .folder = "/",
                            .environment = {{"INCIPIT_TEST_CHANGED", "new"}}});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->output, "kept new\n");
}

TEST(Process, ReportsASignal) {
  const auto outcome = run({.arguments = {"sh", "-c", "kill -9 $$"}, .folder = "/", .environment = {}});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_code, 128 + 9);
}

TEST(Process, KeepsTheBeginningOfEndlessOutput) {
  const auto outcome = run(
      {.arguments = {"sh", "-c", "echo first; head -c 3000000 /dev/zero"}, .folder = "/", .environment = {}});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_code, 0);
  EXPECT_TRUE(outcome->output.starts_with("first\n"));
  EXPECT_EQ(outcome->output.size(), std::size_t{1} << 20);
}

TEST(Process, FailsForAnUnknownProgramOrFolder) {
  const auto program = run({.arguments = {"incipit-no-such-program"}, .folder = "/", .environment = {}});
  ASSERT_FALSE(program);
  EXPECT_NE(program.error().message.find("incipit-no-such-program"), std::string::npos);
  EXPECT_FALSE(run({.arguments = {"true"}, .folder = "/no/such/folder", .environment = {}}));
}

}  // namespace
}  // namespace incipit
