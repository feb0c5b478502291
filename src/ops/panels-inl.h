// A weight's panels in the words that the arithmetic takes, for either direction; included once for each
// instruction set (see Highway's foreach_target).
#if defined(INCIPIT_OPS_PANELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INCIPIT_OPS_PANELS_INL_H_
#undef INCIPIT_OPS_PANELS_INL_H_
#else
#define INCIPIT_OPS_PANELS_INL_H_
#endif

#include "ops/panel_arithmetic-inl.h"
#include "ops/panel_layout.h"
#include "ops/panel_words-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

// Panels as they stand in memory, of floats, of bf16 numbers (two a word) and of bytes (four).

/// What the arithmetic takes as it stands.
struct AsStored {
  static const std::uint32_t* expanded(const std::uint32_t* panel, std::int64_t /*words*/,
                                       std::int64_t /*width*/, Matrix& /*memory*/) {
    return panel;
  }
};

/// Each row of words becomes `kFactor` rows, whose words expand(word, k) gives.
template <int kFactor, typename Expand>
const std::uint32_t* expand_rows(const std::uint32_t* panel, std::int64_t words, std::int64_t width,
                                 Matrix& memory, Expand expand) {
  const WordTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::uint32_t* out = words_of(memory, words * kFactor);
  for (std::int64_t row = 0; row < words; row += width)
    for (std::int64_t n = 0; n < width; n += lanes) {
      const WordVec word = hn::LoadU(d, panel + row + n);
      for (int k = 0; k < kFactor; ++k) hn::StoreU(expand(word, k), d, out + (row * kFactor + k * width) + n);
    }
  return out;
}

struct Bf16AsFloats {
  static const std::uint32_t* expanded(const std::uint32_t* panel, std::int64_t words, std::int64_t width,
                                       Matrix& memory) {
    return expand_rows<2>(panel, words, width, memory, [](WordVec word, int k) HWY_ATTR {
      return k == 0 ? hn::ShiftLeft<16>(word) : hn::And(word, hn::Set(WordTag(), 0xffff0000u));
    });
  }
};

struct BytesAsPairs {
  static const std::uint32_t* expanded(const std::uint32_t* panel, std::int64_t words, std::int64_t width,
                                       Matrix& memory) {
    return expand_rows<2>(panel, words, width, memory, [](WordVec word, int k) HWY_ATTR {
      const IntegerTag d;
      const auto second = hn::BitCast(d, k == 0 ? hn::ShiftLeft<16>(word) : word);
      const auto even = hn::ShiftRight<24>(hn::ShiftLeft<8>(second)), odd = hn::ShiftRight<24>(second);
      return hn::BitCast(WordTag(), hn::Or(hn::And(even, hn::Set(d, 0xffff)), hn::ShiftLeft<16>(odd)));
    });
  }
};

/// A weight's panels for y = x Wᵀ.
template <typename Expansion>
class PanelsOf {
 public:
  PanelsOf(const PanelLayout& layout, const std::uint32_t* panels) : layout_(layout), panels_(panels) {}
  const PanelLayout& layout() const { return layout_; }
  std::int64_t depth() const { return layout_.in; }
  std::int64_t cols() const { return layout_.out; }

  /// Inputs [first, first + count) by the width's outputs from `col` on.
  const std::uint32_t* panel(std::int64_t first, std::int64_t count, std::int64_t col, Matrix& memory) const {
    const std::int64_t rows = (count + layout_.group - 1) / layout_.group;
    return Expansion::expanded(panels_ + layout_.offset(first, col), rows * layout_.width, layout_.width,
                               memory);
  }

 private:
  PanelLayout layout_;
  const std::uint32_t* panels_;
};

// What four outputs' words t_0 … t_3, each of four words of inputs side by side, become in a panel for dx =
// dy W: rows of outputs, `width` words each, in which the inputs stand side by side.

template <typename D>
HWY_INLINE void store_quad(hn::Vec<D> value, std::uint32_t* to) {
  hn::StoreU(hn::BitCast(QuadTag(), value), QuadTag(), to);
}

struct FloatColumns {
  static constexpr int kGroup = 1;  // outputs a word of the panel has
  static HWY_INLINE void store(Quad t0, Quad t1, Quad t2, Quad t3, std::uint32_t* to, std::int64_t width) {
    const QuadTag d;
    hn::StoreU(t0, d, to);
    hn::StoreU(t1, d, to + width);
    hn::StoreU(t2, d, to + 2 * width);
    hn::StoreU(t3, d, to + 3 * width);
  }
};

struct Bf16AsFloatColumns {
  static constexpr int kGroup = 1;
  static HWY_INLINE void store(Quad t0, Quad t1, Quad t2, Quad t3, std::uint32_t* to, std::int64_t width) {
    const QuadTag d;
    for (const Quad t : {t0, t1, t2, t3}) {
      const Quad even = hn::ShiftLeft<16>(t), odd = hn::And(t, hn::Set(d, 0xffff0000u));
      hn::StoreU(hn::InterleaveLower(d, even, odd), d, to);
      hn::StoreU(hn::InterleaveUpper(d, even, odd), d, to + 4);
      to += width;
    }
  }
};

