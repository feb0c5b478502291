#include "data/split_folder.h"

#include <algorithm>
#include <array>

#include "data/example_source.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kValidationNames{"validation", "dev", "valid", "val"};
constexpr std::array<std::string_view, 6> kUsualSplits{"train", "validation", "dev", "valid", "val", "test"};

std::vector<fs::path> files_named(const fs::path& folder, std::string_view stem) {
  std::vector<fs::path> files;
  for (const std::string_view extension : kDataExtensions) {
    fs::path path = folder / fmt::format("{}{}", stem, extension);
    std::error_code error;
    if (fs::is_regular_file(path, error)) files.push_back(std::move(path));
  }
  return files;
}

}  // namespace

std::vector<std::string> split_aliases(std::string_view split) {
  std::vector<std::string> names{std::string(split)};
  if (std::find(kValidationNames.begin(), kValidationNames.end(), split) == kValidationNames.end())
    return names;
  for (const std::string_view name : kValidationNames)
    if (name != split) names.emplace_back(name);
  return names;
}

std::vector<std::string> list_splits(const fs::path& folder) {
  std::vector<std::string> splits;
  for (const std::string_view name : kUsualSplits)
    if (!files_named(folder, name).empty()) splits.emplace_back(name);
  return splits;
}

Result<std::optional<fs::path>> find_split(const fs::path& folder, std::string_view split) {
  // A split is a file's name, never a way out of the folder.
  if (split.empty() || split.find('/') != std::string_view::npos) return std::nullopt;
  for (const std::string& name : split_aliases(split)) {
    const std::vector<fs::path> files = files_named(folder, name);
    if (files.size() > 1)
      return fail("{}: holds both {} and {}; give one of the files", folder.string(),
                  files[0].filename().string(), files[1].filename().string());
    if (files.size() == 1) return files.front();
  }
  return std::nullopt;
}

}  // namespace incipit
