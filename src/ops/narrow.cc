#include "ops/narrow.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/narrow.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/narrow-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

void rounded_row(const float* x, std::int64_t width, std::uint16_t* out) {
  row_to_bf16(x, width, out);
}

void widened_row(const std::uint16_t* bits, std::int64_t width, float* out) {
  widen_row(bits, width, out);
}

/// The least and greatest of a row and 0, and a sum that is 0, or NaN where a number is not finite.
struct Extent {
  float low, high, finite;
};

/// load(i, load_vector): the row's numbers from i on.
template <typename Load>
HWY_INLINE Extent extent_of(std::int64_t width, Load load) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  FloatVec low = hn::Zero(d), high = hn::Zero(d);
  auto size = hn::Zero(di);  // bits of the largest; those of what is not finite are larger still
  for_each_vector(width, [&](std::int64_t i, auto load_vector, auto) HWY_ATTR {
    const FloatVec value = load(i, load_vector);
    low = hn::Min(low, value);
    high = hn::Max(high, value);
    size = hn::Max(size, hn::BitCast(di, hn::Abs(value)));
  });
  const float largest = hn::GetLane(hn::BitCast(d, hn::MaxOfLanes(di, size)));
  return {hn::GetLane(hn::MinOfLanes(d, low)), hn::GetLane(hn::MaxOfLanes(d, high)), largest * 0.0f};
}

template <typename Load>
HWY_INLINE void quantise(std::int64_t width, Load load, std::uint8_t* out, RowScale* scale) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  const hn::Rebind<std::uint8_t, FloatTag> narrow;
  const FloatVec kWhole = hn::Set(d, 0x1p23f);  // added to a whole number, it leaves this in the lowest bits
  const Extent extent = extent_of(width, load);
  scale->scale = (extent.high - extent.low) / 255.0f + extent.finite;
  const float inverse =
      scale->scale > 0 ? 1.0f / scale->scale : 0.0f;  // a NaN's 0 makes values of no meaning
  const float zero = std::nearbyint(-extent.low * inverse);
  scale->zero = zero >= 0 && zero <= 255 ? static_cast<std::int32_t>(zero) : 0;
  narrow_row(width, out, [&](std::int64_t i, auto load_vector) HWY_ATTR {
    const FloatVec steps = hn::Round(hn::Mul(load(i, load_vector), hn::Set(d, inverse)));
    const FloatVec value = hn::Max(hn::Add(steps, hn::Set(d, zero)), hn::Zero(d));
    return hn::TruncateTo(narrow, hn::BitCast(du, hn::Add(hn::Min(value, hn::Set(d, 255.0f)), kWhole)));
  });
}

void quantise_row(const float* x, const float* factors, std::int64_t width, std::uint8_t* out,
                  RowScale* scale) {
  if (factors == nullptr)
    quantise(
        width, [x](std::int64_t i, auto load) HWY_ATTR { return load(x + i); }, out, scale);
  else
    quantise(
        width,
        [x, factors](std::int64_t i, auto load) HWY_ATTR { return hn::Mul(load(x + i), load(factors + i)); },
        out, scale);
}

void quantise_channel(const float* weight, std::int64_t in, std::int8_t* out, float* scale) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  const hn::Rebind<std::int8_t, FloatTag> narrow;
  const Extent extent =
      extent_of(in, [weight](std::int64_t i, auto load) HWY_ATTR { return load(weight + i); });
  *scale = std::max(-extent.low, extent.high) / 127.0f + extent.finite;
  const float inverse = *scale > 0 ? 1.0f / *scale : 0.0f;
  narrow_row(in, out, [&](std::int64_t i, auto load) HWY_ATTR {
    return hn::DemoteTo(narrow, hn::ConvertTo(di, hn::Round(hn::Mul(load(weight + i), hn::Set(d, inverse)))));
  });
}

