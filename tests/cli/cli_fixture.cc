#include "cli_fixture.h"

#include <algorithm>
#include <array>
#include <random>
#include <sstream>

#include "support/synthetic_model.h"

namespace incipit {
namespace fs = std::filesystem;

void CliTest::SetUp() {
  make_model("base", "bert");
  write("data.tsv", labelled_texts(300, 1));
}

void CliTest::make_model(const std::string& name, const std::string& model_type, bool lm_head) const {
  nlohmann::json config = tiny_config(model_type);
  config["vocab_size"] = 300;
  SyntheticOptions options;
  options.tokenizer = fs::path(INCIPIT_SOURCE_DIR) / "tests/golden/tokenizers/bert/tokenizer.json";
  options.classifier = false;
  options.lm_head = lm_head;
  const Status written = write_synthetic_model(path(name), config, options);
  ASSERT_TRUE(written) << written.error().message;
}

std::vector<std::string> CliTest::names() const {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_.path()))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

Streams CliTest::streams(const std::string& input) const {
  return {folder_.path() / "streams", input, -1};
}

Outcome CliTest::run(const Arguments& arguments, const std::string& input) const {
  return Process(arguments, streams(input)).wait();
}

Arguments CliTest::train_arguments(const std::string& output, const Arguments& more) const {
  Arguments arguments{"train", "--model", path("base"), "--output", path(output), "--threads", "1"};
  const auto unless_given = [&](const std::string& flag, const std::string& value) {
    if (std::find(more.begin(), more.end(), flag) == more.end())
      arguments.insert(arguments.end(), {flag, value});
  };
  unless_given("--data", path("data.tsv"));
  unless_given("--batch-size", "16");
  unless_given("--epochs", "3");
  unless_given("--lr", "0.02");
  if (std::find(more.begin(), more.end(), "--init") == more.end()) {  // what --init DIR brings along
    unless_given("--method", "late");
    unless_given("--num-virtual-tokens", "4");
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Outcome CliTest::train(const std::string& output, const Arguments& more) const {
  Outcome outcome = run(train_arguments(output, more));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return outcome;
}

std::string labelled_texts(int count, unsigned seed, bool with_labels) {
  static constexpr std::array kWords = {"the", "film", "is", "story", "and", "this", "very", "half", "old"};
  std::mt19937 random(seed);
  std::string table = with_labels ? "text\tlabel\n" : "text\n";
  for (int i = 0; i < count; ++i) {
    const bool good = random() % 2 == 0;
    const unsigned length = 2 + static_cast<unsigned>(random() % 5);
    const unsigned place = static_cast<unsigned>(random() % length);
    for (unsigned w = 0; w < length; ++w) {
      if (w > 0) table += ' ';
      table += w == place ? (good ? "good funny" : "dull weak") : kWords[random() % kWords.size()];
    }
    table += with_labels ? (good ? "\tpositive\n" : "\tnegative\n") : "\n";
  }
  return table;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

nlohmann::json parse_json(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << text;
  return json;
}

testing::AssertionResult fails_with(const Outcome& outcome, int code, const std::string& needle) {
  const std::vector<std::string> lines = lines_of(outcome.err);
  const bool one_error =
      std::count_if(lines.begin(), lines.end(),
                    [](const std::string& line) { return line.starts_with("incipit: error: "); }) == 1 &&
      lines.back().starts_with("incipit: error: ");
  if (outcome.code == code && one_error && lines.back().find(needle) != std::string::npos &&
      outcome.out.empty())
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << "wanted code " << code << " and one error saying \"" << needle
                                     << "\"; code " << outcome.code << "\nstderr: " << outcome.err
                                     << "stdout: " << outcome.out;
}

testing::AssertionResult succeeded(const Outcome& outcome) {
  if (outcome.code == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "code " << outcome.code << "\nstderr: " << outcome.err;
}

}  // namespace incipit
