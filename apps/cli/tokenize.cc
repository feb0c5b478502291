#include <filesystem>
#include <functional>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "incipit/gguf_info.h"
#include "incipit/hub.h"
#include "incipit/predict.h"

#include "checks.h"
#include "commands.h"
#include "console.h"
#include "flags.h"
#include "output.h"
#include "warnings.h"

namespace incipit::cli {
namespace {

std::string as_json(const Example& example, const TokenizedView& view) {
  nlohmann::ordered_json tokens = nlohmann::ordered_json::array();
  for (const TokenView& token : view.tokens) {
    nlohmann::ordered_json one;
    one["id"] = token.id;
    one["piece"] = token.piece;
    one["position"] = token.position;
    one["type"] = token.token_type;
    one["entry_layer"] = token.entry_layer;
    tokens.push_back(std::move(one));
  }
  nlohmann::ordered_json line;
  line["id"] = example.id;
  line["count"] = view.tokens.size();
  line["truncated"] = view.truncated;
  line["tokens"] = std::move(tokens);
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

std::string as_table(const Example& example, const TokenizedView& view, bool with_id) {
  std::string table = with_id ? fmt::format("# {}\n", one_line(example.id)) : "";
  table += fmt::format("{:>8} {:>8} {:>4} {:>11}  {}\n", "position", "id", "type", "entry layer", "piece");
  for (const TokenView& token : view.tokens) {
    const std::string position = token.position < 0 ? "-" : std::to_string(token.position);
    const std::string id = token.id < 0 ? "-" : std::to_string(token.id);
    table += fmt::format("{:>8} {:>8} {:>4} {:>11}  {}\n", position, id, token.token_type, token.entry_layer,
                         one_line(token.piece));
  }
  return table + fmt::format("{} tokens, {} truncated\n", view.tokens.size(), view.truncated);
}

class Tokenize : public Command {
 public:
  void declare(CommandLine& line) override {
    line.positional("TEXT", text_, "The text, instead of --data");
    line.positional("PAIR", pair_, "The second text of a pair");
    add_model(line, model_)->required();
    add_data(line, data_, "Texts to show");
    add_columns(line, data_);
    add_split(line, data_, "everything, but a folder of splits needs one to be named");
    add_template(line, template_);
    add_num_virtual_tokens(line, options_.num_virtual_tokens, 0);
    line.flag("--insert-layer", options_.insert_layer, "K",
              "Layer at which they join; 0: at the embeddings, before the text")
        ->check(whole_number(0));
    add_max_length(line, options_.max_length);
    line.mark("--json", json_, "A JSON line a text instead of a table");
    add_output(line, output_);
    line.examples(
        "  incipit tokenize --model minilm 'A joy from start to end.' --num-virtual-tokens 4\n"
        "  incipit tokenize --model minilm 'A joy.' --template '{soft} {text_a} It was {mask}.'\n"
        "  incipit tokenize --model minilm 'A first text.' 'And its pair.' --max-length 8 --json");
  }

  Result<int> run(const CommandLine& line) override {
    if (line.given("TEXT") == line.given("--data")) wrong_usage("tokenize", "needs either a text or --data");
    INCIPIT_TRY(options_.template_text, text_or_file(template_, "template"));
    INCIPIT_TRY(const View view, open_model());
    INCIPIT_TRY(Output output, Output::open(output_));
    INCIPIT_CHECK(line.given("TEXT") ? show(view, given_text(line), output) : show_data(view, output));
    INCIPIT_CHECK(output.commit());
    if (output.is_file()) INCIPIT_CHECK(write_whole(output_ + ".run.toml", line.resolved()));
    return 0;
  }

 private:
  using View = std::function<Result<TokenizedView>(const Example&)>;

  /// What shows an example to the model. Of a GGUF file the weights are not loaded.
  Result<View> open_model() const {
    INCIPIT_TRY(const std::filesystem::path path, resolve(model_));
    INCIPIT_TRY(const std::optional<GgufInfo> gguf, read_gguf_info(path));
    if (gguf) return view_of(*gguf, gguf->tokenizer);
    INCIPIT_TRY(const Model model, Model::load(path));
    return view_of(model, model.tokenizer());
  }

  template <typename AnyModel>
  Result<View> view_of(AnyModel model, const Tokenizer& tokenizer) const {
    INCIPIT_CHECK(warn_of_unknown_words(tokenizer, options_.template_text));
    return [this, model](const Example& example) { return tokenize(model, example, options_); };
  }

  Example given_text(const CommandLine& line) const {
    Example example;
    example.id = "0";
    example.text_a = text_;
    if (line.given("PAIR")) example.text_b = pair_;
    Preparer(preparation(data_, {})).apply(example);
    return example;
  }

  Status show(const View& view_example, const Example& example, Output& output) const {
    INCIPIT_TRY(const TokenizedView view, view_example(example));
    return output.write(json_ ? as_json(example, view) : as_table(example, view, !data_.path.empty()));
  }

  Status show_data(const View& view_example, Output& output) const {
    INCIPIT_TRY(const std::filesystem::path path, data_path(data_.path));
    DataOptions options = data_options(data_);
    options.labels_required = false;
    INCIPIT_TRY(const std::unique_ptr<ExampleReader> reader, open_examples(path, options));
    while (output.wanted()) {
      INCIPIT_TRY(const std::optional<ExampleReader::Row> row, reader->next());
      if (!row) break;
      INCIPIT_CHECK(show(view_example, row->example, output));
    }
    for (const std::string& warning : reader->warnings()) print_warning(warning);
    return {};
  }

  std::string text_;
  std::string pair_;
  std::string model_;
  DataFlags data_;
  std::string template_;
  TokenizeOptions options_;
  bool json_ = false;
  std::string output_;
};

}  // namespace

std::unique_ptr<Command> make_tokenize() {
  return std::make_unique<Tokenize>();
}

}  // namespace incipit::cli