void dequantise_row(const std::int32_t* products, RowScale scale, const ProductColumns& columns, float* y,
                    bool accumulate) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  const std::int32_t* sums = columns.sums.data();
  for_each_vector(std::ssize(columns.sums), [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const auto integers = [&](const std::int32_t* from) HWY_ATTR {
      return hn::BitCast(di, load(reinterpret_cast<const float*>(from)));
    };
    const auto value = hn::Sub(integers(products + i), hn::Mul(hn::Set(di, scale.zero), integers(sums + i)));
    FloatVec factor = hn::Set(d, scale.scale);
    if (!columns.scales.empty()) factor = hn::Mul(factor, load(columns.scales.data() + i));
    FloatVec added = columns.bias.empty() ? hn::Zero(d) : load(columns.bias.data() + i);
    if (accumulate) added = hn::Add(added, load(y + i));
    store(hn::MulAdd(factor, hn::ConvertTo(d, value), added), y + i);
  });
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {
namespace {

HWY_EXPORT(rounded_row);
HWY_EXPORT(widened_row);
HWY_EXPORT(quantise_row);
HWY_EXPORT(quantise_channel);
HWY_EXPORT(dequantise_row);

/// Calls body(r) for each row, in parallel where that is worth a thread.
template <typename Body>
void for_rows(std::int64_t rows, std::int64_t width, Body body) {
  constexpr std::int64_t kValues = 16384;
  parallel_for(rows, std::max<std::int64_t>(1, kValues / std::max<std::int64_t>(1, width)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t r = begin; r < end; ++r) body(r);
               });
}

}  // namespace

void round_to_bf16(const float* x, std::int64_t rows, std::int64_t width, std::uint16_t* out) {
  for_rows(rows, width, [&](std::int64_t r) {
    HWY_DYNAMIC_DISPATCH(rounded_row)(x + r * width, width, out + r * width);
  });
}

void widen_bf16(const std::uint16_t* bits, std::int64_t rows, std::int64_t width, float* out) {
  for_rows(rows, width, [&](std::int64_t r) {
    HWY_DYNAMIC_DISPATCH(widened_row)(bits + r * width, width, out + r * width);
  });
}

void quantise_rows(const float* x, std::int64_t rows, std::int64_t width, std::span<const float> factors,
                   std::uint8_t* out, RowScale* scales) {
  for_rows(rows, width, [&](std::int64_t r) {
    HWY_DYNAMIC_DISPATCH(quantise_row)
    (x + r * width, factors.empty() ? nullptr : factors.data(), width, out + r * width, scales + r);
  });
}

QuantisedWeight quantise_weight(ConstMatrixView weight) {
  QuantisedWeight result;
  result.values.resize(static_cast<std::size_t>(weight.rows * weight.cols));
  result.scales.resize(static_cast<std::size_t>(weight.rows));
  result.output_sums.resize(result.scales.size());
  for_rows(weight.rows, weight.cols, [&](std::int64_t o) {
    const auto channel = static_cast<std::size_t>(o);
    std::int8_t* values = result.values.data() + o * weight.cols;
    HWY_DYNAMIC_DISPATCH(quantise_channel)
    (weight.row(o), weight.cols, values, &result.scales[channel]);
    result.output_sums[channel] = std::accumulate(values, values + weight.cols, 0);
  });
  result.input_sums.resize(static_cast<std::size_t>(weight.cols));
  parallel_for(weight.cols, 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t o = 0; o < weight.rows; ++o)
      for (std::int64_t i = begin; i < end; ++i)
        result.input_sums[static_cast<std::size_t>(i)] +=
            result.values[static_cast<std::size_t>(o * weight.cols + i)];
  });
  return result;
}

void dequantise_rows(const std::int32_t* products, std::span<const RowScale> row_scales,
                     const ProductColumns& columns, float* y, bool accumulate) {
  const std::int64_t width = std::ssize(columns.sums);
  for_rows(std::ssize(row_scales), width, [&](std::int64_t r) {
    HWY_DYNAMIC_DISPATCH(dequantise_row)
    (products + r * width, row_scales[static_cast<std::size_t>(r)], columns, y + r * width, accumulate);
  });
}

}  // namespace incipit
#endif
