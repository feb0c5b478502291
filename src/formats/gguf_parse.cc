#include <algorithm>
#include <bit>
#include <limits>
#include <set>
#include <utility>

#include "formats/gguf.h"
#include "formats/gguf_cursor.h"
#include "formats/strict_json.h"
#include "formats/tensor_values.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint64_t kMaxAlignment = std::uint64_t{1} << 20;
constexpr std::uint32_t kMaxDimensions = 4;
constexpr std::uint64_t kLeastPairBytes = 8 + 4 + 1;        // key length, type, value
constexpr std::uint64_t kLeastTensorBytes = 8 + 4 + 4 + 8;  // name length, dimensions, type, offset

std::uint64_t aligned(std::uint64_t at, std::uint64_t alignment) {
  return (at + alignment - 1) / alignment * alignment;
}

/// A tensor whose offset is not yet held against the others'.
struct Entry {
  GgufTensor tensor;
  std::uint64_t offset = 0;  // in the data
  std::uint64_t size = 0;    // bytes
};

class Parser {
 public:
  Parser(std::span<const std::byte> bytes, const fs::path& file)
      : bytes_(bytes), file_(file), cursor_(bytes, file) {}

  Result<GgufContents> run() {
    INCIPIT_CHECK(read_version());
    INCIPIT_TRY(const std::uint64_t tensor_count, cursor_.count(kLeastTensorBytes, "the number of tensors"));
    INCIPIT_TRY(const std::uint64_t pair_count, cursor_.count(kLeastPairBytes, "the number of metadata"));
    for (std::uint64_t i = 0; i < pair_count; ++i) INCIPIT_CHECK(read_pair());
    INCIPIT_CHECK(read_alignment());
    std::vector<Entry> entries;
    for (std::uint64_t i = 0; i < tensor_count; ++i) {
      INCIPIT_TRY(Entry entry, read_entry());
      entries.push_back(std::move(entry));
    }
    INCIPIT_CHECK(place(entries));
    for (Entry& entry : entries) contents_.tensors.push_back(std::move(entry.tensor));
    return std::move(contents_);
  }

 private:
  Status read_version() {
    const auto magic = bytes_.first(std::min(bytes_.size(), kMagic.size()));
    if (std::string_view(reinterpret_cast<const char*>(magic.data()), magic.size()) != kMagic)
      return fail("{}: not a GGUF file, which starts with the letters GGUF", file_.string());
    INCIPIT_CHECK(cursor_.take(kMagic.size(), "the file's magic"));
    INCIPIT_TRY(const std::uint32_t version, cursor_.u32("the format's version"));
    if (const std::uint32_t swapped = __builtin_bswap32(version); swapped >= 1 && swapped <= 3)
      return fail("{}: is a big-endian GGUF file, only little-endian ones are read", file_.string());
    if (version != 2 && version != 3)
      return fail("{}: is GGUF version {}, versions 2 and 3 are read", file_.string(), version);
    return {};
  }

  Status read_pair() {
    INCIPIT_TRY(const std::string_view key, cursor_.text("a metadata key"));
    if (key.empty()) return fail("{}: has a metadata key that is empty", file_.string());
    INCIPIT_TRY(const GgufValueType type, cursor_.value_type(key));
    INCIPIT_TRY(const GgufValue value, cursor_.value(type, key));
    if (!contents_.metadata.emplace(key, value).second)
      return fail("{}: has the metadata key {} twice", file_.string(), quote_text(key));
    return {};
  }

  Status read_alignment() {
    const auto found = contents_.metadata.find("general.alignment");
    if (found == contents_.metadata.end()) return {};
    const auto* value = std::get_if<std::uint64_t>(&found->second);
    if (value == nullptr || !std::has_single_bit(*value) || *value > kMaxAlignment)
      return fail("{}: general.alignment must be a power of two, at most {}{}", file_.string(), kMaxAlignment,
                  value == nullptr ? "" : fmt::format(", not {}", *value));
    alignment_ = *value;
    return {};
  }

  Result<Entry> read_entry() {
    Entry entry;
    INCIPIT_TRY(entry.tensor.name, cursor_.text("a tensor's name"));
    const std::string& name = entry.tensor.name;
    if (!names_.insert(name).second) return fail("{}: has tensor {} twice", file_.string(), quote_text(name));
    INCIPIT_TRY(entry.tensor.shape, read_shape(name));
    INCIPIT_TRY(const std::uint32_t type, cursor_.u32(name));
    entry.tensor.type = ggml_type(type);
    if (entry.tensor.type == nullptr)
      return fail("{}: tensor {} is of type {}, which is not supported; supported are {}", file_.string(),
                  quote_text(name), ggml_type_name(type), readable_ggml_types());
    INCIPIT_TRY(entry.offset, cursor_.u64(name));
    INCIPIT_TRY(entry.size, size_of_data(entry.tensor));
    return entry;
  }

