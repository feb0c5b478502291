#include "base/text_width.h"

#include <algorithm>
#include <iterator>

#include "base/utf8.h"

namespace incipit {
namespace {

struct Range {
  char32_t first, last;
};

// Sorted. Blocks of Unicode 15 whose characters are (nearly) all combining marks or without a glyph.
constexpr Range kWithoutWidth[] = {{0x0300, 0x036F},  {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},
                                   {0x0E34, 0x0E3A},  {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
                                   {0x200B, 0x200F},  {0x202A, 0x202E}, {0x2060, 0x206F}, {0x20D0, 0x20FF},
                                   {0xFE00, 0xFE0F},  {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0x1F3FB, 0x1F3FF},
                                   {0xE0000, 0xE01EF}};
// Sorted. East_Asian_Width W and F (Unicode Standard Annex 11), as blocks.
constexpr Range kWide[] = {{0x1100, 0x115F},  {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2E80, 0x303E},
                           {0x3041, 0x33FF},  {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97C},
                           {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                           {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
                           {0x20000, 0x3FFFD}};

template <std::size_t size>
bool is_in(const Range (&ranges)[size], char32_t code_point) {
  const Range* range = std::lower_bound(std::begin(ranges), std::end(ranges), code_point,
                                        [](const Range& r, char32_t c) { return r.last < c; });
  return range != std::end(ranges) && range->first <= code_point;
}

bool is_control(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x2028 ||
         code_point == 0x2029 || (code_point >= 0x202A && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

}  // namespace

std::size_t display_width(char32_t code_point) {
  if (code_point < 0x300) return 1;
  if (is_in(kWithoutWidth, code_point)) return 0;
  return is_in(kWide, code_point) ? 2 : 1;
}

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  for (const char32_t code_point : decode_utf8(utf8)) width += display_width(code_point);
  return width;
}

std::string fit_on_line(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t used = 0, end_before_last = 0;  // the part that leaves a column for '…'
  for (char32_t code_point : decode_utf8(text)) {
    if (is_control(code_point)) code_point = U' ';
    const std::size_t wide = display_width(code_point);
    if (used + wide > width) return out.substr(0, end_before_last) + "…";
    used += wide;
    append_utf8(code_point, out);
    if (used < width) end_before_last = out.size();
  }
  return out;
}

std::string pad_right(std::string_view text, std::size_t width) {
  return std::string(text).append(width - std::min(width, display_width(text)), ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
  return std::string(width - std::min(width, display_width(text)), ' ').append(text);
}

}  // namespace incipit
