#include "infer/packed_run.h"

#include <algorithm>
#include <utility>

#include "prompt/prompt_method.h"

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
  readings_.resize(adapters.size());
  for (Reading& reading : readings_) {
    reading.items.clear();
    reading.ranges.clear();
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const WorkItem& item = items[i];
    const std::int64_t first_read = std::ssize(batch_.read);
    const std::int64_t sequence = std::ssize(batch_.sequences);
    adapters[item.adapter]->scorer().plan(*item.example, plan_);
    append(*item.example, plan_.rows, first_row_[item.adapter], item.key, -1);
    for (const ReadPlan::Extra& extra : plan_.extras)
      append(extra.example, extra.rows, first_row_[item.adapter], item.key, extra.continues ? sequence : -1);
    readings_[item.adapter].items.push_back(i);
    readings_[item.adapter].ranges.push_back({first_read, std::ssize(batch_.read) - first_read});
  }
}

void PackedRun::append(const TemplatedExample& example, std::span<const std::int64_t> rows,
                       std::int64_t first_row, std::uint64_t key, std::int64_t parent) {
  const std::int64_t first = batch_.size();
  for (const std::int32_t token : example.token)
    batch_.token.push_back(token >= 0 ? token : token - static_cast<std::int32_t>(first_row));
  batch_.position.insert(batch_.position.end(), example.position.begin(), example.position.end());
  batch_.token_type.insert(batch_.token_type.end(), example.token_type.begin(), example.token_type.end());
  batch_.entry.insert(batch_.entry.end(), example.entry.begin(), example.entry.end());
  batch_.sequences.push_back({first, example.size(), key, parent});
  for (const std::int64_t row : rows) batch_.read.push_back(first + row);
}

Status PackedRun::forward(std::span<const Adapter* const> adapters, std::span<const WorkItem> items,
                          const Want& want, Matrix& features) {
  pack(adapters, items);
  INCIPIT_CHECK(backbone_.forward(batch_, {virtual_rows_.view(), {}}, want, *pass_, read_rows_));
  std::int64_t width = 0;
  for (const Adapter* adapter : adapters) width = std::max(width, adapter->scorer().feature_width());
  features.resize(std::ssize(items), width);
  if (adapters.size() > 1) features.fill(0.0f);
  for (std::size_t a = 0; a < adapters.size(); ++a) {
    Reading& reading = readings_[a];
    if (reading.items.empty()) continue;
    const Scorer& scorer = adapters[a]->scorer();
    reading.pass = scorer.new_read_pass();
    scorer.read(std::as_const(read_rows_).view(), reading.ranges, *reading.pass, reading.features);
    for (std::size_t i = 0; i < reading.items.size(); ++i)
      std::copy_n(reading.features.row(static_cast<std::int64_t>(i)), reading.features.cols(),
                  features.row(static_cast<std::int64_t>(reading.items[i])));
  }
  return {};
}

void PackedRun::backward(std::span<Adapter* const> adapters, ConstMatrixView d_features) {
  if (virtual_rows_.rows() == 0) return;
  d_read_rows_.resize(read_rows_.rows(), read_rows_.cols());
  for (std::size_t a = 0; a < adapters.size(); ++a) {
    Reading& reading = readings_[a];
    if (reading.items.empty()) continue;
    reading.d_features.resize(reading.features.rows(), reading.features.cols());
    for (std::size_t i = 0; i < reading.items.size(); ++i)
      std::copy_n(d_features.row(static_cast<std::int64_t>(reading.items[i])), reading.d_features.cols(),
                  reading.d_features.row(static_cast<std::int64_t>(i)));
    adapters[a]->scorer().read_backward(std::as_const(reading.d_features).view(), reading.ranges,
                                        *reading.pass, d_read_rows_.view());
  }
  d_virtual_rows_.resize(virtual_rows_.rows(), virtual_rows_.cols());
  d_virtual_rows_.fill(0.0f);
  backbone_.backward(batch_, *pass_, std::as_const(d_read_rows_).view(), d_virtual_rows_.view());
  for (std::size_t a = 0; a < adapters.size(); ++a)
    adapters[a]->prompt().absorb(rows_of(d_virtual_rows_, first_row_[a], adapters[a]->prompt().rows()));
}

}  // namespace incipit
