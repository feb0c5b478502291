#include "formats/gguf.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <system_error>

#include "formats/gguf_cursor.h"
#include "formats/strict_json.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// An integer of either signedness, where it fits.
std::optional<std::int64_t> as_integer(const GgufValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  const auto* number = std::get_if<std::uint64_t>(&value);
  if (number == nullptr || *number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

}  // namespace

Result<GgufFile> GgufFile::open(const fs::path& path) {
  INCIPIT_TRY(MappedFile map, MappedFile::open(path));
  INCIPIT_TRY(GgufContents contents, parse_gguf(map.bytes(), path));
  return GgufFile(path, std::move(map), std::move(contents));
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
  const auto found = std::find_if(contents_.tensors.begin(), contents_.tensors.end(),
                                  [&](const GgufTensor& tensor) { return tensor.name == name; });
  return found == contents_.tensors.end() ? nullptr : &*found;
}

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto found = contents_.metadata.find(key);
  return found == contents_.metadata.end() ? nullptr : &found->second;
}

tl::unexpected<Error> GgufFile::wrong_type(std::string_view key, std::string_view needed) const {
  return fail("{}: {} must be {}", path_.string(), key, needed);
}

Result<std::optional<std::string>> GgufFile::text(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto* text = std::get_if<std::string_view>(value);
  if (text == nullptr) return wrong_type(key, "a text");
  return std::string(*text);
}

Result<std::optional<bool>> GgufFile::boolean(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const bool* truth = std::get_if<bool>(value);
  if (truth == nullptr) return wrong_type(key, "a truth value");
  return *truth;
}

Result<std::optional<std::int64_t>> GgufFile::integer(std::string_view key, std::int64_t low,
                                                      std::int64_t high) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const std::optional<std::int64_t> number = as_integer(*value);
  if (!number || *number < low || *number > high)
    return wrong_type(key, fmt::format("an integer from {} to {}{}", low, high,
                                       number ? fmt::format(", not {}", *number) : ""));
  return number;
}

Result<std::optional<double>> GgufFile::number(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto whole = as_integer(*value)) return static_cast<double>(*whole);
  const double* number = std::get_if<double>(value);
  if (number == nullptr || !std::isfinite(*number)) return wrong_type(key, "a finite number");
  return *number;
}

Result<std::optional<std::vector<std::string_view>>> GgufFile::texts(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto* array = std::get_if<GgufArray>(value);
  if (array == nullptr || array->type != GgufValueType::text) return wrong_type(key, "an array of texts");
  GgufCursor cursor(array->bytes, path_);
  std::vector<std::string_view> texts;
  texts.reserve(array->count);  // held against the file's size when it was parsed
  for (std::uint64_t i = 0; i < array->count; ++i) {
    INCIPIT_TRY(const std::string_view text, cursor.text(key));
    texts.push_back(text);
  }
  return texts;
}

Result<std::optional<std::vector<std::int64_t>>> GgufFile::integers(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto* array = std::get_if<GgufArray>(value);
  if (array == nullptr) return wrong_type(key, "an array of integers");
  GgufCursor cursor(array->bytes, path_);
  std::vector<std::int64_t> numbers;
  for (std::uint64_t i = 0; i < array->count; ++i) {
    INCIPIT_TRY(const GgufValue element, cursor.value(array->type, key));
    const std::optional<std::int64_t> number = as_integer(element);
    if (!number) return wrong_type(key, "an array of integers below 2^63");
    numbers.push_back(*number);
  }
  return numbers;
}

Result<std::optional<fs::path>> find_gguf(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    if (path.extension() == ".gguf") return path;
    return std::nullopt;
  }
  if (fs::exists(path / "config.json", error)) return std::nullopt;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".gguf") found.push_back(entry->path());
  if (error) return fail("{}: {}", path.string(), error.message());
  if (found.empty()) return std::nullopt;
  std::sort(found.begin(), found.end());
  if (found.size() > 1)
    return fail("{}: has {} GGUF files, such as {} and {}; name the one to use", path.string(), found.size(),
                found[0].filename().string(), found[1].filename().string());
  return found.front();
}

}  // namespace incipit
