#include "backbone/trace_store.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "backbone/test_support.h"

namespace incipit {
namespace {

struct Trace {
  Keep keep = Keep::floats;
  Matrix wide, narrow;
  std::array<Matrix*, 2> matrices() { return {&wide, &narrow}; }
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
}

void expect_recalled(TraceStore<Trace>& store, std::int64_t layer, bool rounds) {
  Trace exact;
  fill(exact, layer);
  const Trace& recalled = store.recall(layer);
  EXPECT_EQ(recalled.keep, rounds ? Keep::halves : Keep::floats);
  const float tolerance = rounds ? 0x1p-8f : 0.0f;
  const auto expect_near = [&](const Matrix& got, const Matrix& want) {
    ASSERT_EQ(got.rows(), want.rows());
    ASSERT_EQ(got.cols(), want.cols());
    for (std::int64_t i = 0; i < want.size(); ++i)
      ASSERT_NEAR(got.data()[i], want.data()[i], tolerance * std::abs(want.data()[i])) << layer << ", " << i;
  };
  expect_near(recalled.wide, exact.wide);
  if (layer < kLayers - 1) expect_near(recalled.narrow, exact.narrow);
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
          expect_recalled(store, layer, rounds);
      }
    }
}

/// What the bf16 saves would be lost if each layer had its own memory for f32.
TEST(TraceStore, LayersShareTheirF32WhereTheyAreKeptInBf16) {
  TraceStore<Trace> store;
  store.prepare(kLayers, 0, true);
  const float* shared = nullptr;
  for (std::int64_t layer = kLayers - 1; layer >= 0; --layer) {  // the largest first
    Trace& trace = store.open(layer);
    fill(trace, layer);
    store.close(layer);
    EXPECT_TRUE(shared == nullptr || shared == trace.wide.data()) << layer;
    shared = trace.wide.data();
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
        EXPECT_EQ(trace.keep == Keep::nothing, !traced || layer == 0);
        EXPECT_TRUE(traced || shared == nullptr || shared == &trace);
        shared = &trace;
        fill(trace, layer);
        store.close(layer);
      }
      if (traced) expect_recalled(store, 1, rounds);
    }
  }
}

}  // namespace
}  // namespace incipit
