#include "ops/panel_weight.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <hwy/cache_control.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "ops/narrow.h"
#include "ops/panel_layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/panel_weight.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3
constexpr std::int64_t kRegisters = 32;
#else
constexpr std::int64_t kRegisters = 16;
#endif
/// Rows whose part of x the second-level cache holds, about.
constexpr std::int64_t kBlockRows = 384;
/// Keeps rows of a block out of each other's cache sets.
constexpr std::int64_t kRowGap = 16;

std::int64_t vector_lanes() {
  return static_cast<std::int64_t>(hn::Lanes(FloatTag()));
}

// Numbers of a panel as f32.
template <typename D>
HWY_INLINE hn::Vec<D> load_floats(D d, const float* from) {
  return hn::LoadU(d, from);
}
template <typename D>
HWY_INLINE hn::Vec<D> load_floats(D d, const hwy::bfloat16_t* from) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<hwy::bfloat16_t, D>(), from));
}
template <typename D>
HWY_INLINE hn::Vec<D> load_floats(D d, const std::int8_t* from) {
  const hn::Rebind<std::int32_t, D> integers;
  return hn::ConvertTo(d, hn::PromoteTo(integers, hn::LoadU(hn::Rebind<std::int8_t, D>(), from)));
}

/// Numbers one at a time.
struct Floats {
  using Number = float;
  /// Rows of a tile: as many as leave registers for two vectors of a panel and numbers of x.
  static constexpr std::int64_t kTileRows = kRegisters / 2 - 2;
  static HWY_INLINE FloatVec multiply_add(FloatVec x, FloatVec weight, FloatVec sum) {
    return hn::MulAdd(x, weight, sum);
  }
};

/// 16-bit numbers two at a time, summed in 32 bits.
struct IntegerPairs {
  using Number = std::int32_t;
  static constexpr std::int64_t kTileRows = kRegisters / 4;  // each product needs a register too
  using Tag = hn::ScalableTag<std::int32_t>;
  static HWY_INLINE hn::Vec<Tag> multiply_add(hn::Vec<Tag> x, hn::Vec<Tag> weight, hn::Vec<Tag> sum) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
    const hn::Repartition<std::int16_t, Tag> halves;
    hn::Vec<Tag> unused = hn::Zero(Tag());
    return hn::ReorderWidenMulAccumulate(Tag(), hn::BitCast(halves, x), hn::BitCast(halves, weight), sum,
                                         unused);
#else
    // Not every ReorderWidenMulAccumulate keeps the pairs together.
    const auto low = [](hn::Vec<Tag> v) HWY_ATTR { return hn::ShiftRight<16>(hn::ShiftLeft<16>(v)); };
    const auto high = [](hn::Vec<Tag> v) HWY_ATTR { return hn::ShiftRight<16>(v); };
    return hn::Add(sum, hn::Add(hn::Mul(low(x), low(weight)), hn::Mul(high(x), high(weight))));
#endif
  }
};

