#include "ops/narrow.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/narrow.cc"
#include <hwy/foreach_target.h>  // must come before highway.h

#include "ops/narrow-inl.h"

HWY_BEFORE_NAMESPACE();
namespace incipit::HWY_NAMESPACE {

void rounded_row(const float* x, const float* factors, std::int64_t width, std::uint16_t* out) {
  row_to_bf16(x, factors, width, out);
}

/// The least and greatest of a row and 0, and a sum that is 0, or NaN where a number is not finite.
struct Extent {
  float low, high, finite;
};
HWY_INLINE Extent extent_of(const float* x, std::int64_t width) {
  const FloatTag d;
  FloatVec low = hn::Zero(d), high = hn::Zero(d), finite = hn::Zero(d);
  for_each_vector(width, [&](std::int64_t i, auto load, auto) HWY_ATTR {
    const FloatVec value = load(x + i);
    low = hn::Min(low, value);
    high = hn::Max(high, value);
    finite = hn::MulAdd(value, hn::Zero(d), finite);
  });
  return {hn::GetLane(hn::MinOfLanes(d, low)), hn::GetLane(hn::MaxOfLanes(d, high)),
          hn::GetLane(hn::SumOfLanes(d, finite))};
}

HWY_INLINE RowScale row_scale(const float* x, std::int64_t width, float& inverse) {
  const Extent extent = extent_of(x, width);
  RowScale result;
  result.scale = (extent.high - extent.low) / 255.0f + extent.finite;
  inverse = result.scale > 0 ? 1.0f / result.scale : 0.0f;  // a NaN's 0 makes values of no meaning
  result.zero = std::nearbyint(-extent.low * inverse);
  return result;
}

/// Values of a row from 0 to 255, as f32.
HWY_INLINE FloatVec quantised(FloatVec x, float inverse, float zero) {
  const FloatTag d;
  const FloatVec value = hn::Add(hn::Round(hn::Mul(x, hn::Set(d, inverse))), hn::Set(d, zero));
  return hn::Min(hn::Max(value, hn::Zero(d)), hn::Set(d, 255.0f));
}

void quantise_row(const float* x, std::int64_t width, std::uint8_t* out, RowScale* scale) {
  const hn::RebindToSigned<FloatTag> di;
  const hn::Rebind<std::uint8_t, FloatTag> narrow;
  float inverse = 0;
  *scale = row_scale(x, width, inverse);
  narrow_row(width, out, [&](std::int64_t i, auto load) HWY_ATTR {
    return hn::DemoteTo(narrow, hn::ConvertTo(di, quantised(load(x + i), inverse, scale->zero)));
  });
}

void quantise_channel(const float* weight, std::int64_t in, std::int8_t* out, float* scale) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  const hn::Rebind<std::int8_t, FloatTag> narrow;
  const Extent extent = extent_of(weight, in);
  *scale = std::max(-extent.low, extent.high) / 127.0f + extent.finite;
  const float inverse = *scale > 0 ? 1.0f / *scale : 0.0f;
  narrow_row(in, out, [&](std::int64_t i, auto load) HWY_ATTR {
    return hn::DemoteTo(narrow, hn::ConvertTo(di, hn::Round(hn::Mul(load(weight + i), hn::Set(d, inverse)))));
  });
}

void dequantise_row(const std::int32_t* products, RowScale scale, const ChannelScales& channels, float* y,
                    bool accumulate) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  const float* scales = channels.scales.data();
  const float* sums = channels.sums.data();
  const float* bias = channels.bias.empty() ? nullptr : channels.bias.data();
  for_each_vector(std::ssize(channels.scales), [&](std::int64_t i, auto load, auto store) HWY_ATTR {
    const auto product = hn::BitCast(di, load(reinterpret_cast<const float*>(products + i)));
    const FloatVec value = hn::NegMulAdd(hn::Set(d, scale.zero), load(sums + i), hn::ConvertTo(d, product));
    const FloatVec factor = hn::Mul(hn::Set(d, scale.scale), load(scales + i));
    FloatVec added = bias == nullptr ? hn::Zero(d) : load(bias + i);
    if (accumulate) added = hn::Add(added, load(y + i));
    store(hn::MulAdd(factor, value, added), y + i);
  });
}

}  // namespace incipit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace incipit {
namespace {

HWY_EXPORT(rounded_row);
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

void round_to_bf16(const float* x, std::int64_t rows, std::int64_t width, std::span<const float> factors,
                   std::uint16_t* out) {
  for_rows(rows, width, [&](std::int64_t r) {
    HWY_DYNAMIC_DISPATCH(rounded_row)
    (x + r * width, factors.empty() ? nullptr : factors.data(), width, out + r * width);
  });
}

void quantise_rows(const float* x, std::int64_t rows, std::int64_t width, std::uint8_t* out,
                   RowScale* scales) {
  for_rows(rows, width, [&](std::int64_t r) {
    HWY_DYNAMIC_DISPATCH(quantise_row)(x + r * width, width, out + r * width, scales + r);
  });
}

QuantisedWeight quantise_weight(ConstMatrixView weight) {
  QuantisedWeight result;
  result.values.resize(static_cast<std::size_t>(weight.rows * weight.cols));
  result.scales.resize(static_cast<std::size_t>(weight.rows));
  result.sums.resize(result.scales.size());
  for_rows(weight.rows, weight.cols, [&](std::int64_t o) {
    const auto channel = static_cast<std::size_t>(o);
    std::int8_t* values = result.values.data() + o * weight.cols;
    HWY_DYNAMIC_DISPATCH(quantise_channel)
    (weight.row(o), weight.cols, values, &result.scales[channel]);
    std::int32_t sum = 0;
    for (std::int64_t i = 0; i < weight.cols; ++i) sum += values[i];
    result.sums[channel] = static_cast<float>(sum);
  });
  return result;
}

void dequantise_rows(const std::int32_t* products, std::span<const RowScale> row_scales,
                     const ChannelScales& channels, float* y, bool accumulate) {
  const std::int64_t width = std::ssize(channels.scales);
  for_rows(std::ssize(row_scales), width, [&](std::int64_t r) {
    HWY_DYNAMIC_DISPATCH(dequantise_row)
    (products + r * width, row_scales[static_cast<std::size_t>(r)], channels, y + r * width, accumulate);
  });
}

}  // namespace incipit
#endif
