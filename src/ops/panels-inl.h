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

/// The first two (k = 0) or last two bytes of words, as 16-bit numbers.
template <class D, class Words = hn::Vec<D>>
HWY_INLINE Words bytes_as_pairs(D d, Words word, int k) {
  const hn::RebindToSigned<D> di;
  const auto second = hn::BitCast(di, k == 0 ? hn::ShiftLeft<16>(word) : word);
  const auto even = hn::ShiftRight<24>(hn::ShiftLeft<8>(second)), odd = hn::ShiftRight<24>(second);
  return hn::BitCast(d, hn::Or(hn::And(even, hn::Set(di, 0xffff)), hn::ShiftLeft<16>(odd)));
}

struct BytesAsPairs {
  static const std::uint32_t* expanded(const std::uint32_t* panel, std::int64_t words, std::int64_t width,
                                       Matrix& memory) {
    return expand_rows<2>(panel, words, width, memory,
                          [](WordVec word, int k) HWY_ATTR { return bytes_as_pairs(WordTag(), word, k); });
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

// What four rows' words of four outputs become in a panel for dx = dy W: rows of outputs, `width` words each,
// in which the inputs stand side by side. A row of words has one, two or four inputs of each output.

template <typename D>
HWY_INLINE void store_quad(hn::Vec<D> value, std::uint32_t* to) {
  hn::StoreU(hn::BitCast(QuadTag(), value), QuadTag(), to);
}

struct FloatColumns {
  static constexpr int kGroup = 1;  // outputs a word of the panel has
  static HWY_INLINE void put(const std::uint32_t* const (&rows)[4], std::uint32_t* to, std::int64_t width) {
    transpose_quads(rows[0], rows[1], rows[2], rows[3], [&](Quad t0, Quad t1, Quad t2, Quad t3) HWY_ATTR {
      const QuadTag d;
      hn::StoreU(t0, d, to);
      hn::StoreU(t1, d, to + width);
      hn::StoreU(t2, d, to + 2 * width);
      hn::StoreU(t3, d, to + 3 * width);
    });
  }
};

struct Bf16AsFloatColumns {
  static constexpr int kGroup = 1;
  static HWY_INLINE void put(const std::uint32_t* const (&rows)[4], std::uint32_t* to, std::int64_t width) {
    transpose_quads(rows[0], rows[1], rows[2], rows[3], [&](Quad t0, Quad t1, Quad t2, Quad t3) HWY_ATTR {
      const QuadTag d;
      std::uint32_t* row = to;
      for (const Quad t : {t0, t1, t2, t3}) {
        const Quad even = hn::ShiftLeft<16>(t), odd = hn::And(t, hn::Set(d, 0xffff0000u));
        hn::StoreU(hn::InterleaveLower(d, even, odd), d, row);
        hn::StoreU(hn::InterleaveUpper(d, even, odd), d, row + 4);
        row += width;
      }
    });
  }
};

struct Bf16Columns {
  static constexpr int kGroup = 2;
  static HWY_INLINE void put(const std::uint32_t* const (&rows)[4], std::uint32_t* to, std::int64_t width) {
    transpose_quads(rows[0], rows[1], rows[2], rows[3], [&](Quad t0, Quad t1, Quad t2, Quad t3) HWY_ATTR {
      const hn::Repartition<std::uint16_t, QuadTag> d;
      const auto put_pair = [&](Quad even, Quad odd, std::uint32_t* row) HWY_ATTR {
        const auto a = hn::BitCast(d, even), b = hn::BitCast(d, odd);
        store_quad<decltype(d)>(hn::InterleaveLower(d, a, b), row);
        store_quad<decltype(d)>(hn::InterleaveUpper(d, a, b), row + 4);
      };
      put_pair(t0, t1, to);
      put_pair(t2, t3, to + width);
    });
  }
};

/// Of four outputs' words of four inputs: four inputs' words of four outputs.
HWY_INLINE Quad transpose_bytes(const std::uint32_t* row) {
  alignas(16) static constexpr std::uint8_t kOrder[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                          2, 6, 10, 14, 3, 7, 11, 15};
  const hn::Repartition<std::uint8_t, QuadTag> d8;
  const auto bytes = hn::BitCast(d8, hn::LoadU(QuadTag(), row));
  return hn::BitCast(QuadTag(), hn::TableLookupBytes(bytes, hn::Load(d8, kOrder)));
}

struct ByteColumns {
  static constexpr int kGroup = 4;
  static HWY_INLINE void put(const std::uint32_t* const (&rows)[4], std::uint32_t* to,
                             std::int64_t /*width*/) {
    for (int r = 0; r < 4; ++r) hn::StoreU(transpose_bytes(rows[r]), QuadTag(), to + 4 * r);
  }
};

struct ByteAsPairColumns {
  static constexpr int kGroup = 2;
  static HWY_INLINE void put(const std::uint32_t* const (&rows)[4], std::uint32_t* to, std::int64_t width) {
    for (int r = 0; r < 4; ++r) {
      const Quad word = transpose_bytes(rows[r]);
      for (int k = 0; k < 2; ++k)
        store_quad<QuadTag>(bytes_as_pairs(QuadTag(), word, k), to + 4 * r + k * width);
    }
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
          Columns::put({r0 + o, r1 + o, r2 + o, r3 + o}, to, width);
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