/// c [kRows, two vectors] (+)= a [kRows, depth] times a panel [depth, two vectors].
template <typename Arithmetic, int kRows, typename Number = typename Arithmetic::Number>
HWY_INLINE void multiply_panel(std::int64_t depth, const Number* HWY_RESTRICT a, std::int64_t a_stride,
                               const Number* HWY_RESTRICT panel, Number* HWY_RESTRICT c,
                               std::int64_t c_stride, const Number* bias, bool accumulate) {
  const hn::ScalableTag<Number> d;
  using Vec = hn::Vec<decltype(d)>;
  const std::int64_t lanes = vector_lanes();
  Vec sum0[kRows], sum1[kRows];
  for (int i = 0; i < kRows; ++i) {
    sum0[i] = accumulate ? hn::LoadU(d, c + i * c_stride) : hn::Zero(d);
    sum1[i] = accumulate ? hn::LoadU(d, c + i * c_stride + lanes) : hn::Zero(d);
  }
  for (std::int64_t p = 0; p < depth; ++p) {
    const Vec b0 = hn::LoadU(d, panel), b1 = hn::LoadU(d, panel + lanes);
    panel += 2 * lanes;
    for (int i = 0; i < kRows; ++i) {
      const Vec x = hn::Set(d, a[i * a_stride + p]);
      sum0[i] = Arithmetic::multiply_add(x, b0, sum0[i]);
      sum1[i] = Arithmetic::multiply_add(x, b1, sum1[i]);
    }
  }
  const Vec bias0 = bias != nullptr ? hn::LoadU(d, bias) : hn::Zero(d);
  const Vec bias1 = bias != nullptr ? hn::LoadU(d, bias + lanes) : hn::Zero(d);
  for (int i = 0; i < kRows; ++i) {
    hn::StoreU(hn::Add(sum0[i], bias0), d, c + i * c_stride);
    hn::StoreU(hn::Add(sum1[i], bias1), d, c + i * c_stride + lanes);
  }
}

template <typename Arithmetic, int kRows, typename Number = typename Arithmetic::Number>
void multiply_rows(std::int64_t rows, std::int64_t depth, const Number* a, std::int64_t a_stride,
                   const Number* panel, Number* c, std::int64_t c_stride, const Number* bias,
                   bool accumulate) {
  if (rows == kRows) {
    multiply_panel<Arithmetic, kRows>(depth, a, a_stride, panel, c, c_stride, bias, accumulate);
    return;
  }
  if constexpr (kRows > 1)
    multiply_rows<Arithmetic, kRows - 1>(rows, depth, a, a_stride, panel, c, c_stride, bias, accumulate);
}

/// The columns of c that a panel gives, of a block of rows; `cols` of them exist.
template <typename Arithmetic, typename Number = typename Arithmetic::Number>
void multiply_block(std::int64_t rows, std::int64_t depth, const Number* a, std::int64_t a_stride,
                    const Number* panel, Number* c, std::int64_t c_stride, std::int64_t cols,
                    const Number* bias, bool accumulate) {
  const std::int64_t width = 2 * vector_lanes();
  constexpr std::int64_t kMostLanes = HWY_MAX_BYTES / sizeof(Number), kTileRows = Arithmetic::kTileRows;
  HWY_ALIGN Number edge[kTileRows * 2 * kMostLanes];
  HWY_ALIGN Number edge_bias[2 * kMostLanes] = {};
  if (cols < width && bias != nullptr) std::copy_n(bias, cols, edge_bias);
  for (std::int64_t i = 0; i < rows; i += kTileRows) {
    const std::int64_t count = std::min(kTileRows, rows - i);
    Number* out = c + i * c_stride;
    if (cols == width) {
      multiply_rows<Arithmetic, kTileRows>(count, depth, a + i * a_stride, a_stride, panel, out, c_stride,
                                           bias, accumulate);
      continue;
    }
    for (std::int64_t r = 0; r < count && accumulate; ++r)
      std::copy_n(out + r * c_stride, cols, edge + r * width);
    multiply_rows<Arithmetic, kTileRows>(count, depth, a + i * a_stride, a_stride, panel, edge, width,
                                         edge_bias, accumulate);
    for (std::int64_t r = 0; r < count; ++r) std::copy_n(edge + r * width, cols, out + r * c_stride);
  }
}

/// Memory of a thread, grown as needed.
template <typename Number>
Number* scratch(Matrix& memory, std::int64_t size) {
  static_assert(sizeof(Number) == sizeof(float));
  memory.resize(1, size);
  return reinterpret_cast<Number*>(memory.data());
}
struct Scratch {
  Matrix rows, panel;
};
Scratch& thread_scratch() {
  thread_local Scratch instance;
  return instance;
}

