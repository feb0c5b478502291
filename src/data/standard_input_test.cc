#include <fcntl.h>
#include <thread>
#include <unistd.h>

#include "data/test_folder.h"

namespace incipit {
namespace {

using Texts = std::vector<std::string>;

/// Gives the test's own bytes to standard input, through a pipe.
class StandardInputTest : public DataTest {
 protected:
  void SetUp() override {
    DataTest::SetUp();
    saved_ = ::dup(STDIN_FILENO);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    ::close(ends[0]);
    write_end_ = ends[1];
  }
  void TearDown() override {
    close_pipe();
    if (saved_ >= 0) {
      ::dup2(saved_, STDIN_FILENO);
      ::close(saved_);
    } else {
      ::close(STDIN_FILENO);
    }
    DataTest::TearDown();
  }
  void send(std::string_view bytes) const {
    ASSERT_EQ(::write(write_end_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void close_pipe() {
    if (write_end_ >= 0) ::close(write_end_);
    write_end_ = -1;
  }

  int saved_ = -1, write_end_ = -1;
};

TEST_F(StandardInputTest, TextLines) {
  send("\xEF\xBB\xBFone\r\ntwo");
  close_pipe();
  EXPECT_EQ(texts_of(read("-", unlabelled())), (Texts{"one", "two"}));
}

TEST_F(StandardInputTest, JsonLines) {
  send("{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\", \"label\": \"y\"}\n");
  close_pipe();
  const Dataset dataset = read("-");
  EXPECT_EQ(texts_of(dataset), (Texts{"a", "b"}));
  EXPECT_EQ(labels_of(dataset), (Texts{"x", "y"}));
}

TEST_F(StandardInputTest, TextHasNoLabels) {
  send("one\n");
  close_pipe();
  EXPECT_HAS(error_of("-"), "standard input: a text a line has no labels");
}

TEST_F(StandardInputTest, Empty) {
  close_pipe();
  EXPECT_EQ(error_of("-", unlabelled()), "standard input: holds no example");
}

TEST_F(StandardInputTest, LinesThatAreNotUtf8) {
  send("é\nna\xEFve\né\n");
  close_pipe();
  const Dataset dataset = read("-", unlabelled());
  EXPECT_EQ(texts_of(dataset), (Texts{"é", "naïve", "é"})) << "decided line by line";
  ASSERT_EQ(dataset.warnings.size(), 1u);
  EXPECT_EQ(dataset.warnings[0], "standard input: 1 row not valid UTF-8, read as Latin-1 (line 2)");
}

TEST_F(StandardInputTest, ALineIsReadAsSoonAsItIsThere) {
  send("a\n");
  Result<std::unique_ptr<ExampleReader>> reader = open_examples("-", unlabelled());
  ASSERT_TRUE(reader);
  EXPECT_EQ((**(*reader)->next()).example.text_a, "a") << "with the pipe still open";
  send("b");
  std::thread sender([this] {
    send("c\n");
    close_pipe();
  });
  EXPECT_EQ((**(*reader)->next()).example.text_a, "bc");
  EXPECT_FALSE(*(*reader)->next());
  sender.join();
}

}  // namespace
}  // namespace incipit
