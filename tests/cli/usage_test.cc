#include "cli_fixture.h"

namespace incipit {
namespace {

/// Needs no model: everything here is refused before one is loaded.
class UsageTest : public testing::Test {
 protected:
  Outcome run(const Arguments& arguments) const {
    return Process(arguments, {folder_.path(), "", -1}).wait();
  }

  TestFolder folder_;
};

TEST_F(UsageTest, HelpShowsEveryCommandAndItsFlags) {
  const Outcome overview = run({"help"});
  ASSERT_TRUE(succeeded(overview));
  for (const char* command :
       {"pull", "info", "tokenize", "train", "evaluate", "compare", "predict", "inspect"}) {
    EXPECT_NE(overview.out.find(command), std::string::npos);
    const Outcome help = run({"help", command});
    ASSERT_TRUE(succeeded(help)) << command;
    EXPECT_NE(help.out.find("Usage: incipit " + std::string(command)), std::string::npos) << help.out;
    EXPECT_EQ(help.out, run({command, "--help"}).out);
    EXPECT_EQ(help.err, "");
  }
}

TEST_F(UsageTest, TrainHelpNamesUnitsAndDefaults) {
  const std::string help = run({"help", "train"}).out;
  for (const char* text :
       {"--method hard|head|prompt|late", "(default prompt)", "--lr NUMBER", "(default 0.001)",
        "--warmup FRACTION", "(default 0.06)", "--max-length TOKENS", "--model NAME"})
    EXPECT_NE(help.find(text), std::string::npos) << text << "\n" << help;
  for (const std::string& line : lines_of(help)) EXPECT_LE(line.size(), 110u) << line;
}

TEST_F(UsageTest, VersionIsANumber) {
  EXPECT_TRUE(run({"--version"}).out.starts_with("incipit 0."));
}

struct Mistake {
  friend void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

