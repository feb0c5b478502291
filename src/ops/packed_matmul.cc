// The one file that knows oneDNN; it speaks its 2.x and 3.x interfaces.
#include "ops/packed_matmul.h"

#include <map>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ops/panel_weight.h"

namespace incipit {
namespace {

using dnnl::matmul;
using dnnl::memory;
using DataType = memory::data_type;

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

struct DataTypes {
  DataType input, weight, output;
};

DataTypes data_types(MatmulType type) {
  switch (type) {
    case MatmulType::bf16:
      return {DataType::bf16, DataType::bf16, DataType::f32};
    case MatmulType::u8s8:
      return {DataType::u8, DataType::s8, DataType::s32};
  }
  return {DataType::bf16, DataType::bf16, DataType::f32};
}

/// The interfaces have different names for it.
memory::dims dims_of(const memory::desc& description) {
#if DNNL_VERSION_MAJOR >= 3
  return description.get_dims();
#else
  return description.dims();
#endif
}

memory::desc plain(std::int64_t rows, std::int64_t cols, DataType type) {
  return memory::desc({rows, cols}, type, memory::format_tag::ab);
}

matmul::primitive_desc describe(const DataTypes& types, std::int64_t rows, const memory::desc& weights,
                                bool bias, bool accumulate) {
  const std::int64_t in = dims_of(weights)[0], out = dims_of(weights)[1];
  const memory::desc x = plain(rows, in, types.input), y = plain(rows, out, types.output);
  const memory::desc added = plain(1, out, DataType::f32);
  dnnl::primitive_attr attributes;
  if (accumulate) {
    dnnl::post_ops post;
    post.append_sum();
    attributes.set_post_ops(post);
  }
#if DNNL_VERSION_MAJOR >= 3
  return bias ? matmul::primitive_desc(engine(), x, weights, added, y, attributes)
              : matmul::primitive_desc(engine(), x, weights, y, attributes);
#else
  const matmul::desc description = bias ? matmul::desc(x, weights, added, y) : matmul::desc(x, weights, y);
  return matmul::primitive_desc(description, attributes, engine());
#endif
}

void reorder(memory from, memory& to) {
  dnnl::reorder(from, to).execute(stream(), from, to);
  stream().wait();
}

/// Whether the instruction sets that the library may use include `wanted`: their values are sets of bits.
bool has_instructions(dnnl::cpu_isa wanted) {
  const auto bits = static_cast<unsigned>(wanted);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

}  // namespace

bool is_library_faster(MatmulType type) {
  if (has_instructions(dnnl::cpu_isa::avx512_core_amx)) return true;
  return type == MatmulType::u8s8 && has_instructions(dnnl::cpu_isa::avx2_vnni) &&
         !has_units_for(PanelType::int8);
}

std::string packed_layout_name() {
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("oneDNN {}.{}.{} {} isa {}", version->major, version->minor, version->patch,
                     version->hash, static_cast<unsigned>(dnnl::get_effective_cpu_isa()));
}

struct PackedMatmul::State {
  DataTypes types;
  std::int64_t in, out;
  std::vector<float> bias;
  memory weights{};
  std::mutex mutex{};
  std::map<std::pair<std::int64_t, bool>, matmul> kernels{};  // few: row counts are rounded

  std::shared_ptr<const std::byte> mapped{};  // what `weights` stands in, where not its own

  State(MatmulType type, const memory& source, std::span<const float> added)
      : State(type, dims_of(source.get_desc())[0], dims_of(source.get_desc())[1], added) {
    weights = memory(layout(), engine());
    reorder(source, weights);
  }
  /// Without weights.
  State(MatmulType type, std::int64_t in_features, std::int64_t out_features, std::span<const float> added)
      : types(data_types(type)), in(in_features), out(out_features), bias(added.begin(), added.end()) {}

  memory::desc layout() const {
    const memory::desc any({in, out}, types.weight, memory::format_tag::any);
    return describe(types, kLayoutRows, any, !bias.empty(), false).weights_desc();
  }

  const matmul& kernel_for(std::int64_t rows, bool accumulate) {
    const std::lock_guard lock(mutex);
    auto [position, is_new] = kernels.try_emplace({rows, accumulate});
    if (is_new)
      position->second = matmul(describe(types, rows, weights.get_desc(), !bias.empty(), accumulate));
    return position->second;
  }
};

// A row-major [out, in] weight is a column-major [in, out] one.
PackedMatmul::PackedMatmul(ConstMatrixView weight, std::span<const float> bias)
    : state_(std::make_unique<State>(
          MatmulType::bf16,
          memory(memory::desc({weight.cols, weight.rows}, DataType::f32, memory::dims{1, weight.stride}),
                 engine(), const_cast<float*>(weight.data)),
          bias)) {}
PackedMatmul::PackedMatmul(const std::int8_t* weight, std::int64_t in, std::int64_t out)
    : state_(std::make_unique<State>(MatmulType::u8s8,
                                     memory(memory::desc({in, out}, DataType::s8, memory::format_tag::ba),
                                            engine(), const_cast<std::int8_t*>(weight)),
                                     std::span<const float>())) {}
PackedMatmul::PackedMatmul(std::unique_ptr<State> state) : state_(std::move(state)) {}
PackedMatmul::PackedMatmul(PackedMatmul&&) noexcept = default;
PackedMatmul& PackedMatmul::operator=(PackedMatmul&&) noexcept = default;
PackedMatmul::~PackedMatmul() = default;

Result<PackedMatmul> PackedMatmul::load(MatmulType type, std::int64_t in, std::int64_t out,
                                        std::span<const float> bias, ArrayFileReader& packed) {
  auto state = std::make_unique<State>(type, in, out, bias);
  const memory::desc layout = state->layout();
  INCIPIT_TRY(state->mapped, packed.take(layout.get_size()));
  state->weights = memory(layout, engine(), const_cast<std::byte*>(state->mapped.get()));  // is only read
  return PackedMatmul(std::move(state));
}

std::span<const std::byte> PackedMatmul::bytes() const {
  return {static_cast<const std::byte*>(state_->weights.get_data_handle()),
          state_->weights.get_desc().get_size()};
}

void PackedMatmul::unpack_transposed(Matrix& weight) const {
  const std::int64_t in = state_->in, out = state_->out;
  weight.resize(in, out);
  memory rows(plain(in, out, DataType::f32), engine(), weight.data());
  reorder(state_->weights, rows);
}

void PackedMatmul::run(const void* x, std::int64_t rows, void* y, bool accumulate) const {
  State& state = *state_;
  const matmul& kernel = state.kernel_for(rows, accumulate);
  const std::int64_t in = state.in, out = state.out;
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, memory(plain(rows, in, state.types.input), engine(), const_cast<void*>(x))},
      {DNNL_ARG_WEIGHTS, state.weights},
      {DNNL_ARG_DST, memory(plain(rows, out, state.types.output), engine(), y)}};
  if (!state.bias.empty())
    arguments.emplace(DNNL_ARG_BIAS, memory(plain(1, out, DataType::f32), engine(), state.bias.data()));
  kernel.execute(stream(), arguments);
  stream().wait();
}

}  // namespace incipit