/// Panels as f32: where they are, or converted into scratch memory.
const float* as_floats(const float* panel, std::int64_t /*size*/, Matrix& /*memory*/) {
  return panel;
}
template <typename Stored>
const float* as_floats(const Stored* panel, std::int64_t size, Matrix& memory) {
  const FloatTag d;
  float* out = scratch<float>(memory, size);
  for (std::int64_t i = 0; i < size; i += vector_lanes()) hn::StoreU(load_floats(d, panel + i), d, out + i);
  return out;
}

/// to [4, 4 of to_stride] = the transpose of from [4, 4 of from_stride].
template <typename Stored>
HWY_INLINE void transpose_tile(const Stored* from, std::int64_t from_stride, float* to,
                               std::int64_t to_stride) {
#if HWY_TARGET == HWY_SCALAR
  const FloatTag d;
  for (std::int64_t i = 0; i < 4; ++i)
    for (std::int64_t j = 0; j < 4; ++j)
      hn::StoreU(load_floats(d, from + i * from_stride + j), d, to + j * to_stride + i);
#else
  const hn::FixedTag<float, 4> d;
  const hn::Repartition<double, decltype(d)> pairs;
  const auto row = [&](std::int64_t i) HWY_ATTR { return load_floats(d, from + i * from_stride); };
  const auto low = [&](auto a, auto b) HWY_ATTR { return hn::BitCast(pairs, hn::InterleaveLower(d, a, b)); };
  const auto high = [&](auto a, auto b) HWY_ATTR { return hn::BitCast(pairs, hn::InterleaveUpper(d, a, b)); };
  const auto store = [&](auto value, std::int64_t j)
                         HWY_ATTR { hn::StoreU(hn::BitCast(d, value), d, to + j * to_stride); };
  const auto r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3);
  const auto low01 = low(r0, r1), low23 = low(r2, r3), high01 = high(r0, r1), high23 = high(r2, r3);
  store(hn::InterleaveLower(pairs, low01, low23), 0);
  store(hn::InterleaveUpper(pairs, low01, low23), 1);
  store(hn::InterleaveLower(pairs, high01, high23), 2);
  store(hn::InterleaveUpper(pairs, high01, high23), 3);
#endif
}

/// What floats are multiplied by, whichever the direction.
template <typename Stored>
class FloatProduct {
 public:
  using Arithmetic = Floats;
  using Input = float;

  FloatProduct(const PanelLayout& layout, const std::byte* panels, bool transposed)
      : layout_(layout), panels_(reinterpret_cast<const Stored*>(panels)), transposed_(transposed) {}

  const PanelLayout& layout() const { return layout_; }
  std::int64_t depth() const { return transposed_ ? layout_.out : layout_.in; }
  std::int64_t cols() const { return transposed_ ? layout_.in : layout_.out; }
  /// Steps of the arithmetic that `count` numbers take.
  static std::int64_t steps(std::int64_t count) { return count; }

  static void copy_row(const float* x, std::int64_t count, float* to) {
    std::memcpy(to, x, static_cast<std::size_t>(count) * sizeof(float));
  }

  /// Rows `first` to `first + count` of the block of columns that start at `col`, as f32: [count, width].
  const float* panel(std::int64_t first, std::int64_t count, std::int64_t col, Matrix& memory) const {
    if (!transposed_) return as_floats(panels_ + layout_.offset(first, col), count * layout_.width, memory);
    // Tiles of four may end beyond the last row.
    float* out = scratch<float>(memory, (count + 3) * layout_.width);
    const std::int64_t block_end = std::min(layout_.in, (col / layout_.depth + 1) * layout_.depth);
    const std::int64_t whole = std::min(layout_.width, block_end - col) / 4 * 4;
    for (std::int64_t n = 0; n < count; n += layout_.width) {
      // [in, width]: a row an input, from `col` on.
      const Stored* from = panels_ + layout_.offset(col, first + n);
      const std::int64_t rows = std::min(layout_.width, count - n);
      // The next columns' part of this panel, which no prefetcher foresees.
      for (std::int64_t j = 0; j < layout_.width; ++j)
        hwy::Prefetch(from + (layout_.width + j) * layout_.width);
      for (std::int64_t i = 0; i < rows; i += 4) {
        float* to = out + (n + i) * layout_.width;
        for (std::int64_t j = 0; j < whole; j += 4)
          transpose_tile(from + j * layout_.width + i, layout_.width, to + j, layout_.width);
      }
      transpose_rest(from, rows, whole, std::min(layout_.width, block_end - col), out + n * layout_.width);
    }
    return out;
  }

