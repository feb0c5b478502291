// Shared by the kernels' tests.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "ops/narrow.h"

namespace incipit::test {

inline constexpr double kEpsilon = std::numeric_limits<float>::epsilon();

/// Exactly as long as asked for, so that an address sanitizer sees every read beyond.
inline std::vector<float> random_values(std::int64_t count, std::uint64_t seed, double deviation = 1) {
  Rng rng(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(rng.normal() * deviation);
  return values;
}

inline std::vector<double> to_double(std::span<const float> values) {
  return {values.begin(), values.end()};
}

inline double norm(std::span<const double> values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

/// |got - want| <= tolerance everywhere; a failure names the element that is off by most.
/// Numbers in bf16, as bits and as what they stand for.
struct Bf16 {
  explicit Bf16(const std::vector<float>& exact) : halves(exact.size()), values(exact.size()) {
    const std::int64_t count = std::ssize(exact);
    round_to_bf16(exact.data(), 1, count, halves.data());
    widen_bf16(halves.data(), 1, count, values.data());
  }
  std::vector<std::uint16_t> halves;
  std::vector<float> values;
};

inline ::testing::AssertionResult near(std::span<const float> got, std::span<const double> want,
                                       double tolerance) {
  if (got.size() != want.size())
    return ::testing::AssertionFailure() << got.size() << " values, expected " << want.size();
  std::size_t worst = 0;
  double worst_error = -1;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = std::abs(static_cast<double>(got[i]) - want[i]);
    if (std::isnan(error) || error > worst_error) {
      worst = i;
      worst_error = error;
    }
    if (std::isnan(error)) break;
  }
  if (worst_error <= tolerance) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "element " << worst << " of " << got.size() << " is " << got[worst] << ", expected "
         << want[worst] << ": off by " << worst_error << ", tolerance " << tolerance;
}

/// Calls body() or body(name) once for each instruction set that the kernels were built for and this machine
/// has.
template <typename Body>
void for_each_instruction_set(Body body) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    if constexpr (std::is_invocable_v<Body, const char*>)
      body(hwy::TargetName(target));
    else
      body();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

/// Sets the number of threads for a scope.
class Threads {
 public:
  explicit Threads(int count) : before_(num_threads()) { set_num_threads(count); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// Whether compute() gives the same bytes three times over with two threads, and with one.
template <typename Compute>
void expect_deterministic(Compute compute, bool across_thread_counts = true) {
  const Threads two(2);
  const auto first = compute();
  for (int run = 0; run < 2; ++run) EXPECT_TRUE(first == compute()) << "differs between runs";
  if (!across_thread_counts) return;
  const Threads one(1);
  EXPECT_TRUE(first == compute()) << "differs between 1 and 2 threads";
}

}  // namespace incipit::test