  Result<std::vector<std::int64_t>> read_shape(const std::string& name) {
    INCIPIT_TRY(const std::uint32_t count, cursor_.u32(name));
    if (count < 1 || count > kMaxDimensions)
      return fail("{}: tensor {} has {} dimensions, 1 to {} are allowed", file_.string(), quote_text(name),
                  count, kMaxDimensions);
    std::vector<std::int64_t> shape;
    for (std::uint32_t d = 0; d < count; ++d) {
      INCIPIT_TRY(const std::uint64_t size, cursor_.u64(name));
      if (size < 1 || size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return fail("{}: tensor {}: dimension {} is {}, at least 1 and below 2^63 is right", file_.string(),
                    quote_text(name), d, size);
      shape.push_back(static_cast<std::int64_t>(size));
    }
    std::reverse(shape.begin(), shape.end());
    return shape;
  }

  /// Bytes that the tensor's shape and type take.
  Result<std::uint64_t> size_of_data(const GgufTensor& tensor) const {
    const auto block = static_cast<std::uint64_t>(tensor.type->block_weights());
    if (static_cast<std::uint64_t>(tensor.shape.back()) % block != 0)
      return fail("{}: tensor {} has rows of {} weights, {} needs a multiple of {}", file_.string(),
                  quote_text(tensor.name), tensor.shape.back(), tensor.type->name(), block);
    std::optional<std::uint64_t> count = 1;
    for (const std::int64_t size : tensor.shape)
      if (count) count = checked_multiply(*count, static_cast<std::uint64_t>(size));
    if (count && *count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) count.reset();
    if (count) count = checked_multiply(*count / block, tensor.type->block_bytes());
    if (!count)
      return fail("{}: tensor {} of shape {} is larger than any file", file_.string(),
                  quote_text(tensor.name), shape_text(tensor.shape));
    return *count;
  }

  /// Each tensor begins at the first aligned byte after the one before, the file ends with the last, padded
  /// or not.
  Status place(std::vector<Entry>& entries) const {
    const std::uint64_t header = cursor_.position();
    const std::uint64_t start = aligned(header, alignment_);
    if (entries.empty()) return check_end(header);
    if (start > bytes_.size())
      return fail("{}: is cut off: its data begins at byte {}, the file has {}", file_.string(), start,
                  bytes_.size());
    std::vector<Entry*> order;
    for (Entry& entry : entries) order.push_back(&entry);
    std::sort(order.begin(), order.end(),
              [](const Entry* a, const Entry* b) { return a->offset < b->offset; });
    const std::uint64_t room = bytes_.size() - start;
    std::uint64_t end = 0;
    for (Entry* entry : order) {
      const std::uint64_t right = aligned(end, alignment_);
      if (entry->offset != right)
        return fail("{}: tensor {} begins at byte {} of the data, {}; {} is right", file_.string(),
                    quote_text(entry->tensor.name), entry->offset,
                    entry->offset < right ? "inside the one before it or its padding" : "leaving a hole",
                    right);
      if (entry->offset > room || entry->size > room - entry->offset)
        return fail("{}: is cut off: tensor {} takes {} bytes at byte {} of the data, which has {}",
                    file_.string(), quote_text(entry->tensor.name), entry->size, entry->offset, room);
      end = entry->offset + entry->size;
      entry->tensor.bytes = bytes_.subspan(start + entry->offset, entry->size);
    }
    return check_end(start + end);
  }

  Status check_end(std::uint64_t end) const {
    const std::uint64_t padded = aligned(end, alignment_);
    if (bytes_.size() == end || bytes_.size() == padded) return {};
    return fail("{}: its contents end at byte {} ({} with padding), the file has {}", file_.string(), end,
                padded, bytes_.size());
  }

  std::span<const std::byte> bytes_;
  const fs::path& file_;
  GgufCursor cursor_;
  GgufContents contents_;
  std::set<std::string> names_;
  std::uint64_t alignment_ = kDefaultAlignment;
};

}  // namespace

Result<GgufContents> parse_gguf(std::span<const std::byte> bytes, const fs::path& file) {
  return Parser(bytes, file).run();
}

}  // namespace incipit
