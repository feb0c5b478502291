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

MatmulRoof::MatmulRoof(const std::vector<MatmulCost>& matmuls, Precision precision, std::int64_t rows)
    : rows_(rows) {
  Rng rng(1);
  for (const MatmulCost& cost : matmuls) {
    const Matrix weight = random_matrix(cost.out, cost.in, rng);
    trials_.push_back({cost.in, cost.out, random_matrix(padded_rows(rows), cost.in, rng),
                       random_matrix(padded_rows(rows), cost.out, rng), Matrix(padded_rows(rows), cost.in),
                       Linear(weight.view(), std::span<const float>(), precision)});
  }
  measure(1);  // packs, compiles, warms
}

MatmulRoof::~MatmulRoof() = default;

std::vector<MatmulRate> MatmulRoof::measure(int rounds) {
  std::vector<MatmulRate> rates;
  for (const Trial& trial : trials_) rates.push_back({trial.in, trial.out});
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < trials_.size(); ++i) {
      Trial& trial = trials_[i];
      const double flop = 2.0 * static_cast<double>(rows_ * trial.in * trial.out);
      const double forward = seconds_of([&] { trial.linear.forward(trial.x.data(), rows_, trial.y.data()); });
      const double backward =
          seconds_of([&] { trial.linear.backward_input(trial.y.data(), rows_, trial.dx.data(), false); });
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
