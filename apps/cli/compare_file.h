#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/result.h"

namespace incipit::cli {

/// A flag of `incipit train` as the file gives it.
struct FileFlag {
  std::vector<std::string> values;
  std::string where;  // for messages: "FILE:7: [defaults]"
};
using FileFlags = std::map<std::string, FileFlag>;  // by name, without dashes

/// [[run]] with what it takes from [defaults] and [data].
struct FileRun {
  std::string name;
  std::string note;
  std::vector<std::uint64_t> seeds;
  std::string where;
  FileFlags flags;
};

/// [data] test. Empty: found by the data.
struct FileTest {
  std::string path;
  std::string split;
  std::int64_t limit = 0;
  std::string where;
};

/// The TOML file of `incipit compare`.
struct CompareFile {
  std::string title;
  std::uint64_t data_seed = 0;
  FileTest test;
  std::vector<FileRun> runs;
};

/// The flags that a file may set, without dashes.
struct KnownFlags {
  std::vector<std::string> run;   // in [[run]] and [defaults]
  std::vector<std::string> data;  // those of them that say which texts; in [data], too
};

/// Throws CLI::ParseError naming line, table and key; the values of flags are not checked yet. Fails where
/// the file cannot be read.
Result<CompareFile> read_compare_file(const std::filesystem::path& path, const KnownFlags& known);

/// The same as TOML, every run whole, so that it repeats this comparison.
std::string compare_file_as_toml(const CompareFile& file);

/// --data: PATH takes the place of [data] path; NAME=PATH of every data set called NAME. Throws
/// CLI::ParseError where the file has no such name.
void replace_data(const std::vector<std::string>& replacements, CompareFile& file);
/// --model, likewise.
void replace_models(const std::vector<std::string>& replacements, CompareFile& file);

}  // namespace incipit::cli
