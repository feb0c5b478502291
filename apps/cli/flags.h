#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "incipit/adapter.h"
#include "incipit/dataset.h"
#include "incipit/model.h"
#include "incipit/result.h"

#include "command_line.h"

namespace incipit::cli {

/// The flags that commands share, each declared here once.
struct DataFlags {
  std::string path;
  Columns columns;
  std::string split;
  std::uint64_t split_seed = 0;
  std::string prepare;  // empty: not given
};
struct RunFlags {
  std::uint64_t seed = 0;
  int threads = 0;  // 0: the machine's cores
};

/// A flag with one of some names.
CLI::Option* choice(CommandLine& line, const std::string& flag, std::string& value,
                    std::vector<std::string> names, const std::string& about);
CLI::Option* add_model(CommandLine& line, std::string& model);
/// f32 where it is not given.
void add_precision(CommandLine& line, std::string& precision);
CLI::Option* add_force(CommandLine& line, bool& force);
/// `what` tells what the texts are for.
CLI::Option* add_data(CommandLine& line, DataFlags& data, const std::string& what);
/// How texts are read: --text, --text-pair, --label, --prepare.
void add_columns(CommandLine& line, DataFlags& data);
void add_split(CommandLine& line, DataFlags& data, const std::string& otherwise);
CLI::Option* add_limit(CommandLine& line, std::int64_t& limit, const std::string& what);
void add_seed(CommandLine& line, std::uint64_t& seed, const std::string& what);
void add_threads(CommandLine& line, int& threads);
void add_output(CommandLine& line, std::string& output);
void add_max_batch_tokens(CommandLine& line, std::int64_t& tokens);
/// The same for commands that train; 0: the library's choice.
void add_micro_batch_tokens(CommandLine& line, std::int64_t& tokens);
void add_max_length(CommandLine& line, std::int64_t& length);
void add_num_virtual_tokens(CommandLine& line, std::int64_t& count, std::int64_t low);
void add_template(CommandLine& line, std::string& text_or_file);
/// What a flag such as --template says, or a file with it, where there is such a file. `what` it is, for
/// messages.
Result<std::string> text_or_file(const std::string& value, std::string_view what);

/// Sets the library's threads; 0 leaves them.
void use_threads(int threads);

/// The model that --model names, loaded in what --precision says.
Result<Model> load_model(const std::string& name, const std::string& precision);
/// Where every command keeps packed weights; see LoadOptions.
std::filesystem::path packed_weights_folder();

/// `of_model`: the preparation of the texts that the adapter was trained on, which --prepare overrides.
Preparation preparation(const DataFlags& flags, const Preparation& of_model);
DataOptions data_options(const DataFlags& flags, const Preparation& of_model = {});
/// The path that --data names; "-" stays what it is.
Result<std::filesystem::path> data_path(const std::string& name);
void print_warnings(const Dataset& dataset);

}  // namespace incipit::cli
