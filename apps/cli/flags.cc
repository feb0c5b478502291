#include "flags.h"

#include <fstream>
#include <iterator>

#include "incipit/hub.h"
#include "incipit/threads.h"

#include "checks.h"
#include "console.h"

namespace incipit::cli {

CLI::Option* choice(CommandLine& line, const std::string& flag, std::string& value,
                    std::vector<std::string> names, const std::string& about) {
  std::string type;
  for (const std::string& name : names) type += (type.empty() ? "" : "|") + name;
  return line.flag(flag, value, type, about)->check(one_of(std::move(names)));
}

CLI::Option* add_model(CommandLine& line, std::string& model) {
  return line
      .flag("--model", model, "NAME",
            "The frozen model: a folder with config.json, safetensors and tokenizer.json, or a name that has "
            "been "
            "pulled (incipit pull --list)")
      ->check(not_empty());
}

void add_precision(CommandLine& line, std::string& precision) {
  precision = name_of(Precision::f32);
  choice(line, "--precision", precision, precision_names(),
         "Numbers that the frozen model is multiplied in: f32 is exact, bf16 halves its memory, int8 "
         "quarters it; auto is bf16 where that is faster, else f32. What is trained is f32 always");
}

CLI::Option* add_force(CommandLine& line, bool& force) {
  return line.mark("--force", force, "Use an adapter that was trained on another base model");
}

CLI::Option* add_data(CommandLine& line, DataFlags& data, const std::string& what) {
  return line
      .flag("--data", data.path, "PATH",
            what +
                ": a .tsv, .csv, .jsonl or .txt file, a folder of .pos/.neg files or of splits, a name that "
                "has "
                "been pulled, or - for standard input")
      ->check(not_empty());
}

void add_columns(CommandLine& line, DataFlags& data) {
  line.flag("--text", data.columns.text, "COLUMN", "Column of the text; without it found by its name");
  line.flag("--text-pair", data.columns.text_pair, "COLUMN",
            "Column of the second text of a pair; without it found by its name");
  line.flag("--label", data.columns.label, "COLUMN", "Column of the label; without it found by its name");
  std::string names;
  for (const std::string& name : preparation_names()) names += (names.empty() ? "" : "|") + name;
  line.flag(
          "--prepare", data.prepare, names,
          "What texts go through as they are read: movie-review cleans them and keeps 51 words, index0 also "
          "loses the first word of all; without it what the adapter was trained with, else none")
      ->check(one_of(preparation_names()));
}

void add_split(CommandLine& line, DataFlags& data, const std::string& otherwise) {
  line.flag("--split", data.split, "NAME",
            "Split of the data: a folder's own (train, validation, test, …), or of data without splits 80 % "
            "train, "
            "10 % validation, 10 % test, by a hash of the text; without it " +
                otherwise)
      ->check(not_empty());
  line.flag("--split-seed", data.split_seed, "N", "Draws another such partition of data without splits")
      ->check(seed_number());
}

CLI::Option* add_limit(CommandLine& line, std::int64_t& limit, const std::string& what) {
  return line.flag("--limit", limit, "N", "Use only N " + what + ", drawn by the seed; 0: all")
      ->check(whole_number(0));
}

void add_seed(CommandLine& line, std::uint64_t& seed, const std::string& what) {
  line.flag("--seed", seed, "N", what)->check(seed_number());
}

void add_threads(CommandLine& line, int& threads) {
  constexpr int kMost = 4096;
  line.flag("--threads", threads, "N", "Threads to compute with; 0: as many as the machine has cores")
      ->check(whole_number(0, kMost));
}

void add_output(CommandLine& line, std::string& output) {
  line.flag("--output", output, "FILE",
            "Write the results to this file, whole or not at all, and the flags of this run beside it "
            "(FILE.run.toml); without it to standard output");
}

void add_max_batch_tokens(CommandLine& line, std::int64_t& tokens) {
  line.flag("--max-batch-tokens", tokens, "N",
            "Tokens that are computed at once: bounds the memory, does not change the result")
      ->check(whole_number(1));
}

void add_micro_batch_tokens(CommandLine& line, std::int64_t& tokens) {
  line.flag("--max-batch-tokens", tokens, "N",
            "Tokens that are computed at once: bounds the memory, changes the order of sums only; 0: 768 to "
            "train, 1,024 to predict or with --precision int8")
      ->check(whole_number(0));
}

void add_max_length(CommandLine& line, std::int64_t& length) {
  line.flag("--max-length", length, "TOKENS",
            "Longest text in tokens, special ones included, virtual ones not; what is longer is cut at its "
            "end; 0: "
            "what the model's positions allow")
      ->check(whole_number(0));
}

void add_num_virtual_tokens(CommandLine& line, std::int64_t& count, std::int64_t low) {
  line.flag("--num-virtual-tokens", count, "N", "Virtual tokens of the prompt")->check(whole_number(low));
}

void add_template(CommandLine& line, std::string& text_or_file) {
  line.flag("--template", text_or_file, "TEXT|FILE",
            "Words around the text, such as '{text_a} It was {mask}.', or a file with them; parts in braces: "
            "text_a, text_b, mask, soft, and OpenPrompt's; \\n is a new line. Without it the plain text or "
            "pair")
      ->check(not_empty());
}

Result<std::string> text_or_file(const std::string& value, std::string_view what) {
  constexpr std::uintmax_t kMostBytes = 1 << 20;
  std::error_code error;
  // A text with a brace is no path; its length may even forbid asking.
  if (value.find('{') != std::string::npos || !std::filesystem::is_regular_file(value, error)) return value;
  if (std::filesystem::file_size(value, error) > kMostBytes)
    return fail("{}: a {} of more than 1 MiB", value, what);
  std::ifstream file(value);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return fail("{}: cannot be read", value);
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) return fail("{}: the {} is empty", value, what);
  return text;
}

void use_threads(int threads) {
  if (threads > 0) set_num_threads(threads);
}

Result<Model> load_model(const std::string& name, const std::string& precision) {
  INCIPIT_TRY(const std::filesystem::path folder, resolve(name));
  return Model::load(folder, {*precision_by_name(precision), packed_weights_folder()});
}

std::filesystem::path packed_weights_folder() {
  return cache_folder() / "packed";
}

Preparation preparation(const DataFlags& flags, const Preparation& of_model) {
  if (flags.prepare.empty()) return of_model;
  const Preparation::Kind kind = *preparation_by_name(flags.prepare);
  return kind == of_model.kind ? of_model : Preparation{kind, ""};  // the same kind loses the same word
}

DataOptions data_options(const DataFlags& flags, const Preparation& of_model) {
  DataOptions options;
  options.columns = flags.columns;
  options.split = flags.split;
  options.split_seed = flags.split_seed;
  options.preparation = preparation(flags, of_model);
  return options;
}

Result<std::filesystem::path> data_path(const std::string& name) {
  if (name == "-") return std::filesystem::path(name);
  return resolve(name);
}

void print_warnings(const Dataset& dataset) {
  for (const std::string& warning : dataset.warnings) print_warning(warning);
}

}  // namespace incipit::cli
