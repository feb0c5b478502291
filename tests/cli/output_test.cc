#include <fcntl.h>
#include <unistd.h>

#include "cli_fixture.h"

namespace incipit {
namespace {

using OutputTest = CliTest;

TEST_F(OutputTest, AFullDiskIsAFailure) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) GTEST_SKIP() << "this system has no /dev/full";
  Streams into_full = streams();
  into_full.out = full;
  const Outcome outcome = Process({"info", path("base")}, into_full).wait();
  ::close(full);
  EXPECT_TRUE(fails_with(outcome, 1, "standard output: "));
}

TEST_F(OutputTest, ADeviceIsWrittenAsItIs) {
  const Outcome outcome = run({"tokenize", "--model", path("base"), "the film", "--output", "/dev/null"});
  ASSERT_TRUE(succeeded(outcome));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_FALSE(std::filesystem::exists("/dev/null.run.toml"));
}

TEST_F(OutputTest, AnOldFileIsReplacedWhole) {
  write("result", "old");
  ASSERT_TRUE(succeeded(run({"tokenize", "--model", path("base"), "the film", "--output", path("result")})));
  EXPECT_NE(read("result").find("4 tokens, 0 truncated"), std::string::npos);
  EXPECT_TRUE(exists("result.run.toml"));
}

TEST_F(OutputTest, ControlCharactersOfNamesDoNotReachTheTerminal) {
  const Outcome outcome = run({"info", "no\x1b[31m\nsuch"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err.find('\x1b'), std::string::npos);
  EXPECT_EQ(lines_of(outcome.err).size(), 1u);
}

}  // namespace
}  // namespace incipit
