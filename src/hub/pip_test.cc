#include "hub/pip.h"

#include <gtest/gtest.h>

#include "hub/test_support.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// A PATH of one folder, with programs that the test writes.
class Pip : public ::testing::Test {
 protected:
  Pip() : path_("PATH", bin().string()) {
    fs::create_directory(bin());
    fs::create_directory(work());
  }

  fs::path bin() const { return folder_.path() / "bin"; }
  fs::path work() const { return folder_.path() / "work"; }
  Source source(std::string file) const {
    return {.package = "toy",
            .version = "1.0",
            .file = std::move(file),
            .bytes = 1,
            .sha256 = std::string(64, 'a'),
            .members = {}};
  }

  testing::TemporaryFolder folder_;
  testing::ScopedVariable path_;
};

using Words = std::vector<std::string>;

TEST_F(Pip, FindsTheFirstThatWorks) {
  EXPECT_EQ(find_pip().error().message, "pip is not installed");
  testing::write_script(bin() / "pip", "exit 0\n");
  EXPECT_EQ(find_pip(), (Words{"pip"}));
  testing::write_script(bin() / "pip3", "exit 127\n");
  EXPECT_EQ(find_pip(), (Words{"pip"}));
  testing::write_script(bin() / "python3", "test \"$*\" = '-m pip --version'\n");
  EXPECT_EQ(find_pip(), (Words{"python3", "-m", "pip"}));
}

TEST_F(Pip, AsksForAWheelByItsHash) {
  testing::write_script(bin() / "pip",
                        "echo \"$@\" > arguments; echo \"$PYTHONPATH\" > path; echo content > toy.whl\n");
  const testing::ScopedVariable python_path("PYTHONPATH", "/own");
  const auto file = download_with_pip({"pip"}, source("toy.whl"), work());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(*file, work() / "toy.whl");
  const std::string arguments = testing::content_of(work() / "arguments");
  for (const char* argument : {"download ", " --no-deps ", " --require-hashes ", " --only-binary toy"})
    EXPECT_NE(arguments.find(argument), std::string::npos) << arguments;
  EXPECT_EQ(testing::content_of(work() / "requirements.txt"),
            "toy==1.0 --hash=sha256:" + std::string(64, 'a') + "\n");
  EXPECT_EQ(testing::content_of(work() / "path"), "/own\n");
}

TEST_F(Pip, KeepsAnSdistFromRunningItsSetup) {
  testing::write_script(bin() / "pip",
                        "echo \"$@\" > arguments; echo \"$PYTHONPATH\" > path; echo content > toy.tar.gz\n");
  const testing::ScopedVariable python_path("PYTHONPATH", "/own");
  const auto file = download_with_pip({"pip"}, source("toy.tar.gz"), work());
  ASSERT_TRUE(file) << file.error().message;
  const std::string arguments = testing::content_of(work() / "arguments");
  for (const char* argument : {" --no-binary toy ", " --use-pep517 ", " --no-build-isolation"})
    EXPECT_NE(arguments.find(argument), std::string::npos) << arguments;
  EXPECT_EQ(testing::content_of(work() / "path"), (work() / "backend").string() + ":/own\n");
  EXPECT_NE(testing::content_of(work() / "backend/setuptools/build_meta.py").find("PKG-INFO"),
            std::string::npos);
}

TEST_F(Pip, PassesOnWhyItFailed) {
  const auto reason_of = [&](const std::string& script) {
    testing::write_script(bin() / "pip", script);
    return download_with_pip({"pip"}, source("toy.whl"), work()).error().message;
  };
  EXPECT_EQ(reason_of("echo 'ERROR: no\tmatch'; echo 'ERROR: second'; echo other; exit 1\n"),
            "pip failed (ERROR: no match)");
  EXPECT_EQ(
      reason_of(
          "echo WARNING: Retrying: no network; echo WARNING: Retrying; echo ERROR: none found; exit 1\n"),
      "pip failed (ERROR: none found; WARNING: Retrying: no network)");
  EXPECT_EQ(reason_of("echo no such option; echo; exit 2\n"), "pip failed (no such option)");
  EXPECT_EQ(reason_of("exit 2\n"), "pip failed (it printed nothing)");
}

TEST_F(Pip, FailsWhenTheFileDidNotCome) {
  testing::write_script(bin() / "pip", "exit 0\n");
  EXPECT_EQ(download_with_pip({"pip"}, source("toy.whl"), work()).error().message, "pip did not download it");
  EXPECT_FALSE(download_with_pip({"no-such-pip"}, source("toy.whl"), work()));
}

}  // namespace
}  // namespace incipit