 private:
  /// The inputs that no four are left of; zeros where the matrix has ended.
  void transpose_rest(const Stored* from, std::int64_t rows, std::int64_t begin, std::int64_t end,
                      float* to) const {
    const hn::CappedTag<float, 1> one;
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = begin; j < layout_.width; ++j)
        to[i * layout_.width + j] =
            j < end ? hn::GetLane(load_floats(one, from + j * layout_.width + i)) : 0.0f;
  }

  PanelLayout layout_;
  const Stored* panels_;
  bool transposed_;
};

/// What bytes are multiplied by.
class IntegerProduct {
 public:
  using Arithmetic = IntegerPairs;
  using Input = std::uint8_t;

  IntegerProduct(const PanelLayout& layout, const std::byte* panels)
      : layout_(layout), panels_(reinterpret_cast<const std::int8_t*>(panels)) {}

  const PanelLayout& layout() const { return layout_; }
  std::int64_t depth() const { return layout_.in; }
  std::int64_t cols() const { return layout_.out; }
  static std::int64_t steps(std::int64_t count) { return (count + 1) / 2; }

  static void copy_row(const std::uint8_t* x, std::int64_t count, std::int32_t* to) {
    for (std::int64_t p = 0; p < count / 2; ++p)
      to[p] = static_cast<std::int32_t>(x[2 * p] | static_cast<std::uint32_t>(x[2 * p + 1]) << 16);
    if (count % 2 != 0) to[count / 2] = x[count - 1];
  }

  /// [steps(count), width]: of every output two inputs, as 16-bit numbers side by side.
  const std::int32_t* panel(std::int64_t first, std::int64_t count, std::int64_t col, Matrix& memory) const {
    const std::int64_t width = layout_.width;
    auto* out = scratch<std::int32_t>(memory, steps(count) * width);
    const std::int8_t* from = panels_ + layout_.offset(first, col);
    static constexpr std::int8_t kZeros[2 * HWY_MAX_BYTES] = {};
    for (std::int64_t p = 0; p < count; p += 2)
      interleave(from + p * width, p + 1 < count ? from + (p + 1) * width : kZeros,
                 reinterpret_cast<std::int16_t*>(out + p / 2 * width));
    return out;
  }

 private:
  void interleave(const std::int8_t* even, const std::int8_t* odd, std::int16_t* to) const {
    std::int64_t n = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::FixedTag<std::int8_t, 16> d;
    const hn::FixedTag<std::int16_t, 8> halves;
    for (; n + 16 <= layout_.width; n += 16) {
      const auto a = hn::LoadU(d, even + n), b = hn::LoadU(d, odd + n);
      for (const auto pairs : {hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)}) {
        hn::StoreU(hn::PromoteTo(halves, hn::LowerHalf(pairs)), halves, to);
        hn::StoreU(hn::PromoteTo(halves, hn::UpperHalf(hn::Half<decltype(d)>(), pairs)), halves, to + 8);
        to += 16;
      }
    }
#endif
    for (; n < layout_.width; ++n) {
      *to++ = even[n];
      *to++ = odd[n];
    }
  }

  PanelLayout layout_;
  const std::int8_t* panels_;
};

