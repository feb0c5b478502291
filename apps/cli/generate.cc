#include "incipit/generate.h"

#include <nlohmann/json.hpp>

#include "checks.h"
#include "commands.h"
#include "console.h"
#include "flags.h"
#include "output.h"
#include "warnings.h"

namespace incipit::cli {
namespace {

std::string as_json(const Example& example, const Generation& made) {
  nlohmann::ordered_json line;
  line["id"] = example.id;
  line["text"] = made.text;
  line["ids"] = made.ids;
  line["end"] = name_of(made.end);
  line["prompt_tokens"] = made.prompt_tokens;
  line["truncated"] = made.truncated;
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

class Generate : public Command {
 public:
  void declare(CommandLine& line) override {
    line.positionals("TEXT", texts_, "Texts to continue")->required();
    add_model(line, model_)->required();
    add_precision(line, precision_);
    line.flag("--adapter", adapter_, "DIR", "Folder of an adapter, whose prompt stands around each text");
    add_template(line, source_.template_text);
    line.mark("--chat", source_.chat, "Put the text into the model's chat template, as what a user says");
    line.flag("--system", source_.system, "TEXT", "What a chat begins with, in place of the template's own");
    line.flag("--max-new-tokens", options_.max_new_tokens, "N", "Tokens to make at most")
        ->check(whole_number(1));
    line.flag("--temperature", options_.temperature, "X",
              "0: always the most probable token; else draw, the wilder the higher")
        ->check(real_number(0));
    line.flag("--top-p", options_.top_p, "P",
              "Draw among the fewest tokens that are this probable together; needs a temperature")
        ->check(real_number(0, 1));
    line.list("--stop", options_.stop, "STR", "A text that ends it and is not shown; may be given again")
        ->allow_extra_args(false);
    add_seed(line, options_.seed, "Of the draws: the same seed, the same text");
    line.mark("--json", json_, "A JSON line a text, when it is whole, with the ids");
    add_output(line, output_);
    add_force(line, source_.force);
    add_threads(line, threads_);
    line.examples(
        "  incipit generate --model smollm2 'The capital of France is' --max-new-tokens 20\n"
        "  incipit generate --model smollm2 --chat 'What is the capital of France?'\n"
        "  incipit generate --model smollm2 'A joy.' --template 'Review: {text_a} It was {mask}'\n"
        "  incipit generate --model smollm2 --adapter reviews 'A joy.' --temperature 0.8 --top-p 0.9");
  }

  Result<int> run(const CommandLine& line) override {
    if (line.given("--top-p") && options_.temperature == 0)
      wrong_usage("--top-p", "needs a --temperature above 0: without one nothing is drawn");
    if (line.given("--system") && !source_.chat) wrong_usage("--system", "needs --chat");
    if (options_.top_p == 0) wrong_usage("--top-p", "must be above 0");
    use_threads(threads_);
    source_.adapter = adapter_;
    INCIPIT_TRY(source_.template_text, text_or_file(source_.template_text, "template"));
    INCIPIT_TRY(const Model model, load_model(model_, precision_));
    INCIPIT_CHECK(warn_of_unknown_words(model.tokenizer(), source_.template_text));
    INCIPIT_TRY(Generator generator, Generator::create(model, source_));
    INCIPIT_TRY(Output output, Output::open(output_));
    for (std::size_t i = 0; i < texts_.size() && output.wanted(); ++i) {
      Example example;
      example.id = std::to_string(i);
      example.text_a = texts_[i];
      Preparer(generator.preparation()).apply(example);
      INCIPIT_CHECK(go_on(generator, example, output));
    }
    INCIPIT_CHECK(output.commit());
    if (output.is_file()) INCIPIT_CHECK(write_whole(output_ + ".run.toml", line.resolved()));
    return 0;
  }

 private:
  Status go_on(Generator& generator, const Example& example, Output& output) const {
    Status written;
    const auto show = [&](std::string_view text) {
      if (!json_) written = output.write(text);
      return written && output.wanted();
    };
    INCIPIT_TRY(const Generation made, generator.generate(example, options_, show));
    INCIPIT_CHECK(std::move(written));
    if (made.truncated > 0)
      print_warning(
          fmt::format("text {}: {} tokens of it did not fit and were left out", example.id, made.truncated));
    return output.write(json_ ? as_json(example, made) : "\n");
  }

  std::vector<std::string> texts_;
  std::string model_;
  std::string precision_;
  std::string adapter_;
  PromptSource source_;
  GenerateOptions options_;
  bool json_ = false;
  std::string output_;
  int threads_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_generate() {
  return std::make_unique<Generate>();
}

}  // namespace incipit::cli
