#include <functional>
#include <ostream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"
#include "data/test_folder.h"

namespace incipit {
namespace {

/// One kind of data file: a good one of several KiB, and one whose first line promises what the rest does not
/// keep.
struct Kind {
  std::string extension;
  std::string header;
  std::function<std::string(int)> row;
  std::string lying;
  bool labelled = true;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.extension;
}

std::string words(int i) {
  return "the words of café " + std::to_string(i) + ", a text like many others 😀";
}

std::vector<Kind> all_kinds() {
  const auto tsv = [](int i) { return words(i) + "\t" + std::to_string(i % 2) + "\n"; };
  const auto csv = [](int i) { return fmt::format("\"{}\n \"\"twice\"\"\",{}\r\n", words(i), i % 2); };
  const auto jsonl = [](int i) {
    return "{\"text\": \"" + words(i) + "\", \"label\": " + std::to_string(i % 2) + "}\n";
  };
  const auto txt = [](int i) { return words(i) + "\n"; };
  return {{".tsv", "text\tlabel\n", tsv, "text\tid\tlabel\na\tb\nc\td\n"},
          {".csv", "text,label\n", csv, "text,id,label\na,b\nc,d\n"},
          {".jsonl", "", jsonl, "{\"text\": 1, \"label\": []}\n{\"text\": 2, \"label\": {}}\n"},
          {".txt", "", txt, "\n\n", false}};
}

std::string several_kib(const Kind& kind) {
  std::string content = kind.header;
  for (int i = 0; content.size() < 9000; ++i) content += kind.row(i);
  return content;
}

class BadInputTest : public DataTest, public testing::WithParamInterface<Kind> {
 protected:
  static DataOptions options() {
    DataOptions options;
    options.labels_required = GetParam().labelled;
    return options;
  }

  std::filesystem::path named(const std::string& stem) const {
    return folder_ / (stem + GetParam().extension);
  }

  static void expect_one_line_naming(const std::string& message, const std::filesystem::path& path) {
    EXPECT_HAS(message, path.string());
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }

  /// Reading fails, in both ways of reading, with one line that names the file.
  static std::string expect_failure(const std::filesystem::path& path) {
    const Result<Dataset> dataset = read_dataset(path, options());
    EXPECT_FALSE(dataset) << path;
    if (dataset) return {};
    expect_one_line_naming(dataset.error().message, path);
    const Result<std::unique_ptr<ExampleReader>> reader = open_examples(path, options());
    if (reader) {
      Result<std::optional<ExampleReader::Row>> row = (*reader)->next();
      while (row && *row) row = (*reader)->next();
      EXPECT_FALSE(row) << path;
    }
    return dataset.error().message;
  }

