#include "tune/matmul_rate.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "base/rng.h"
#include "ops/linear.h"
#include "tensor/matrix.h"

namespace incipit {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kRows = 1024;
constexpr int kRounds = 3;

Matrix random_matrix(std::int64_t rows, std::int64_t cols, Rng& rng) {
  Matrix matrix;
  matrix.resize(rows, cols);
  for (float& value : matrix.values()) value = static_cast<float>(rng.normal());
  return matrix;
}

template <typename Body>
double seconds_of(Body body) {
  const Clock::time_point start = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

/// One shape being measured.
struct MatmulRoof::Trial {
  std::int64_t in, out;
  Matrix x, y, dx;
  Linear linear;
};

MatmulRoof::MatmulRoof(const std::vector<MatmulCost>& matmuls, Precision precision) {
  Rng rng(1);
  for (const MatmulCost& cost : matmuls) {
    const Matrix weight = random_matrix(cost.out, cost.in, rng);
    trials_.push_back({cost.in, cost.out, random_matrix(padded_rows(kRows), cost.in, rng),
                       random_matrix(padded_rows(kRows), cost.out, rng), Matrix(padded_rows(kRows), cost.in),
                       Linear(weight.view(), std::span<const float>(), precision)});
  }
  measure();  // packs, compiles, warms
}

MatmulRoof::~MatmulRoof() = default;

std::vector<MatmulRate> MatmulRoof::measure() {
  std::vector<MatmulRate> rates;
  for (const Trial& trial : trials_) rates.push_back({trial.in, trial.out});
  for (int round = 0; round < kRounds; ++round)
    for (std::size_t i = 0; i < trials_.size(); ++i) {
      Trial& trial = trials_[i];
      const double flop = 2.0 * static_cast<double>(kRows * trial.in * trial.out);
      const double forward = seconds_of([&] { trial.linear.forward(trial.x.data(), kRows, trial.y.data()); });
      const double backward =
          seconds_of([&] { trial.linear.backward_input(trial.y.data(), kRows, trial.dx.data(), false); });
      rates[i].forward = std::max(rates[i].forward, flop / forward);
      rates[i].backward = std::max(rates[i].backward, flop / backward);
    }
  return rates;
}

double seconds_at(const std::vector<MatmulCost>& matmuls, const std::vector<MatmulRate>& rates) {
  double seconds = 0;
  for (std::size_t i = 0; i < matmuls.size(); ++i)
    seconds += matmuls[i].forward_flop() / rates[i].forward + matmuls[i].backward_flop() / rates[i].backward;
  return seconds;
}

}  // namespace incipit
