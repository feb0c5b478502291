// The one file that knows oneDNN; it speaks its 2.x and 3.x interfaces.
#include "ops/linear.h"

#include <bit>
#include <map>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

namespace incipit {
namespace {

using dnnl::matmul;
using dnnl::memory;

/// The row count that a weight's layout is chosen for; every other row count must take the same layout.
constexpr std::int64_t kLayoutRows = 1024;

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

dnnl::stream& stream() {
  thread_local dnnl::stream instance(engine());
  return instance;
}

memory::desc plain(std::int64_t rows, std::int64_t cols) {
  return memory::desc({rows, cols}, memory::data_type::f32, memory::format_tag::ab);
}

matmul::primitive_desc describe(std::int64_t rows, const memory::desc& weights, bool bias, bool accumulate) {
  const std::int64_t in = weights.dims()[0], out = weights.dims()[1];
  dnnl::primitive_attr attributes;
  if (accumulate) {
    dnnl::post_ops post;
    post.append_sum();
    attributes.set_post_ops(post);
  }
#if DNNL_VERSION_MAJOR >= 3
  return bias ? matmul::primitive_desc(engine(), plain(rows, in), weights, plain(1, out), plain(rows, out),
                                       attributes)
              : matmul::primitive_desc(engine(), plain(rows, in), weights, plain(rows, out), attributes);
#else
  const matmul::desc description =
      bias ? matmul::desc(plain(rows, in), weights, plain(1, out), plain(rows, out))
           : matmul::desc(plain(rows, in), weights, plain(rows, out));
  return matmul::primitive_desc(description, attributes, engine());
#endif
}

/// dst = src * weights (+ bias): a weight packed in the layout that the library prefers, and a kernel a row
/// count.
class PackedMatmul {
 public:
  /// `source` describes the weights as [in, out] in whatever order they lie.
  PackedMatmul(const memory& source, std::span<const float> bias) : bias_(bias.begin(), bias.end()) {
    const std::int64_t in = source.get_desc().dims()[0], out = source.get_desc().dims()[1];
    const memory::desc any({in, out}, memory::data_type::f32, memory::format_tag::any);
    const memory::desc layout = describe(kLayoutRows, any, !bias_.empty(), false).weights_desc();
    weights_ = memory(layout, engine());
    memory from = source;
    dnnl::reorder(from, weights_).execute(stream(), from, weights_);
    stream().wait();
  }

  const memory& weights() const { return weights_; }

  void run(const float* source, std::int64_t rows, float* destination, bool accumulate) const {
    const matmul& kernel = kernel_for(rows, accumulate);
    const auto in = weights_.get_desc().dims()[0], out = weights_.get_desc().dims()[1];
    std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, memory(plain(rows, in), engine(), const_cast<float*>(source))},
        {DNNL_ARG_WEIGHTS, weights_},
        {DNNL_ARG_DST, memory(plain(rows, out), engine(), destination)}};
    if (!bias_.empty())
      arguments.emplace(DNNL_ARG_BIAS, memory(plain(1, out), engine(), const_cast<float*>(bias_.data())));
    kernel.execute(stream(), arguments);
    stream().wait();
  }

 private:
  const matmul& kernel_for(std::int64_t rows, bool accumulate) const {
    const std::lock_guard lock(mutex_);
    auto [position, is_new] = kernels_.try_emplace({rows, accumulate});
    if (is_new) position->second = matmul(describe(rows, weights_.get_desc(), !bias_.empty(), accumulate));
    return position->second;
  }

  std::vector<float> bias_;
  memory weights_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::int64_t, bool>, matmul> kernels_;  // few: row counts are rounded
};

}  // namespace

std::int64_t padded_rows(std::int64_t rows) {
  if (rows < 32) return rows;
  const auto step = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(rows)) / 32);
  return (rows + step - 1) / step * step;
}

struct Linear::State {
  State(std::int64_t in_features, std::int64_t out_features, const memory& source,
        std::span<const float> bias)
      : in(in_features), out(out_features), forward(source, bias) {}

  /// Packed when first asked for, from the forward packing.
  const PackedMatmul& backward() const {
    std::call_once(backward_once_, [this] {
      Matrix transposed;
      transposed.resize(out, in);
      memory rows(memory::desc({in, out}, memory::data_type::f32, memory::format_tag::ba), engine(),
                  transposed.data());
      memory packed = forward.weights();
      dnnl::reorder(packed, rows).execute(stream(), packed, rows);
      stream().wait();
      backward_ = std::make_unique<PackedMatmul>(memory(plain(out, in), engine(), transposed.data()),
                                                 std::span<const float>());
    });
    return *backward_;
  }

  std::int64_t in;
  std::int64_t out;
  PackedMatmul forward;

 private:
  mutable std::once_flag backward_once_;
  mutable std::unique_ptr<PackedMatmul> backward_;
};

Linear::Linear(ConstMatrixView weight, std::span<const float> bias) {
  // A row-major [out, in] weight is a column-major [in, out] one.
  const memory::desc stored({weight.cols, weight.rows}, memory::data_type::f32,
                            memory::dims{1, weight.stride});
  state_ = std::make_unique<State>(weight.cols, weight.rows,
                                   memory(stored, engine(), const_cast<float*>(weight.data)), bias);
}
Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;
Linear::~Linear() = default;

std::int64_t Linear::in_features() const {
  return state_->in;
}
std::int64_t Linear::out_features() const {
  return state_->out;
}

void Linear::forward(const float* x, std::int64_t rows, float* y, bool accumulate) const {
  if (rows > 0) state_->forward.run(x, padded_rows(rows), y, accumulate);
}

void Linear::backward_input(const float* dy, std::int64_t rows, float* dx, bool accumulate) const {
  if (rows > 0) state_->backward().run(dy, padded_rows(rows), dx, accumulate);
}

}  // namespace incipit
