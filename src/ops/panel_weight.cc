#include "ops/panel_weight.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "ops/narrow.h"
#include "ops/panel_layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/panel_weight.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/panel_arithmetic-inl.h"
#include "ops/panel_rows-inl.h"
#include "ops/panel_sums-inl.h"
#include "ops/panels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {
namespace {

/// Rows whose part of x the second-level cache holds, about.
constexpr std::int64_t kBlockRows = 512;

/// The columns of y that a panel gives, from `col` on, of rows [begin, end) in tiles `a`; `cols` of them
/// exist.
template <typename Arithmetic, typename Sums>
void multiply_block(std::int64_t begin, std::int64_t end, std::int64_t steps, const std::uint32_t* a,
                    const std::uint32_t* panel, const Sums& y, std::int64_t col, std::int64_t cols) {
  using Sum = typename Arithmetic::Sum;
  constexpr int kTileRows = Arithmetic::kTileRows;
  HWY_ALIGN Sum edge[kTileRows * kVectors * HWY_MAX_BYTES / sizeof(Sum)];
  const std::int64_t width = kVectors * static_cast<std::int64_t>(hn::Lanes(hn::ScalableTag<Sum>()));
  for (std::int64_t row = begin; row < end; row += kTileRows) {
    const std::int64_t count = std::min<std::int64_t>(kTileRows, end - row);
    const std::uint32_t* tile = a + (row - begin) * steps;
    if (cols == width) {
      multiply_rows<Arithmetic, kTileRows>(count, steps, tile, panel, y, row, col);
      continue;
    }
    multiply_rows<Arithmetic, kTileRows>(count, steps, tile, panel, RawSums<Sum>{edge, width}, 0, 0);
    for (std::int64_t r = 0; r < count; ++r)
      for (std::int64_t c = 0; c < cols; ++c) y.store_one(edge[r * width + c], row + r, col + c);
  }
}

/// Memory of a thread.
struct Scratch {
  Matrix lines, tiles, panel;
};
Scratch& thread_scratch() {
  thread_local Scratch instance;
  return instance;
}

/// Rows [begin, end) in tiles of the arithmetic's [steps, kTileRows].
template <typename Arithmetic, typename Rows>
const std::uint32_t* tiles_of(const Rows& x, std::int64_t begin, std::int64_t end, std::int64_t first,
                              std::int64_t count, Scratch& memory) {
  constexpr int kTileRows = Arithmetic::kTileRows;
  const std::int64_t steps = (count + Arithmetic::kGroup - 1) / Arithmetic::kGroup;
  const std::int64_t tiles = (end - begin + kTileRows - 1) / kTileRows;
  std::uint32_t* lines = words_of(memory.lines, kTileRows * count);
  std::uint32_t* a = words_of(memory.tiles, tiles * kTileRows * steps);
  const std::uint32_t* rows[kTileRows] = {};
  for (std::int64_t i = begin; i < end; i += kTileRows) {
    const std::int64_t present = std::min<std::int64_t>(kTileRows, end - i);
    for (std::int64_t r = 0; r < present; ++r) rows[r] = x(i + r, first, count, lines + r * count);
    interleave_rows<kTileRows>(rows, present, steps, a + (i - begin) * steps);
  }
  return a;
}

/// Rows [begin, end) of y and its columns [first_col, end_col).
template <typename Arithmetic, typename Rows, typename Panels, typename Sums>
void multiply_part(const Rows& x, const Panels& panels, std::int64_t begin, std::int64_t end,
                   std::int64_t first_col, std::int64_t end_col, const Sums& y) {
  Scratch& memory = thread_scratch();
  const PanelLayout& layout = panels.layout();
  const std::int64_t block = layout.depth, depth = panels.depth(), cols = panels.cols();
  for (std::int64_t first = 0; first < depth; first += block) {
    const std::int64_t count = std::min(block, depth - first);
    const std::int64_t steps = (count + Arithmetic::kGroup - 1) / Arithmetic::kGroup;
    const std::uint32_t* a = tiles_of<Arithmetic>(x, begin, end, first, count, memory);
    const Sums sums = y.of_block(first == 0, first + count == depth);
    for (std::int64_t col = first_col; col < end_col; col += layout.width)
      multiply_block<Arithmetic>(begin, end, steps, a, panels.panel(first, count, col, memory.panel), sums,
                                 col, std::min(layout.width, cols - col));
  }
}

template <typename Arithmetic, typename Rows, typename Panels, typename Sums>
void multiply_all(const Rows& x, const Panels& weight, std::int64_t rows, const Sums& y) {
  const std::int64_t cols = weight.cols(), width = weight.layout().width;
  const std::int64_t panels = (cols + width - 1) / width, threads = num_threads();
  // Each thread its own rows; where there are few, its own columns.
  constexpr std::int64_t kLeastParallel = std::int64_t{1} << 18;
  constexpr std::int64_t kTileRows = Arithmetic::kTileRows, kFewRows = 8 * kTileRows;
  std::int64_t row_parts = (rows + kBlockRows - 1) / kBlockRows, col_parts = 1;
  if (rows >= threads * kFewRows)
    row_parts = (row_parts + threads - 1) / threads * threads;
  else if (rows * cols * weight.depth() >= kLeastParallel)
    col_parts = std::min(panels, threads);
  const std::int64_t tiles = (rows + kTileRows - 1) / kTileRows;
  const std::int64_t part_rows = (tiles + row_parts - 1) / row_parts * kTileRows;
  row_parts = (rows + part_rows - 1) / part_rows;
  parallel_items(row_parts * col_parts, [&](std::int64_t item, int /*thread*/) {
    const std::int64_t row_part = item / col_parts, col_part = item % col_parts;
    multiply_part<Arithmetic>(x, weight, row_part * part_rows, std::min(rows, (row_part + 1) * part_rows),
                              panels * col_part / col_parts * width,
                              panels * (col_part + 1) / col_parts * width, y);
  });
}

}  // namespace

