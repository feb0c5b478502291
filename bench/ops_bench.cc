// Speed of the kernels at roberta-large's and MiniLM's shapes. With one thread the clock is the thread's own,
// which other load on the machine disturbs little; with more it is the wall's.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "ops/activation.h"
#include "ops/attention.h"
#include "ops/dropout.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "tensor/matrix.h"

namespace incipit {
namespace {

using benchmark::Counter;

Matrix random_matrix(std::int64_t rows, std::int64_t cols, double deviation) {
  Matrix matrix(rows, cols);
  Rng rng(static_cast<std::uint64_t>(rows * 7919 + cols));
  for (float& value : matrix.values()) value = static_cast<float>(rng.normal() * deviation);
  return matrix;
}

/// `amount` is done by each iteration; the report has it in 10⁹ a second.
void set_rate(benchmark::State& state, const char* name, double amount) {
  state.counters[name] = Counter(amount * 1e-9, Counter::kIsIterationInvariantRate);
}

void use_clock(benchmark::internal::Benchmark* bench) {
  bench->Unit(benchmark::kMicrosecond);
  if (num_threads() > 1) bench->UseRealTime();
}

enum class Pass { forward, backward };

void linear_speed(benchmark::State& state, Pass pass, Precision precision) {
  const std::int64_t in = state.range(0), out = state.range(1), rows = state.range(2);
  const Matrix weight = random_matrix(out, in, 1.0 / std::sqrt(static_cast<double>(in)));
  const std::vector<float> bias(static_cast<std::size_t>(out), 0.1f);
  const Linear linear(weight.view(), bias, precision);
  Matrix x = random_matrix(padded_rows(rows), in, 1);
  Matrix y = random_matrix(padded_rows(rows), out, 1);
  const auto run = [&] {
    if (pass == Pass::forward)
      linear.forward(x.data(), rows, y.data());
    else
      linear.backward_input(y.data(), rows, x.data(), false);
  };
  run();  // packs the weight, compiles the kernel
  for (auto _ : state) run();
  set_rate(state, "GFLOP/s", 2.0 * static_cast<double>(in * out * rows));
}

void linear_shapes(benchmark::internal::Benchmark* bench) {
  constexpr std::int64_t kShapes[][2] = {{1024, 1024}, {1024, 4096}, {4096, 1024},
                                         {384, 384},   {384, 1536},  {1536, 384}};
  for (const auto& [in, out] : kShapes)
    for (const std::int64_t rows : {64, 256, 1024, 1960}) bench->Args({in, out, rows});
  bench->ArgNames({"in", "out", "rows"});
  use_clock(bench);
}

BENCHMARK_CAPTURE(linear_speed, forward, Pass::forward, Precision::f32)->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear_speed, backward, Pass::backward, Precision::f32)->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear_speed, forward_bf16, Pass::forward, Precision::bf16)->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear_speed, backward_bf16, Pass::backward, Precision::bf16)->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear_speed, forward_int8, Pass::forward, Precision::int8)->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear_speed, backward_int8, Pass::backward, Precision::int8)->Apply(linear_shapes);

/// About a thousand tokens in sequences of one length.
void attention_speed(benchmark::State& state, Pass pass, float dropout_rate, bool may_round = false) {
  const AttentionShape shape{.num_heads = state.range(0), .head_dim = state.range(1), .may_round = may_round};
  const std::int64_t length = state.range(2), width = shape.num_heads * shape.head_dim;
  std::vector<AttentionSpan> spans;
  std::int64_t tokens = 0;
  for (; tokens + length <= 1050; tokens += length) spans.push_back({tokens, length, tokens, length});
  const Matrix q = random_matrix(tokens, width, 1), k = random_matrix(tokens, width, 1);
  const Matrix v = random_matrix(tokens, width, 1), d_out = random_matrix(tokens, width, 1);
  Matrix out(tokens, width), dq(tokens, width), dk(tokens, width), dv(tokens, width);
  Matrix log_sum(shape.num_heads, tokens);
  std::vector<std::uint64_t> keys(static_cast<std::size_t>(tokens));
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = mix_bits(i);
  const AttentionDropout dropout{dropout_rate, keys};
  attention(shape, spans, {}, q.view(), k.view(), v.view(), dropout, out.view(), log_sum.data());
  for (auto _ : state) {
    if (pass == Pass::forward)
      attention(shape, spans, {}, q.view(), k.view(), v.view(), dropout, out.view(), log_sum.data());
    else
      attention_backward(shape, spans, {}, q.view(), k.view(), v.view(), dropout, log_sum.data(),
                         d_out.view(), dq.view(), dk.view(), dv.view());
  }
  const double products = pass == Pass::forward ? 2 : 5;
  set_rate(state, "GFLOP/s", products * 2.0 * static_cast<double>(tokens * length * width));
}

void attention_shapes(benchmark::internal::Benchmark* bench) {
  for (const std::int64_t length : {35, 70, 300}) bench->Args({16, 64, length})->Args({12, 32, length});
  bench->ArgNames({"heads", "dim", "length"});
  use_clock(bench);
}

