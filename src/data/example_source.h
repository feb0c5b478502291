#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string_view>

#include "incipit/dataset.h"

namespace incipit {

/// Extensions of the files that open_example_file reads.
inline constexpr std::array<std::string_view, 5> kDataExtensions{".tsv", ".csv", ".jsonl", ".ndjson", ".txt"};

/// A file, by its extension; all of it, whatever `options.split` says.
Result<std::unique_ptr<ExampleReader>> open_example_file(const std::filesystem::path& path,
                                                         const DataOptions& options);

/// A text a line, as in a .txt file, whatever its extension.
Result<std::unique_ptr<ExampleReader>> open_text_lines(const std::filesystem::path& path);

/// JSON lines where the first byte is '{', else a text a line.
Result<std::unique_ptr<ExampleReader>> open_standard_input(const DataOptions& options);

}  // namespace incipit