std::int64_t panel_width() {
  return kVectors * static_cast<std::int64_t>(hn::Lanes(FloatTag()));
}

bool has_units(PanelType type) {
#if INCIPIT_UNITS
  switch (type) {
    case PanelType::f32:
      return false;
    case PanelType::bf16:
      return has_bf16_units();
    case PanelType::int8:
      return has_byte_units();
  }
#endif
  (void)type;
  return false;
}

void multiply_panels(PanelType type, const PanelLayout& layout, const std::uint32_t* panels, const float* x,
                     std::int64_t rows, const float* bias, float* y, bool accumulate) {
  const std::int64_t depth = layout.in;
  const BiasedSums sums{y, layout.out, bias, accumulate};
  if (type == PanelType::f32)
    return multiply_all<Floats>(FloatRows{x, depth}, PanelsOf<AsStored>(layout, panels), rows, sums);
#if INCIPIT_UNITS
  if (has_units(PanelType::bf16))
    return multiply_all<Bf16Pairs>(Bf16Rows{x, depth}, PanelsOf<AsStored>(layout, panels), rows, sums);
#endif
  multiply_all<Floats>(RoundedRows{x, depth}, PanelsOf<Bf16AsFloats>(layout, panels), rows, sums);
}

void multiply_transposed_panels(PanelType type, const PanelLayout& layout, const std::uint32_t* panels,
                                const float* dy, std::int64_t rows, float* dx, bool accumulate) {
  const std::int64_t depth = layout.out;
  const BiasedSums sums{dx, layout.in, nullptr, accumulate};
  if (type == PanelType::f32)
    return multiply_all<Floats>(FloatRows{dy, depth}, TransposedPanelsOf<FloatColumns>(layout, panels), rows,
                                sums);
#if INCIPIT_UNITS
  if (has_units(PanelType::bf16))
    return multiply_all<Bf16Pairs>(Bf16Rows{dy, depth}, TransposedPanelsOf<Bf16Columns>(layout, panels), rows,
                                   sums);
#endif
  multiply_all<Floats>(RoundedRows{dy, depth}, TransposedPanelsOf<Bf16AsFloatColumns>(layout, panels), rows,
                       sums);
}