/// Rows [begin, end) of y and its columns [first_col, end_col).
template <typename Product, typename Number = typename Product::Arithmetic::Number>
void multiply_part(const Product& product, const typename Product::Input* x, std::int64_t begin,
                   std::int64_t end, std::int64_t first_col, std::int64_t end_col,
                   std::span<const Number> bias, Number* y, bool accumulate) {
  Scratch& memory = thread_scratch();
  const PanelLayout& layout = product.layout();
  const std::int64_t depth = product.depth(), cols = product.cols();
  for (std::int64_t first = 0; first < depth; first += layout.depth) {
    const std::int64_t count = std::min(layout.depth, depth - first), steps = Product::steps(count);
    const std::int64_t stride = steps + kRowGap;
    auto* a = scratch<Number>(memory.rows, (end - begin) * stride);
    for (std::int64_t i = begin; i < end; ++i)
      Product::copy_row(x + i * depth + first, count, a + (i - begin) * stride);
    const bool is_last = first + count == depth;
    for (std::int64_t col = first_col; col < end_col; col += layout.width)
      multiply_block<typename Product::Arithmetic>(
          end - begin, steps, a, stride, product.panel(first, count, col, memory.panel),
          y + begin * cols + col, cols, std::min(layout.width, cols - col),
          is_last && !bias.empty() ? bias.data() + col : nullptr, accumulate || first > 0);
  }
}

template <typename Product, typename Number = typename Product::Arithmetic::Number>
void multiply_all(const Product& product, const typename Product::Input* x, std::int64_t rows,
                  std::span<const Number> bias, Number* y, bool accumulate) {
  const std::int64_t cols = product.cols(), width = product.layout().width;
  const std::int64_t panels = (cols + width - 1) / width, threads = num_threads();
  // Each thread its own rows; where there are few, its own columns.
  constexpr std::int64_t kLeastParallel = std::int64_t{1} << 18;
  constexpr std::int64_t kTileRows = Product::Arithmetic::kTileRows, kFewRows = 8 * kTileRows;
  std::int64_t row_parts = (rows + kBlockRows - 1) / kBlockRows, col_parts = 1;
  if (rows >= threads * kFewRows)
    row_parts = (row_parts + threads - 1) / threads * threads;
  else if (rows * cols * product.depth() >= kLeastParallel)
    col_parts = std::min(panels, 2 * threads);
  const std::int64_t tiles = (rows + kTileRows - 1) / kTileRows;
  const std::int64_t part_rows = (tiles + row_parts - 1) / row_parts * kTileRows;
  row_parts = (rows + part_rows - 1) / part_rows;
  parallel_items(row_parts * col_parts, [&](std::int64_t item, int /*thread*/) {
    const std::int64_t row_part = item / col_parts, col_part = item % col_parts;
    multiply_part(product, x, row_part * part_rows, std::min(rows, (row_part + 1) * part_rows),
                  panels * col_part / col_parts * width, panels * (col_part + 1) / col_parts * width, bias, y,
                  accumulate);
  });
}

}  // namespace

std::int64_t panel_width() {
  return 2 * vector_lanes();
}

void multiply_panels(PanelType type, const PanelLayout& layout, const std::byte* panels, bool transposed,
                     const float* x, std::int64_t rows, std::span<const float> bias, float* y,
                     bool accumulate) {
  const auto run = [&]<typename Stored>(std::type_identity<Stored>) {
    multiply_all(FloatProduct<Stored>(layout, panels, transposed), x, rows, bias, y, accumulate);
  };
  switch (type) {
    case PanelType::f32:
      return run(std::type_identity<float>());
    case PanelType::bf16:
      return run(std::type_identity<hwy::bfloat16_t>());
    case PanelType::int8:
      return run(std::type_identity<std::int8_t>());
  }
}

