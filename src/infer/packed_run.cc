#include "infer/packed_run.h"

#include "prompt/prompt_method.h"
#include "score/classifier_head.h"

namespace incipit {
namespace {

/// A prompt's part of the rows of all.
MatrixView rows_of(Matrix& all, std::int64_t first, std::int64_t count) {
  return {all.data() + first * all.cols(), count, all.cols(), all.cols()};
}

}  // namespace

PackedRun::PackedRun(const Backbone& backbone) : backbone_(backbone), pass_(backbone.new_pass()) {}

void PackedRun::pack(std::span<const Adapter* const> adapters, std::span<const WorkItem> items) {
  first_row_.clear();
  std::int64_t rows = 0;
  for (const Adapter* adapter : adapters) {
    first_row_.push_back(rows);
    rows += adapter->prompt().rows();
  }
  virtual_rows_.resize(rows, backbone_.spec().hidden_size);
  for (std::size_t a = 0; a < adapters.size(); ++a)
    adapters[a]->prompt().emit(rows_of(virtual_rows_, first_row_[a], adapters[a]->prompt().rows()));

  batch_.clear();
  ranges_.clear();
  for (const WorkItem& item : items) {
    const TemplatedExample& example = *item.example;
    const std::int64_t first = batch_.size();
    const auto row = static_cast<std::int32_t>(first_row_[item.adapter]);
    for (const std::int32_t token : example.token) batch_.token.push_back(token >= 0 ? token : token - row);
    batch_.position.insert(batch_.position.end(), example.position.begin(), example.position.end());
    batch_.token_type.insert(batch_.token_type.end(), example.token_type.begin(), example.token_type.end());
    batch_.entry.insert(batch_.entry.end(), example.entry.begin(), example.entry.end());
    batch_.sequences.push_back({first, example.size(), item.key});
    const std::int64_t first_read = std::ssize(batch_.read);
    adapters[item.adapter]->head().plan(example, batch_.read);
    for (auto row = batch_.read.begin() + first_read; row != batch_.read.end(); ++row) *row += first;
    ranges_.push_back({first_read, std::ssize(batch_.read) - first_read});
  }
}

Status PackedRun::forward(std::span<const Adapter* const> adapters, std::span<const WorkItem> items,
                          const Want& want, Matrix& vectors) {
  pack(adapters, items);
  INCIPIT_CHECK(backbone_.forward(batch_, {virtual_rows_.view(), {}}, want, *pass_, read_rows_));
  pool_rows(read_rows_.view(), ranges_, vectors);
  return {};
}

void PackedRun::backward(std::span<Adapter* const> adapters, ConstMatrixView d_vectors) {
  if (virtual_rows_.rows() == 0) return;
  d_read_rows_.resize(read_rows_.rows(), read_rows_.cols());
  pool_rows_backward(d_vectors, ranges_, d_read_rows_.view());
  d_virtual_rows_.resize(virtual_rows_.rows(), virtual_rows_.cols());
  d_virtual_rows_.fill(0.0f);
  backbone_.backward(batch_, *pass_, std::as_const(d_read_rows_).view(), d_virtual_rows_.view());
  for (std::size_t a = 0; a < adapters.size(); ++a)
    adapters[a]->prompt().absorb(rows_of(d_virtual_rows_, first_row_[a], adapters[a]->prompt().rows()));
}

}  // namespace incipit