DequantisedSums dequantised(const QuantisedRows& x, const ProductColumns& columns, float* y,
                            bool accumulate) {
  const auto from = [](auto values) { return values.empty() ? nullptr : values.data(); };
  return {y,
          std::ssize(columns.sums),
          x.scales.data(),
          columns.sums.data(),
          from(columns.scales),
          from(columns.bias),
          accumulate};
}

void multiply_bytes(const PanelLayout& layout, const std::uint32_t* panels, const QuantisedRows& x,
                    const ProductColumns& columns, float* y, bool accumulate) {
  const DequantisedSums sums = dequantised(x, columns, y, accumulate);
  const std::int64_t rows = std::ssize(x.scales);
#if INCIPIT_UNITS
  if (has_units(PanelType::int8))
    return multiply_all<ByteQuads>(ByteRows{x.values, layout.in}, PanelsOf<AsStored>(layout, panels), rows,
                                   sums);
#endif
  multiply_all<IntegerPairs>(WideByteRows{x.values, layout.in}, PanelsOf<BytesAsPairs>(layout, panels), rows,
                             sums);
}

void multiply_transposed_bytes(const PanelLayout& layout, const std::uint32_t* panels,
                               const QuantisedRows& dy, const ProductColumns& columns, float* dx,
                               bool accumulate) {
  const DequantisedSums sums = dequantised(dy, columns, dx, accumulate);
  const std::int64_t rows = std::ssize(dy.scales);
#if INCIPIT_UNITS
  if (has_units(PanelType::int8))
    return multiply_all<ByteQuads>(ByteRows{dy.values, layout.out},
                                   TransposedPanelsOf<ByteColumns>(layout, panels), rows, sums);
#endif
  multiply_all<IntegerPairs>(WideByteRows{dy.values, layout.out},
                             TransposedPanelsOf<ByteAsPairColumns>(layout, panels), rows, sums);
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {

HWY_EXPORT(panel_width);
HWY_EXPORT(has_units);
HWY_EXPORT(multiply_panels);
HWY_EXPORT(multiply_transposed_panels);
HWY_EXPORT(multiply_bytes);
HWY_EXPORT(multiply_transposed_bytes);

namespace {

/// Words of an output in a block: enough that little time goes into sums that start anew, and a panel of 32
/// outputs still takes a small part of a second-level cache.
constexpr std::int64_t kDepthWords = 512;

std::int64_t bytes_of(PanelType type) {
  switch (type) {
    case PanelType::f32:
      return 4;
    case PanelType::bf16:
      return 2;
    case PanelType::int8:
      break;
  }
  return 1;
}

PanelLayout layout_of(PanelType type, std::int64_t in, std::int64_t out) {
  const auto width = HWY_DYNAMIC_DISPATCH(panel_width)();
  const std::int64_t group = 4 / bytes_of(type);
  return {in, out, group, width, kDepthWords * group};
}

std::shared_ptr<std::byte> allocate(std::int64_t words) {
  const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(words, 1)) * sizeof(std::uint32_t);
  return {map_pages(bytes), [bytes](std::byte* pages) { unmap_pages(pages, bytes); }};
}

/// numbers(n, first, count, to): numbers [first, first + count) of output n.
template <typename Stored, typename Numbers>
void fill_panels(const PanelLayout& layout, std::byte* memory, Numbers numbers) {
  auto* panels = reinterpret_cast<Stored*>(memory);
  parallel_for(layout.padded_out() / layout.width, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Stored> values(static_cast<std::size_t>(layout.depth));
    for (std::int64_t n = begin * layout.width; n < end * layout.width; ++n)
      for (std::int64_t first = 0; first < layout.in; first += layout.depth) {
        const std::int64_t count = std::min(layout.depth, layout.in - first);
        std::fill(values.begin(), values.end(), Stored{});
        if (n < layout.out) numbers(n, first, count, values.data());
        const std::int64_t word = layout.offset(first, n / layout.width * layout.width) + n % layout.width;
        Stored* to = panels + word * layout.group;
        for (std::int64_t p = 0; p < count; p += layout.group)
          std::copy_n(values.data() + p, layout.group, to + p * layout.width);
      }
  });
}

}  // namespace

