#include "backbone/weight_reader.h"

#include <algorithm>
#include <span>
#include <utility>

#include "tensor/transpose.h"

namespace incipit {

std::int64_t LinearSource::out() const {
  std::int64_t sum = 0;
  for (const Part& part : parts) sum += part.out;
  return sum;
}

void WeightReader::count(const std::string& name, std::int64_t size) {
  if (counted_.insert(name).second) parameter_count_ += size;
}

Result<Matrix> WeightReader::matrix(const std::string& name, std::int64_t rows, std::int64_t cols) {
  count(name, rows * cols);
  return checkpoint_.matrix(name, rows, cols);
}

Result<EmbeddingTable> WeightReader::embeddings(const std::string& name, std::int64_t rows,
                                                std::int64_t cols) {
  INCIPIT_TRY(Matrix values, matrix(name, rows, cols));
  return EmbeddingTable(std::move(values), precision_ != Precision::f32);
}

Result<std::vector<float>> WeightReader::vector(const std::string& name, std::int64_t size) {
  count(name, size);
  return checkpoint_.vector(name, size);
}

Result<LayerNorm> WeightReader::layer_norm(const std::string& name, std::int64_t size, double epsilon) {
  LayerNorm norm;
  INCIPIT_TRY(norm.weight, vector(name + ".weight", size));
  INCIPIT_TRY(norm.bias, vector(name + ".bias", size));
  norm.epsilon = static_cast<float>(epsilon);
  return norm;
}

Result<Matrix> WeightReader::stacked_weight(const LinearSource& source) {
  Matrix weight;
  weight.resize(source.out(), source.in);
  std::int64_t row = 0;
  for (const LinearSource::Part& part : source.parts) {
    const std::string name = part.name + ".weight";
    const auto copy = [&](const Matrix& rows) { std::copy_n(rows.data(), rows.size(), weight.row(row)); };
    if (source.stores_transposed) {
      INCIPIT_TRY(const Matrix stored, matrix(name, source.in, part.out));
      copy(transposed(stored));
    } else {
      INCIPIT_TRY(const Matrix stored, matrix(name, part.out, source.in));
      copy(stored);
    }
    row += part.out;
  }
  if (source.factor != 1)
    for (float& value : weight.values().first(static_cast<std::size_t>(source.scaled_rows * source.in)))
      value *= source.factor;
  return weight;
}

Result<std::vector<float>> WeightReader::stacked_bias(const LinearSource& source) {
  std::vector<float> bias;
  if (!source.has_bias) return bias;
  for (const LinearSource::Part& part : source.parts) {
    INCIPIT_TRY(const std::vector<float> stored, vector(part.name + ".bias", part.out));
    bias.insert(bias.end(), stored.begin(), stored.end());
  }
  if (source.factor != 1)
    for (float& value : std::span(bias).first(static_cast<std::size_t>(source.scaled_rows)))
      value *= source.factor;
  return bias;
}

Result<Linear> WeightReader::linear(const LinearSource& source) {
  return linear(source, 0, source.out());
}

Result<Linear> WeightReader::linear(const LinearSource& source, std::int64_t first, std::int64_t rows) {
  for (const LinearSource::Part& part : source.parts) {
    const std::string name = part.name + ".weight";
    const std::int64_t out = source.stores_transposed ? source.in : part.out;
    INCIPIT_CHECK(checkpoint_.expect(name, out, source.stores_transposed ? part.out : source.in));
    count(name, part.out * source.in);
  }
  INCIPIT_TRY(const std::vector<float> all, stacked_bias(source));
  const auto bias =
      all.empty() ? std::span<const float>()
                  : std::span(all).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(rows));
  if (packed_.kept) return Linear::load(source.in, rows, bias, precision_, *packed_.kept);
  INCIPIT_TRY(const Matrix weight, stacked_weight(source));
  Linear layer({weight.row(first), rows, source.in, source.in}, bias, precision_);
  if (packed_.to_keep) layer.save(*packed_.to_keep);
  return layer;
}

}  // namespace incipit
