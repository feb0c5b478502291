#include "backbone/trace_store.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "backbone/test_support.h"

namespace incipit {
namespace {

struct Trace {
  Matrix wide, narrow;
  std::vector<float> values;
  std::array<Matrix*, 2> matrices() { return {&wide, &narrow}; }
  std::array<std::vector<float>*, 1> vectors() { return {&values}; }
};

constexpr std::int64_t kLayers = 4;

/// Of another size in every layer; the last one has no narrow matrix.
void fill(Trace& trace, std::int64_t layer) {
  Rng rng(static_cast<std::uint64_t>(layer));
  const auto random = [&](std::int64_t rows, std::int64_t cols, Matrix& matrix) {
    matrix.resize(rows, cols);
    for (float& value : matrix.values()) value = static_cast<float>(rng.normal());
  };
  random(5 + layer, 21, trace.wide);
  if (layer < kLayers - 1) random(3, 7 + layer, trace.narrow);
  trace.values.assign(static_cast<std::size_t>(layer + 1), 0.1f);
}

void expect_recalled(TraceStore<Trace>& store, std::int64_t layer, float tolerance) {
  Trace exact;
  fill(exact, layer);
  Trace trace;
  const Trace& recalled = store.recall(layer);
  const auto expect_near = [&](const Matrix& got, const Matrix& want) {
    ASSERT_EQ(got.rows(), want.rows());
    ASSERT_EQ(got.cols(), want.cols());
    for (std::int64_t i = 0; i < want.size(); ++i)
      ASSERT_NEAR(got.data()[i], want.data()[i], tolerance * std::abs(want.data()[i])) << layer << ", " << i;
  };
  expect_near(recalled.wide, exact.wide);
  if (layer < kLayers - 1) expect_near(recalled.narrow, exact.narrow);
  EXPECT_EQ(recalled.values, exact.values);
}

TEST(TraceStore, GivesBackWhatLayersLeft) {
  for (const bool rounds : {false, true})
    for (const std::int64_t first_kept : {0, 2}) {
      TraceStore<Trace> store;
      for (int round = 0; round < 2; ++round) {
        store.prepare(kLayers, first_kept, rounds);
        for (std::int64_t layer = 0; layer < kLayers; ++layer) {
          fill(store.open(layer), layer);
          store.close(layer);
        }
        for (std::int64_t layer = kLayers - 1; layer >= first_kept; --layer)
          expect_recalled(store, layer, rounds ? 0x1p-8f : 0.0f);
      }
    }
}

/// Predicting with the memory of a training keeps nothing, and leaves nothing wrong behind.
TEST(TraceStore, PassesThatKeepNothingShareOneTrace) {
  for (const bool rounds : {false, true}) {
    TraceStore<Trace> store;
    for (const bool traced : {true, false, true}) {
      store.prepare(kLayers, traced ? std::optional<std::int64_t>(1) : std::nullopt, rounds);
      const Trace* shared = nullptr;
      for (std::int64_t layer = 0; layer < kLayers; ++layer) {
        Trace& trace = store.open(layer);
        EXPECT_TRUE(traced || shared == nullptr || shared == &trace);
        shared = &trace;
        fill(trace, layer);
        store.close(layer);
      }
      if (traced) expect_recalled(store, 1, rounds ? 0x1p-8f : 0.0f);
    }
  }
}

}  // namespace
}  // namespace incipit