std::string panel_layout_name() {
  const PanelLayout layout = layout_of(PanelType::f32, 1, 1);
  return fmt::format("panels of {} by {} words", layout.depth, layout.width);
}

bool has_units_for(PanelType type) {
  return HWY_DYNAMIC_DISPATCH(has_units)(type);
}

Result<PanelWeight> PanelWeight::load(PanelType type, std::int64_t in, std::int64_t out,
                                      ArrayFileReader& packed) {
  const PanelLayout layout = layout_of(type, in, out);
  INCIPIT_TRY(std::shared_ptr<const std::byte> panels,
              packed.take(static_cast<std::size_t>(layout.size()) * sizeof(std::uint32_t)));
  return PanelWeight(type, in, out, std::move(panels));
}

std::span<const std::byte> PanelWeight::bytes() const {
  return {panels_.get(),
          static_cast<std::size_t>(layout_of(type_, in_, out_).size()) * sizeof(std::uint32_t)};
}

PanelWeight::PanelWeight(PanelType type, ConstMatrixView weight)
    : type_(type), in_(weight.cols), out_(weight.rows) {
  const PanelLayout layout = layout_of(type_, in_, out_);
  const std::shared_ptr<std::byte> memory = allocate(layout.size());
  if (type == PanelType::bf16)
    fill_panels<std::uint16_t>(
        layout, memory.get(), [&](std::int64_t n, std::int64_t first, std::int64_t count, std::uint16_t* to) {
          round_to_bf16(weight.row(n) + first, 1, count, to);
        });
  else
    fill_panels<float>(layout, memory.get(),
                       [&](std::int64_t n, std::int64_t first, std::int64_t count, float* to) {
                         std::copy_n(weight.row(n) + first, count, to);
                       });
  panels_ = memory;
}

PanelWeight::PanelWeight(const std::int8_t* values, std::int64_t in, std::int64_t out)
    : type_(PanelType::int8), in_(in), out_(out) {
  const PanelLayout layout = layout_of(type_, in_, out_);
  const std::shared_ptr<std::byte> memory = allocate(layout.size());
  fill_panels<std::int8_t>(layout, memory.get(),
                           [&](std::int64_t n, std::int64_t first, std::int64_t count, std::int8_t* to) {
                             std::copy_n(values + n * in + first, count, to);
                           });
  panels_ = memory;
}

void PanelWeight::multiply(const float* x, std::int64_t rows, std::span<const float> bias, float* y,
                           bool accumulate) const {
  HWY_DYNAMIC_DISPATCH(multiply_panels)
  (type_, layout_of(type_, in_, out_), words(), x, rows, bias.empty() ? nullptr : bias.data(), y, accumulate);
}

void PanelWeight::multiply_transposed(const float* dy, std::int64_t rows, float* dx, bool accumulate) const {
  HWY_DYNAMIC_DISPATCH(multiply_transposed_panels)
  (type_, layout_of(type_, in_, out_), words(), dy, rows, dx, accumulate);
}

void PanelWeight::multiply(const QuantisedRows& x, const ProductColumns& columns, float* y,
                           bool accumulate) const {
  HWY_DYNAMIC_DISPATCH(multiply_bytes)
  (layout_of(type_, in_, out_), words(), x, columns, y, accumulate);
}

void PanelWeight::multiply_transposed(const QuantisedRows& dy, const ProductColumns& columns, float* dx,
                                      bool accumulate) const {
  HWY_DYNAMIC_DISPATCH(multiply_transposed_bytes)
  (layout_of(type_, in_, out_), words(), dy, columns, dx, accumulate);
}

const std::uint32_t* PanelWeight::words() const {
  return reinterpret_cast<const std::uint32_t*>(panels_.get());
}

}  // namespace incipit
#endif