BENCHMARK_CAPTURE(attention_speed, forward, Pass::forward, 0.0f)->Apply(attention_shapes);
BENCHMARK_CAPTURE(attention_speed, forward_dropout, Pass::forward, 0.1f)->Apply(attention_shapes);
BENCHMARK_CAPTURE(attention_speed, forward_bf16, Pass::forward, 0.0f, true)->Apply(attention_shapes);
BENCHMARK_CAPTURE(attention_speed, backward, Pass::backward, 0.0f)->Apply(attention_shapes);
BENCHMARK_CAPTURE(attention_speed, backward_dropout, Pass::backward, 0.1f)->Apply(attention_shapes);
BENCHMARK_CAPTURE(attention_speed, backward_bf16, Pass::backward, 0.0f, true)->Apply(attention_shapes);

/// The last layer's shape: one query a sequence.
void attention_one_query(benchmark::State& state, bool may_round) {
  const AttentionShape shape{.num_heads = state.range(0), .head_dim = state.range(1), .may_round = may_round};
  const std::int64_t length = state.range(2), width = shape.num_heads * shape.head_dim, count = 1050 / length;
  std::vector<AttentionSpan> spans;
  for (std::int64_t i = 0; i < count; ++i) spans.push_back({i, 1, i * length, length});
  const Matrix q = random_matrix(count, width, 1);
  const Matrix k = random_matrix(count * length, width, 1), v = random_matrix(count * length, width, 1);
  Matrix out(count, width);
  for (auto _ : state) attention(shape, spans, {}, q.view(), k.view(), v.view(), {}, out.view(), nullptr);
  set_rate(state, "GB/s", 2.0 * sizeof(float) * static_cast<double>(count * length * width));
}
BENCHMARK_CAPTURE(attention_one_query, f32, false)->Apply(attention_shapes);
BENCHMARK_CAPTURE(attention_one_query, bf16, true)->Apply(attention_shapes);

void layer_norm_speed(benchmark::State& state, Pass pass) {
  const std::int64_t rows = state.range(0), width = state.range(1);
  const LayerNorm norm{std::vector<float>(static_cast<std::size_t>(width), 1.0f),
                       std::vector<float>(static_cast<std::size_t>(width), 0.0f), 1e-12f};
  const Matrix x = random_matrix(rows, width, 1), residual = random_matrix(rows, width, 2);
  Matrix y(rows, width), normalised(rows, width), inverse(rows, 1);
  layer_norm(norm, x.data(), residual.data(), rows, y.data(), normalised.data(), inverse.data());
  for (auto _ : state) {
    if (pass == Pass::forward)
      layer_norm(norm, x.data(), residual.data(), rows, y.data(), normalised.data(), inverse.data());
    else
      layer_norm_backward(norm, x.data(), normalised.data(), inverse.data(), rows, y.data());
  }
  const double arrays = pass == Pass::forward ? 4 : 3;  // read or written once each
  set_rate(state, "GB/s", arrays * sizeof(float) * static_cast<double>(rows * width));
}

void row_shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({1024, 1024})->Args({1024, 384})->ArgNames({"rows", "width"});
  use_clock(bench);
}

BENCHMARK_CAPTURE(layer_norm_speed, forward, Pass::forward)->Apply(row_shapes);
BENCHMARK_CAPTURE(layer_norm_speed, backward, Pass::backward)->Apply(row_shapes);

void dropout_speed(benchmark::State& state) {
  const std::int64_t rows = state.range(0), width = state.range(1);
  Matrix x = random_matrix(rows, width, 1);
  std::vector<std::uint64_t> keys(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = mix_bits(i);
  Matrix y(rows, width);
  for (auto _ : state) dropout_rows(x.data(), keys, width, 0.1f, y.data());
  set_rate(state, "GB/s", 2.0 * sizeof(float) * static_cast<double>(rows * width));
}
BENCHMARK(dropout_speed)->Apply(row_shapes);

void activation_speed(benchmark::State& state, Activation activation, Pass pass) {
  const std::int64_t count = state.range(0) * state.range(1);
  const Matrix x = random_matrix(1, count, 1), dy = random_matrix(1, count, 2);
  Matrix y(1, count);
  for (auto _ : state) {
    if (pass == Pass::forward)
      activate(activation, x.data(), y.data(), count);
    else
      activate_backward(activation, x.data(), dy.data(), y.data(), count);
  }
  const double arrays = pass == Pass::forward ? 2 : 3;
  set_rate(state, "GB/s", arrays * sizeof(float) * static_cast<double>(count));
}

void activation_shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({256, 1536})->Args({1024, 4096})->ArgNames({"rows", "width"});
  use_clock(bench);
}

BENCHMARK_CAPTURE(activation_speed, gelu, Activation::gelu, Pass::forward)->Apply(activation_shapes);
BENCHMARK_CAPTURE(activation_speed, gelu_backward, Activation::gelu, Pass::backward)
    ->Apply(activation_shapes);
BENCHMARK_CAPTURE(activation_speed, gelu_tanh, Activation::gelu_tanh, Pass::forward)
    ->Apply(activation_shapes);
BENCHMARK_CAPTURE(activation_speed, gelu_tanh_backward, Activation::gelu_tanh, Pass::backward)
    ->Apply(activation_shapes);
BENCHMARK_CAPTURE(activation_speed, relu, Activation::relu, Pass::forward)->Apply(activation_shapes);

}  // namespace
}  // namespace incipit