void multiply_bytes(const PanelLayout& layout, const std::byte* panels, const std::uint8_t* x,
                    std::int64_t rows, std::int32_t* y) {
  multiply_all(IntegerProduct(layout, panels), x, rows, std::span<const std::int32_t>(), y, false);
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {

HWY_EXPORT(panel_width);
HWY_EXPORT(multiply_panels);
HWY_EXPORT(multiply_bytes);

namespace {

/// Of a panel's block: half of a first-level cache of 32 KiB at 16 outputs, all of it at 32.
constexpr std::int64_t kPanelNumbers = 8192;

PanelLayout layout_of(std::int64_t in, std::int64_t out) {
  const auto width = HWY_DYNAMIC_DISPATCH(panel_width)();
  return {in, out, width, kPanelNumbers / width};
}

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

std::shared_ptr<std::byte> allocate(std::int64_t size) {
  const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(size, 1));
  return {map_pages(bytes), [bytes](std::byte* pages) { unmap_pages(pages, bytes); }};
}

/// rows(n, first, count, to): numbers [first, first + count) of output n.
template <typename Stored, typename Rows>
void fill_panels(const PanelLayout& layout, std::byte* memory, Rows rows) {
  auto* panels = reinterpret_cast<Stored*>(memory);
  parallel_for(layout.padded_out() / layout.width, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Stored> values(static_cast<std::size_t>(layout.depth));
    for (std::int64_t n = begin * layout.width; n < end * layout.width; ++n)
      for (std::int64_t first = 0; first < layout.in; first += layout.depth) {
        const std::int64_t count = std::min(layout.depth, layout.in - first);
        if (n < layout.out)
          rows(n, first, count, values.data());
        else
          std::fill(values.begin(), values.end(), Stored{});
        Stored* to = panels + layout.offset(first, n / layout.width * layout.width) + n % layout.width;
        for (std::int64_t p = 0; p < count; ++p) to[p * layout.width] = values[static_cast<std::size_t>(p)];
      }
  });
}

}  // namespace

std::string panel_layout_name() {
  const PanelLayout layout = layout_of(1, 1);
  return fmt::format("panels of {} by {}", layout.depth, layout.width);
}

Result<PanelWeight> PanelWeight::load(PanelType type, std::int64_t in, std::int64_t out,
                                      ArrayFileReader& packed) {
  INCIPIT_TRY(std::shared_ptr<const std::byte> panels,
              packed.take(static_cast<std::size_t>(layout_of(in, out).size() * bytes_of(type))));
  return PanelWeight(type, in, out, std::move(panels));
}

std::span<const std::byte> PanelWeight::bytes() const {
  return {panels_.get(), static_cast<std::size_t>(layout_of(in_, out_).size() * bytes_of(type_))};
}

PanelWeight::PanelWeight(PanelType type, ConstMatrixView weight)
    : type_(type), in_(weight.cols), out_(weight.rows) {
  const PanelLayout layout = layout_of(in_, out_);
  const std::shared_ptr<std::byte> memory = allocate(layout.size() * bytes_of(type));
  if (type == PanelType::bf16)
    fill_panels<std::uint16_t>(
        layout, memory.get(), [&](std::int64_t n, std::int64_t first, std::int64_t count, std::uint16_t* to) {
          round_to_bf16(weight.row(n) + first, 1, count, {}, to);
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
  const PanelLayout layout = layout_of(in_, out_);
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
  (type_, layout_of(in_, out_), panels_.get(), false, x, rows, bias, y, accumulate);
}

void PanelWeight::multiply(const std::uint8_t* x, std::int64_t rows, std::int32_t* y) const {
  HWY_DYNAMIC_DISPATCH(multiply_bytes)(layout_of(in_, out_), panels_.get(), x, rows, y);
}

void PanelWeight::multiply_transposed(const float* dy, std::int64_t rows, float* dx, bool accumulate) const {
  HWY_DYNAMIC_DISPATCH(multiply_panels)
  (type_, layout_of(in_, out_), panels_.get(), true, dy, rows, {}, dx, accumulate);
}

}  // namespace incipit
#endif