  /// Reading either fails with one line that names the file, or gives valid texts.
  static void expect_no_harm(const std::filesystem::path& path) {
    const Result<Dataset> dataset = read_dataset(path, options());
    if (!dataset) return expect_one_line_naming(dataset.error().message, path);
    EXPECT_FALSE(dataset->examples.empty());
    for (const Example& example : dataset->examples) EXPECT_TRUE(is_valid_utf8(example.text_a));
    for (const std::string& warning : dataset->warnings) expect_one_line_naming(warning, path);
  }
};

TEST_P(BadInputTest, Missing) {
  EXPECT_HAS(expect_failure(named("none")), "no such file");
}

TEST_P(BadInputTest, Empty) {
  for (const char* content : {"", "\xEF\xBB\xBF"}) expect_failure(write(named("empty").filename(), content));
  for (const char* content : {"\n", "\r\n\r\n"}) expect_failure(write(named("blank").filename(), content));
  if (GetParam().header.empty()) return;
  EXPECT_HAS(expect_failure(write(named("header").filename(), GetParam().header)), "no example");
}

TEST_P(BadInputTest, WholeThenTruncatedAtEveryKib) {
  const std::string content = several_kib(GetParam());
  const Dataset whole = read(write(named("whole").filename(), content), options());
  EXPECT_GT(whole.examples.size(), 50u);
  EXPECT_TRUE(whole.warnings.empty());
  for (std::size_t kib = 1; kib << 10 < content.size(); ++kib) {
    const auto path = write(named("cut").filename(), content.substr(0, kib << 10));
    expect_no_harm(path);
    const Result<Dataset> cut = read_dataset(path, options());
    if (!cut) continue;
    EXPECT_LT(cut->examples.size(), whole.examples.size());
    const bool cut_in_a_line = content[(kib << 10) - 1] != '\n';
    if (GetParam().labelled && cut_in_a_line) {
      EXPECT_FALSE(cut->warnings.empty()) << kib << " KiB";
    }
  }
}

TEST_P(BadInputTest, TruncatedAtEveryByteOfTheFirstRows) {
  const std::string content = several_kib(GetParam());
  for (std::size_t size = 0; size < 200; ++size)
    expect_no_harm(write(named("cut").filename(), content.substr(0, size)));
}

TEST_P(BadInputTest, AnotherKindOfFile) {
  std::string binary = "\x89PNG\r\n\x1A\n";
  for (int i = 0; i < 5000; ++i) binary += static_cast<char>((i * 7919) >> 3);
  const auto path = write(named("image").filename(), binary);
  if (GetParam().labelled) {
    EXPECT_HAS(expect_failure(path), GetParam().extension);
  } else {
    EXPECT_HAS(read(path, options()).warnings.at(0), "not valid UTF-8");
  }
  for (const Kind& other : all_kinds()) {
    const auto disguised = write(named("other").filename(), several_kib(other));
    expect_no_harm(disguised);
    if (GetParam().labelled && other.extension != GetParam().extension) expect_failure(disguised);
  }
}

TEST_P(BadInputTest, LyingHeader) {
  EXPECT_HAS(expect_failure(write(named("lying").filename(), GetParam().lying)), "no good row");
}

TEST_P(BadInputTest, NotUtf8) {
  std::string content = GetParam().header + GetParam().row(1);
  for (const auto& [character, byte] : {std::pair{"é", '\xE9'}, std::pair{"😀", '\xFC'}}) {
    const std::size_t at = content.find(character);
    content = content.substr(0, at) + byte + content.substr(at + std::string_view(character).size());
  }
  const auto path = write(named("latin").filename(), content);
  const Dataset dataset = read(path, options());
  ASSERT_EQ(dataset.examples.size(), 1u);
  EXPECT_HAS(dataset.examples[0].text_a, "café");
  EXPECT_HAS(dataset.examples[0].text_a, "others ü");
  ASSERT_EQ(dataset.warnings.size(), 1u);
  expect_one_line_naming(dataset.warnings[0], path);
}

TEST_P(BadInputTest, EveryByteChangedOnce) {
  std::string content = GetParam().header + GetParam().row(1) + GetParam().row(2);
  for (std::size_t i = 0; i < content.size(); ++i) {
    const char kept = content[i];
    for (const char hostile : {'\0', '\n', '"', '\\', '\t', ',', '\xFF', '\xE2'}) {
      content[i] = hostile;
      expect_no_harm(write(named("changed").filename(), content));
    }
    content[i] = kept;
  }
}

TEST_P(BadInputTest, ADirectory) {
  std::filesystem::create_directories(named("folder"));
  EXPECT_HAS(expect_failure(named("folder")), "has no data");
}

TEST_P(BadInputTest, APipe) {
  ASSERT_EQ(::mkfifo(named("pipe").c_str(), 0600), 0);
  EXPECT_HAS(expect_failure(named("pipe")), "not a regular file");
}

TEST_P(BadInputTest, NoPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const auto path = write(named("secret").filename(), several_kib(GetParam()));
  std::filesystem::permissions(path, std::filesystem::perms::none);
  EXPECT_HAS(expect_failure(path), "Permission denied");
}

INSTANTIATE_TEST_SUITE_P(Formats, BadInputTest, testing::ValuesIn(all_kinds()),
                         [](const auto& kind) { return kind.param.extension.substr(1); });

}  // namespace
}  // namespace incipit
