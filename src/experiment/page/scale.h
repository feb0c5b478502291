#pragma once

#include <span>
#include <string>
#include <vector>

namespace incipit {

/// The values that an axis shows; low < high.
struct Range {
  double low = 0, high = 1;
};

/// What holds all finite values and a little more; [0, 1] where there is none, never empty.
Range range_of(std::span<const double> values);

/// Maps values to places linearly.
class Scale {
 public:
  Scale(Range values, double from, double to) : values_(values), from_(from), to_(to) {}
  double operator()(double value) const {
    return from_ + (to_ - from_) * (value - values_.low) / (values_.high - values_.low);
  }
  const Range& values() const { return values_; }

 private:
  Range values_;
  double from_, to_;
};

/// Round numbers within the range, about `wanted` of them, 1, 2 or 5 times a power of ten apart and at least
/// `smallest_step`; the range's ends where no two round numbers are inside.
std::vector<double> ticks(const Range& range, int wanted, double smallest_step = 0);

/// With the digits that tell one tick from the next.
std::string tick_label(double value, std::span<const double> all);

}  // namespace incipit
