#include "formats/gguf_cursor.h"

#include <array>
#include <bit>

#include "formats/strict_json.h"

namespace incipit {
namespace {

constexpr int kMaxNesting = 4;
constexpr std::array<std::size_t, 13> kSizes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

GgufValue number_value(GgufValueType type, std::uint64_t bits) {
  switch (type) {
    case GgufValueType::i8:
      return std::int64_t{static_cast<std::int8_t>(bits)};
    case GgufValueType::i16:
      return std::int64_t{static_cast<std::int16_t>(bits)};
    case GgufValueType::i32:
      return std::int64_t{static_cast<std::int32_t>(bits)};
    case GgufValueType::i64:
      return static_cast<std::int64_t>(bits);
    case GgufValueType::f32:
      return double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))};
    case GgufValueType::f64:
      return std::bit_cast<double>(bits);
    default:
      return bits;
  }
}

}  // namespace

std::size_t gguf_size_of(GgufValueType type) {
  return kSizes[static_cast<std::size_t>(type)];
}

Result<std::span<const std::byte>> GgufCursor::take(std::uint64_t size, std::string_view of) {
  if (size > remaining())
    return fail("{}: is cut off, or lies about its lengths: {} takes {} bytes at byte {}, {} are left",
                file_.string(), quote_text(of), size, position_, remaining());
  const auto taken = bytes_.subspan(position_, size);
  position_ += size;
  return taken;
}

Result<std::uint32_t> GgufCursor::u32(std::string_view of) {
  INCIPIT_TRY(const auto bytes, take(4, of));
  return static_cast<std::uint32_t>(little_endian(bytes));
}

Result<std::uint64_t> GgufCursor::u64(std::string_view of) {
  INCIPIT_TRY(const auto bytes, take(8, of));
  return little_endian(bytes);
}

Result<std::string_view> GgufCursor::text(std::string_view of) {
  INCIPIT_TRY(const std::uint64_t size, u64(of));
  INCIPIT_TRY(const auto bytes, take(size, of));
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<std::uint64_t> GgufCursor::count(std::uint64_t least_bytes, std::string_view of) {
  INCIPIT_TRY(const std::uint64_t count, u64(of));
  if (count > remaining() / least_bytes)
    return fail("{}: is cut off, or lies about its lengths: {} is {}, the {} bytes left hold at most {}",
                file_.string(), quote_text(of), count, remaining(), remaining() / least_bytes);
  return count;
}

Result<GgufValueType> GgufCursor::value_type(std::string_view of) {
  INCIPIT_TRY(const std::uint32_t type, u32(of));
  if (type >= kSizes.size())
    return fail("{}: {} is of type {}, types are 0 to {}", file_.string(), quote_text(of), type,
                kSizes.size() - 1);
  return static_cast<GgufValueType>(type);
}

Result<GgufValue> GgufCursor::value(GgufValueType type, std::string_view of) {
  if (type == GgufValueType::text) return text(of);
  if (type == GgufValueType::array) return array(of, 0);
  INCIPIT_TRY(const auto bytes, take(gguf_size_of(type), of));
  const std::uint64_t bits = little_endian(bytes);
  if (type != GgufValueType::boolean) return number_value(type, bits);
  if (bits > 1) return fail("{}: {} is {}, a truth value is 0 or 1", file_.string(), quote_text(of), bits);
  return bits == 1;
}

Result<GgufArray> GgufCursor::array(std::string_view of, int depth) {
  if (depth >= kMaxNesting)
    return fail("{}: {} has arrays in arrays more than {} deep", file_.string(), quote_text(of), kMaxNesting);
  GgufArray array;
  INCIPIT_TRY(array.type, value_type(of));
  // A text is at least its length, an array at least its type and its count.
  const std::size_t least = array.type == GgufValueType::text    ? 8
                            : array.type == GgufValueType::array ? 12
                                                                 : gguf_size_of(array.type);
  INCIPIT_TRY(array.count, count(least, of));
  const std::size_t begin = position_;
  INCIPIT_CHECK(skip_elements(array, of, depth));
  array.bytes = bytes_.subspan(begin, position_ - begin);
  return array;
}

Status GgufCursor::skip_elements(GgufArray& array, std::string_view of, int depth) {
  if (const std::size_t size = gguf_size_of(array.type); size > 0) {
    INCIPIT_CHECK(take(array.count * size, of));
    return {};
  }
  for (std::uint64_t i = 0; i < array.count; ++i) {
    if (array.type == GgufValueType::text) {
      INCIPIT_CHECK(text(of));
    } else {
      INCIPIT_CHECK(this->array(of, depth + 1));
    }
  }
  return {};
}

}  // namespace incipit
