#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "incipit/adapter.h"
#include "incipit/model.h"
#include "incipit/result.h"

namespace incipit {

/// What is measured: steps on texts of random words, as long as the data's would be.
struct BenchOptions {
  Method method = Method::prompt;  // head, prompt or late
  std::int64_t num_virtual_tokens = 10;
  std::optional<std::int64_t> insert_layer;  // of a late prompt; default: half of the layers
  std::int64_t batch_size = 32;              // texts a step
  std::int64_t length = 60;                  // tokens of a text on average: half to one and a half times that
  std::optional<std::int64_t> max_batch_tokens;  // see TrainOptions and PredictOptions
  std::int64_t steps = 5;                        // timed ones of each kind, in turns
  std::uint64_t seed = 0;
};

/// The rate of the plain matmul of one shape, in 10⁹ operations a second.
struct BenchShape {
  std::int64_t in = 0, out = 0;
  double forward = 0, backward = 0;
};

struct BenchPhase {
  std::string name;
  double seconds = 0;  // a step, mean
};

/// Steps of one kind.
struct BenchPass {
  std::string name;                         // "train" or "predict"
  std::int64_t tokens = 0;                  // a step, virtual ones included
  double seconds = 0, least = 0, most = 0;  // a step: median, extremes
  double gflop = 0;                         // that a step cannot do without
  double roof_seconds = 0;                  // what these would take at the rates of the shapes
  std::vector<BenchPhase> phases;           // in falling order; the last is everything else

  double tokens_per_second() const { return static_cast<double>(tokens) / seconds; }
  double gflops() const { return gflop / seconds; }
  double roof_gflops() const { return gflop / roof_seconds; }
  double roof_share() const { return roof_seconds / seconds; }
};

struct BenchReport {
  std::string machine;
  std::vector<BenchShape> shapes;
  BenchPass train, predict;
  double load_seconds = 0;      // of the model, as whoever loaded it measured
  std::int64_t peak_bytes = 0;  // resident memory of the process so far, without what the shapes needed
};

/// Measures this machine's roof, the plain matmul at the model's shapes, and how close training and
/// predicting come to it. Fails where the options do not fit the model.
Result<BenchReport> bench(const Model& model, const BenchOptions& options);

/// For a terminal, and as a JSON object.
std::string format_bench(const BenchReport& report);
std::string bench_to_json(const BenchReport& report);

}  // namespace incipit