/// Calls store(integers, k) for each four of 16 bytes.
template <typename Store>
HWY_INLINE void for_each_four(hn::Vec<hn::Repartition<std::int8_t, QuadTag>> bytes, Store store) {
  const hn::Repartition<std::int8_t, QuadTag> d8;
  const hn::FixedTag<std::int16_t, 8> d16;
  const hn::FixedTag<std::int32_t, 4> d32;
  const auto low = hn::PromoteTo(d16, hn::LowerHalf(bytes));
  const auto high = hn::PromoteTo(d16, hn::UpperHalf(hn::Half<decltype(d8)>(), bytes));
  store(hn::PromoteTo(d32, hn::LowerHalf(low)), 0);
  store(hn::PromoteTo(d32, hn::UpperHalf(hn::Half<decltype(d16)>(), low)), 1);
  store(hn::PromoteTo(d32, hn::LowerHalf(high)), 2);
  store(hn::PromoteTo(d32, hn::UpperHalf(hn::Half<decltype(d16)>(), high)), 3);
}

struct BytesAsFloatColumns {
  static constexpr int kGroup = 1;
  static HWY_INLINE void store(Quad t0, Quad t1, Quad t2, Quad t3, std::uint32_t* to, std::int64_t width) {
    const hn::Repartition<std::int8_t, QuadTag> d8;
    const hn::FixedTag<float, 4> floats;
    for (const Quad t : {t0, t1, t2, t3}) {
      for_each_four(hn::BitCast(d8, t), [&](auto integers, int k) HWY_ATTR {
        store_quad<decltype(floats)>(hn::ConvertTo(floats, integers), to + 4 * k);
      });
      to += width;
    }
  }
};

struct Bf16Columns {
  static constexpr int kGroup = 2;
  static HWY_INLINE void store(Quad t0, Quad t1, Quad t2, Quad t3, std::uint32_t* to, std::int64_t width) {
    const hn::Repartition<std::uint16_t, QuadTag> d;
    const auto put = [&](Quad even, Quad odd, std::uint32_t* row) HWY_ATTR {
      const auto a = hn::BitCast(d, even), b = hn::BitCast(d, odd);
      store_quad<decltype(d)>(hn::InterleaveLower(d, a, b), row);
      store_quad<decltype(d)>(hn::InterleaveUpper(d, a, b), row + 4);
    };
    put(t0, t1, to);
    put(t2, t3, to + width);
  }
};

struct BytesAsBf16Columns {
  static constexpr int kGroup = 2;
  static HWY_INLINE void store(Quad t0, Quad t1, Quad t2, Quad t3, std::uint32_t* to, std::int64_t width) {
    const QuadTag d;
    const hn::Repartition<std::int8_t, QuadTag> d8;
    const hn::FixedTag<float, 4> floats;
    // f32 numbers this small have zeros where bf16 has no bits.
    const auto put = [&](Quad even, Quad odd, std::uint32_t* row) HWY_ATTR {
      for_each_four(hn::BitCast(d8, even), [&](auto integers, int k) HWY_ATTR {
        const Quad low = hn::ShiftRight<16>(hn::BitCast(d, hn::ConvertTo(floats, integers)));
        hn::StoreU(low, d, row + 4 * k);
      });
      for_each_four(hn::BitCast(d8, odd), [&](auto integers, int k) HWY_ATTR {
        const Quad high = hn::BitCast(d, hn::ConvertTo(floats, integers));
        hn::StoreU(hn::Or(high, hn::LoadU(d, row + 4 * k)), d, row + 4 * k);
      });
    };
    put(t0, t1, to);
    put(t2, t3, to + width);
  }
};

/// The same weight's panels for dx = dy W.
template <typename Columns>
class TransposedPanelsOf {
 public:
  TransposedPanelsOf(const PanelLayout& layout, const std::uint32_t* panels)
      : layout_(layout), panels_(panels) {}
  const PanelLayout& layout() const { return layout_; }
  std::int64_t depth() const { return layout_.out; }
  std::int64_t cols() const { return layout_.in; }

  /// Outputs [first, first + count) by the width's inputs from `col` on.
  const std::uint32_t* panel(std::int64_t first, std::int64_t count, std::int64_t col, Matrix& memory) const {
    static constexpr std::uint32_t kNothing[kVectors * HWY_MAX_BYTES / sizeof(std::uint32_t)] = {};
    const std::int64_t width = layout_.width, group = layout_.group;
    std::uint32_t* out = words_of(memory, (count + 3) / 4 * 4 / Columns::kGroup * width);
    const std::int64_t block_end = std::min(layout_.padded_in(), (col / layout_.depth + 1) * layout_.depth);
    const std::int64_t rows = std::min(width, block_end - col) / group;
    for (std::int64_t n = 0; n < count; n += width) {
      const std::uint32_t* from = panels_ + layout_.offset(col, first + n);
      const std::int64_t outputs = std::min(width, count - n);
      for (std::int64_t j = 0; j < width / group; j += 4) {
        const auto row = [&](std::int64_t r) HWY_ATTR { return r < rows ? from + r * width : kNothing; };
        const std::uint32_t *r0 = row(j), *r1 = row(j + 1), *r2 = row(j + 2), *r3 = row(j + 3);
        std::uint32_t* to = out + n / Columns::kGroup * width + j * group;
        for (std::int64_t o = 0; o < outputs; o += 4) {
          transpose_quads(r0 + o, r1 + o, r2 + o, r3 + o, [&](Quad t0, Quad t1, Quad t2, Quad t3) HWY_ATTR {
            Columns::store(t0, t1, t2, t3, to, width);
          });
          to += 4 / Columns::kGroup * width;
        }
      }
    }
    return out;
  }

 private:
  PanelLayout layout_;
  const std::uint32_t* panels_;
};

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
