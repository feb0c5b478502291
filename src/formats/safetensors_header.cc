#include "formats/safetensors_header.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "formats/strict_json.h"
#include "formats/tensor_values.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kLengthBytes = 8;

/// A tensor as the header describes it, before its offsets are held against the others'.
struct Entry {
  StoredTensor tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::optional<DType> dtype_by_name(std::string_view name) {
  constexpr std::pair<std::string_view, DType> kNames[] = {
      {"F64", DType::f64}, {"F32", DType::f32},     {"F16", DType::f16}, {"BF16", DType::bf16},
      {"I64", DType::i64}, {"I32", DType::i32},     {"I16", DType::i16}, {"I8", DType::i8},
      {"U8", DType::u8},   {"BOOL", DType::boolean}};
  for (const auto& [known, dtype] : kNames)
    if (known == name) return dtype;
  return std::nullopt;
}

std::uint64_t little_endian_u64(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(value); ++i)
    value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

Result<std::string_view> header_text(std::span<const std::byte> bytes, const fs::path& file) {
  if (bytes.size() < kLengthBytes)
    return fail("{}: {} bytes are too few for a safetensors file", file.string(), bytes.size());
  const std::uint64_t length = little_endian_u64(bytes);
  if (length > kMaxHeaderBytes)
    return fail(
        "{}: not a safetensors file, or damaged: its header would be {} bytes, at most {} are allowed",
        file.string(), length, kMaxHeaderBytes);
  if (length > bytes.size() - kLengthBytes)
    return fail("{}: is cut off: its header is {} bytes, {} follow", file.string(), length,
                bytes.size() - kLengthBytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  if (!text.starts_with('{'))
    return fail("{}: its safetensors header does not start with '{{'", file.string());
  return text;
}

Status check_metadata(const Json& metadata, const fs::path& file) {
  const bool valid = metadata.is_null() || (metadata.is_object() &&
                                            std::all_of(metadata.begin(), metadata.end(),
                                                        [](const Json& value) { return value.is_string(); }));
  if (!valid)
    return fail("{}: __metadata__ of its safetensors header must map strings to strings", file.string());
  return {};
}

/// The member `key` as an array of non-negative integers.
std::optional<std::vector<std::uint64_t>> unsigned_array(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return std::nullopt;
  std::vector<std::uint64_t> values;
  for (const Json& value : *found) {
    if (!value.is_number_unsigned()) return std::nullopt;
    values.push_back(value.get<std::uint64_t>());
  }
  return values;
}

/// Bytes that a tensor of this shape takes; none where its sizes, even those before a 0, multiply beyond 64
/// bits with a sign.
std::optional<std::uint64_t> byte_count(std::span<const std::uint64_t> shape, DType dtype) {
  std::optional<std::uint64_t> count = 1;
  for (const std::uint64_t size : shape) {
    if (size > INT64_MAX) return std::nullopt;
    count = checked_multiply(*count, size);
    if (!count || *count > INT64_MAX) return std::nullopt;
  }
  return checked_multiply(*count, size_of(dtype));
}

Result<Entry> parse_entry(const std::string& name, const Json& info, std::uint64_t data_size,
                          const fs::path& file) {
  const auto at_fault = [&] { return fmt::format("{}: tensor {}", file.string(), quote_text(name)); };
  if (!info.is_object()) return fail("{}: its header entry must be an object", at_fault());
  const auto dtype_name = info.find("dtype");
  if (dtype_name == info.end() || !dtype_name->is_string())
    return fail("{}: dtype must be a string", at_fault());
  const auto dtype = dtype_by_name(dtype_name->get_ref<const std::string&>());
  if (!dtype)
    return fail("{}: dtype {} is not supported; convert it to F32, F16 or BF16", at_fault(),
                quote_text(dtype_name->get_ref<const std::string&>()));
  const auto shape = unsigned_array(info, "shape");
  if (!shape) return fail("{}: shape must be a list of non-negative integers", at_fault());
  const auto offsets = unsigned_array(info, "data_offsets");
  if (!offsets || offsets->size() != 2)
    return fail("{}: data_offsets must be two non-negative integers", at_fault());

  Entry entry{{name, *dtype, {shape->begin(), shape->end()}, {}}, (*offsets)[0], (*offsets)[1]};
  if (entry.begin > entry.end || entry.end > data_size)
    return fail("{}: data_offsets [{}, {}] do not fit the file's {} bytes of data", at_fault(), entry.begin,
                entry.end, data_size);
  const auto size = byte_count(*shape, *dtype);
  if (!size || *size != entry.end - entry.begin)
    return fail("{}: {} of shape {} does not take the {} bytes of its data_offsets", at_fault(),
                name_of(*dtype), shape_text(entry.tensor.shape), entry.end - entry.begin);
  return entry;
}

/// Each tensor begins where the one before ends, and the last ends with the file.
Status check_coverage(std::vector<Entry>& entries, std::uint64_t data_size, const fs::path& file) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != covered)
      return fail("{}: tensor {} begins at byte {} of the data, {}; {} is right", file.string(),
                  quote_text(entry.tensor.name), entry.begin,
                  entry.begin < covered ? "inside the tensor before it" : "leaving a hole", covered);
    covered = entry.end;
  }
  if (covered != data_size)
    return fail("{}: its tensors take {} bytes of data, the file has {}", file.string(), covered, data_size);
  return {};
}

}  // namespace

Result<std::vector<StoredTensor>> parse_safetensors(std::span<const std::byte> bytes, const fs::path& file) {
  INCIPIT_TRY(const std::string_view text, header_text(bytes, file));
  INCIPIT_TRY(const Json header, parse_strict_json(text, file));
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + text.size());
  std::vector<Entry> entries;
  for (const auto& [name, info] : header.items()) {
    if (name == "__metadata__") {
      INCIPIT_CHECK(check_metadata(info, file));
      continue;
    }
    INCIPIT_TRY(Entry entry, parse_entry(name, info, data.size(), file));
    entry.tensor.bytes = data.subspan(entry.begin, entry.end - entry.begin);
    entries.push_back(std::move(entry));
  }
  INCIPIT_CHECK(check_coverage(entries, data.size(), file));
  std::vector<StoredTensor> tensors;
  for (Entry& entry : entries) tensors.push_back(std::move(entry.tensor));
  return tensors;
}

}  // namespace incipit
