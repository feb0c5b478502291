#include "tune/step_cost.h"

#include <algorithm>

namespace incipit {
namespace {

/// Adds rows to the entry of a shape.
void add(std::vector<MatmulCost>& matmuls, std::int64_t in, std::int64_t out, std::int64_t forward_rows,
         std::int64_t backward_rows) {
  auto entry = std::find_if(matmuls.begin(), matmuls.end(),
                            [&](const MatmulCost& cost) { return cost.in == in && cost.out == out; });
  if (entry == matmuls.end()) entry = matmuls.insert(matmuls.end(), {in, out, 0, 0});
  entry->forward_rows += forward_rows;
  entry->backward_rows += backward_rows;
}

}  // namespace

StepShape step_shape(const BackboneSpec& spec, const AdapterInfo& adapter,
                     std::span<const TemplatedExample> examples, bool trains) {
  StepShape shape;
  const std::int64_t rows = adapter.num_virtual_tokens, sequences = std::ssize(examples);
  for (const TemplatedExample& example : examples) shape.text_tokens += example.size() - rows;
  shape.virtual_tokens = spec.is_causal ? rows : rows * sequences;
  shape.insert_layer = adapter.insert_layer;
  shape.read_rows = adapter.head_input == HeadInput::mean ? shape.text_tokens : sequences;
  shape.trains = trains;
  return shape;
}

std::vector<MatmulCost> step_matmuls(const BackboneSpec& spec, const StepShape& shape) {
  const std::int64_t hidden = spec.hidden_size, inner = spec.intermediate_size;
  const std::int64_t query = spec.num_attention_heads * spec.head_dim;
  const std::int64_t key_value = 2 * spec.num_key_value_heads * spec.head_dim;
  const std::int64_t up = spec.is_gated ? 2 * inner : inner;
  const bool has_gradient = shape.trains && shape.virtual_tokens > 0;
  std::vector<MatmulCost> matmuls;
  for (std::int64_t l = 0; l < spec.num_layers; ++l) {
    const bool has_joined = l >= shape.insert_layer;
    const std::int64_t rows = shape.text_tokens + (has_joined ? shape.virtual_tokens : 0);
    const std::int64_t out_rows = l == spec.num_layers - 1 ? shape.read_rows : rows;
    const bool goes_back = has_gradient && has_joined;
    const bool is_lowest = l == shape.insert_layer;
    const std::int64_t back = goes_back ? out_rows : 0;
    const std::int64_t input_back = goes_back ? (is_lowest ? shape.virtual_tokens : rows) : 0;
    add(matmuls, hidden, query, out_rows, std::min(back, input_back));
    add(matmuls, hidden, key_value, rows, input_back);
    add(matmuls, query, hidden, out_rows, back);
    add(matmuls, hidden, up, out_rows, back);
    add(matmuls, inner, hidden, out_rows, back);
  }
  return matmuls;
}

double total_flop(const std::vector<MatmulCost>& matmuls) {
  double sum = 0;
  for (const MatmulCost& cost : matmuls) sum += cost.forward_flop() + cost.backward_flop();
  return sum;
}

}  // namespace incipit
