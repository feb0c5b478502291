#include "backbone/embedding_table.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "ops/narrow.h"

namespace incipit {
namespace {

bool are_bf16(std::span<const float> values) {
  std::uint32_t lost = 0;
  for (const float value : values) lost |= std::bit_cast<std::uint32_t>(value) & 0xffffu;
  return lost == 0;
}

}  // namespace

EmbeddingTable::EmbeddingTable(Matrix embeddings, bool in_bf16) : rows_(embeddings.rows()) {
  if (!in_bf16 && !are_bf16(embeddings.values())) {
    floats_ = std::move(embeddings);
    return;
  }
  halves_.resize(static_cast<std::size_t>(embeddings.size()));
  round_to_bf16(embeddings.data(), rows_, embeddings.cols(), halves_.data());
}

void EmbeddingTable::copy_row(std::int64_t row, std::span<float> out) const {
  if (halves_.empty())
    std::copy_n(floats_.row(row), out.size(), out.data());
  else
    widen_bf16(halves_.data() + row * std::ssize(out), 1, std::ssize(out), out.data());
}

}  // namespace incipit