  const char* name;
  Arguments arguments;
  std::string message;
};

class MistakeTest : public UsageTest, public testing::WithParamInterface<Mistake> {};

TEST_P(MistakeTest, IsRefusedInOneLineThatSaysWhatIsRight) {
  const Outcome outcome = run(GetParam().arguments);
  EXPECT_TRUE(fails_with(outcome, 2, GetParam().message));
  EXPECT_EQ(lines_of(outcome.err).size(), 1u);
  EXPECT_NE(outcome.err.find("(see `incipit help"), std::string::npos);
}

Arguments training_with(const std::string& flag, const std::string& value) {
  return {"train", "--model", "m", "--data", "d", "--output", "o", flag, value};
}

INSTANTIATE_TEST_SUITE_P(
    All, MistakeTest,
    testing::Values(
        Mistake{"no_command", {}, "a command is missing"},
        Mistake{"unknown_command", {"trian"}, "'trian' is not a command; did you mean train?"},
        Mistake{"help_unknown", {"help", "frobnicate"}, "'frobnicate' is not a command"},
        Mistake{"unknown_flag", training_with("--bach-size", "3"),
                "--bach-size: no such flag; did you mean --batch-size?"},
        Mistake{"far_flag", training_with("--xyzzyplugh", "3"), "--xyzzyplugh: no such flag"},
        Mistake{"misspelt_required",
                {"train", "--modle", "m", "--data", "d", "--output", "o"},
                "--modle: no such flag; did you mean --model?"},
        Mistake{"no_model", {"train", "--data", "d", "--output", "o"}, "--model is required"},
        Mistake{"no_output", {"train", "--model", "m", "--data", "d"}, "--output is required"},
        Mistake{"no_value", {"train", "--model", "m", "--data", "d", "--output", "o", "--lr"}, "--lr"},
        Mistake{"extra_argument", training_with("word", "other"), "unexpected argument 'word'"},
        Mistake{"method", training_with("--method", "prefix"),
                "--method: 'prefix' is not one of hard, head, prompt, late"},
        Mistake{"lr_negative", training_with("--lr", "-1"), "--lr: '-1' is not a number of at least 0"},
        Mistake{"lr_nan", training_with("--lr", "nan"), "--lr: 'nan' is not a number of at least 0"},
        Mistake{"lr_infinite", training_with("--lr", "inf"), "--lr: 'inf' is not a number"},
        Mistake{"lr_word", training_with("--lr", "1e-3x"), "--lr: '1e-3x' is not a number"},
        Mistake{"epochs", training_with("--epochs", "-0.5"),
                "--epochs: '-0.5' is not a number of at least 0"},
        Mistake{"batch_zero", training_with("--batch-size", "0"),
                "--batch-size: '0' is not a whole number of at least 1"},
        Mistake{"batch_fraction", training_with("--batch-size", "1.5"),
                "--batch-size: '1.5' is not a whole number"},
        Mistake{"batch_huge", training_with("--batch-size", "99999999999999999999"),
                "--batch-size: '99999999999999999999' is not a whole number"},
        Mistake{"batch_hexadecimal", training_with("--batch-size", "0x10"), "--batch-size: '0x10'"},
        Mistake{"warmup", training_with("--warmup", "1.5"), "--warmup: '1.5' is not a number from 0 to 1"},
        Mistake{"validation_split", training_with("--validation-split", "-0.1"),
                "--validation-split: '-0.1' is not a number from 0 to 1"},
        Mistake{"metric", training_with("--metric", "auc"),
                "--metric: 'auc' is not one of accuracy, f1, f1_micro, f1_macro, matthews, loss"},
        Mistake{"schedule", training_with("--schedule", "step"), "is not one of linear, cosine, constant"},
        Mistake{"batching", training_with("--batching", "random"), "is not one of file, shuffle, length"},
        Mistake{"dropout", training_with("--dropout", "0.1"), "--dropout: '0.1' is not one of on, off"},
        Mistake{"head_input", training_with("--head-input", "middle"), "is not one of first, cls, mean"},
        Mistake{"seed", training_with("--seed", "-1"), "--seed: '-1' is not a whole number"},
        Mistake{"threads", training_with("--threads", "100000"),
                "--threads: '100000' is not a whole number from 0 to"},
        Mistake{
            "init", training_with("--init", "no-such-folder"),
            "--init: 'no-such-folder' is not one of random, vocab, text, labels, or the folder of a saved"},
        Mistake{"init_text_missing", training_with("--init", "text"),
                "--init: text needs the words in --init-text"},
        Mistake{"insert_layer", training_with("--insert-layer", "2"), "--insert-layer: needs --method late"},
        Mistake{"two_evaluations",
                {"train", "--model", "m", "--data", "d", "--output", "o", "--eval-data", "e",
                 "--validation-split", "0.2"},
                "--eval-data"},
        Mistake{"twice", training_with("--model", "again"), "--model"},
        Mistake{"config_missing",
                {"train", "--config", "no-such.toml"},
                "--config: no-such.toml was not readable"},
        Mistake{
            "predict_nothing", {"predict", "--model", "m", "--adapter", "a"}, "needs either texts or --data"},
        Mistake{"predict_both",
                {"predict", "--model", "m", "--adapter", "a", "--data", "d", "text"},
                "needs either texts or --data"},
        Mistake{"odd_pairs",
                {"predict", "--model", "m", "--adapter", "a", "--pairs", "text"},
                "--pairs: needs an even number of texts"},
        Mistake{"evaluate_without_adapter",
                {"evaluate", "--model", "m", "--data", "d"},
                "evaluate: needs either --adapter, or a hard prompt"},
        Mistake{"compare_nothing", {"compare"}, "FILE is required"},
        Mistake{"tokenize_nothing", {"tokenize", "--model", "m"}, "needs either a text or --data"},
        Mistake{"inspect_nothing", {"inspect", "--model", "m"}, "ADAPTER is required"},
        Mistake{"inspect_nearest",
                {"inspect", "a", "--model", "m", "--nearest", "0"},
                "--nearest: '0' is not a whole number from 1 to 1000"},
        Mistake{"inspect_limit_without_data",
                {"inspect", "a", "--model", "m", "--limit", "5"},
                "--limit: needs --data"},
        Mistake{"info_nothing", {"info"}, "NAME is required"},
        Mistake{"pull_nothing", {"pull"}, "needs either names or --list"},
        Mistake{"line_break", {"tra\nin"}, "'tra in' is not a command"}),
    [](const testing::TestParamInfo<Mistake>& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace incipit
