#include "tune/matmul_rate.h"

#include <algorithm>
#include <chrono>
#include <limits>
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

/// One shape being measured.
struct Trial {
  Matrix x, y, dx;
  Linear linear;
  double forward = std::numeric_limits<double>::infinity();
  double backward = std::numeric_limits<double>::infinity();
};

template <typename Body>
double seconds_of(Body body) {
  const Clock::time_point start = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

std::vector<MatmulRate> measure_rates(const std::vector<MatmulCost>& matmuls, Precision precision,
                                      std::int64_t rows, int rounds) {
  Rng rng(1);
  std::vector<Trial> trials;
  for (const MatmulCost& cost : matmuls) {
    const Matrix weight = random_matrix(cost.out, cost.in, rng);
    trials.push_back({random_matrix(padded_rows(rows), cost.in, rng),
                      random_matrix(padded_rows(rows), cost.out, rng), Matrix(padded_rows(rows), cost.in),
                      Linear(weight.view(), std::span<const float>(), precision)});
  }
  for (int round = 0; round <= rounds; ++round)
    for (Trial& trial : trials) {
      const double forward = seconds_of([&] { trial.linear.forward(trial.x.data(), rows, trial.y.data()); });
      const double backward =
          seconds_of([&] { trial.linear.backward_input(trial.y.data(), rows, trial.dx.data(), false); });
      if (round == 0) continue;  // packs, compiles, warms
      trial.forward = std::min(trial.forward, forward);
      trial.backward = std::min(trial.backward, backward);
    }
  std::vector<MatmulRate> rates;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const double flop = 2.0 * static_cast<double>(rows * matmuls[i].in * matmuls[i].out);
    rates.push_back({matmuls[i].in, matmuls[i].out, flop / trials[i].forward, flop / trials[i].backward});
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
