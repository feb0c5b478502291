#include "infer/packed_run.h"

#include <algorithm>
#include <utility>

#include "prompt/prompt_method.h"

namespace incipit {
namespace {

constexpr std::int64_t kLeastShared = 4;  // tokens that are worth a sequence of their own

/// A prompt's part of the rows of all.
MatrixView rows_of(Matrix& all, std::int64_t first, std::int64_t count) {
  return {all.data() + first * all.cols(), count, all.cols(), all.cols()};
}

/// How many of the first `most` tokens of both are the same.
std::int64_t common_tokens(const TemplatedExample& a, const TemplatedExample& b, std::int64_t most) {
  for (std::int64_t t = 0; t < most; ++t) {
    const auto at = static_cast<std::size_t>(t);
    if (a.token[at] != b.token[at] || a.entry[at] != b.entry[at]) return t;
  }
  return most;
}

/// Tokens before the first that is read; at least one stays the example's own.
std::int64_t unread_tokens(const TemplatedExample& example, const ReadPlan& plan) {
  return plan.rows.empty() ? example.size() - 1 : plan.rows.front();
}

}  // namespace

PackedRun::PackedRun(const Backbone& backbone) : backbone_(backbone), pass_(backbone.new_pass()) {}

void PackedRun::plan(std::span<const Adapter* const> adapters, std::span<const WorkItem> items) {
  readings_.resize(adapters.size());
  for (Reading& reading : readings_) {
    reading.items.clear();
    reading.ranges.clear();
  }
  planned_.resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    adapters[items[i].adapter]->scorer().plan(*items[i].example, planned_[i].plan);
    planned_[i].shared = planned_[i].layer = 0;
    readings_[items[i].adapter].items.push_back(i);
  }
}

Status PackedRun::resume(std::span<const WorkItem> items) {
  std::vector<LowerLayers::Item> resumed;
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Planned& planned = planned_[i];
    // What continues an example looks at its words below the prompt, too.
    if (!planned.plan.extras.empty()) continue;
    planned.layer = layer_of_prompt(*items[i].example);
    planned.first_row = rows;
    if (planned.layer == 0) continue;
    resumed.push_back({items[i].example, planned.layer, rows});
    rows += count_words(*items[i].example);
  }
  lower_rows_.resize(rows, backbone_.spec().hidden_size);
  return lower_layers_->rows_at(resumed, lower_rows_.view());
}

void PackedRun::pack(std::span<const Adapter* const> adapters, std::span<const WorkItem> items,
                     bool may_share) {
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
  resumed_from_.clear();
  std::vector<std::int64_t> parent(adapters.size(), -1);
  for (std::size_t a = 0; may_share && a < adapters.size(); ++a) {
    share_leading_tokens(a, items);
    if (readings_[a].items.empty()) continue;
    const std::size_t first = readings_[a].items.front();
    if (planned_[first].shared == 0) continue;
    parent[a] = std::ssize(batch_.sequences);
    append(items[first], planned_[first], 0, planned_[first].shared, {}, -1);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const WorkItem& item = items[i];
    const Planned& planned = planned_[i];
    const std::int64_t first_read = std::ssize(batch_.read);
    const std::int64_t sequence = std::ssize(batch_.sequences);
    const std::int64_t row = first_row_[item.adapter];
    append(item, planned, planned.shared, item.example->size(), planned.plan.rows,
           planned.shared > 0 ? parent[item.adapter] : -1);
    for (const ReadPlan::Extra& extra : planned.plan.extras)
      append(extra.example, 0, extra.example.size(), extra.rows, row, item.key,
             extra.continues ? sequence : -1);
    readings_[item.adapter].ranges.push_back({first_read, std::ssize(batch_.read) - first_read});
  }
  resumed_rows_.resize(std::ssize(resumed_from_), backbone_.spec().hidden_size);
  for (std::int64_t r = 0; r < resumed_rows_.rows(); ++r)
    std::copy_n(lower_rows_.row(resumed_from_[static_cast<std::size_t>(r)]), resumed_rows_.cols(),
                resumed_rows_.row(r));
}

void PackedRun::share_leading_tokens(std::size_t adapter, std::span<const WorkItem> items) {
  const std::vector<std::size_t>& own = readings_[adapter].items;
  if (own.size() < 2) return;
  const TemplatedExample& model = *items[own.front()].example;
  std::int64_t shared = model.size();
  for (const std::size_t i : own) {
    // Words that start at the embeddings look at those before them in every layer.
    if (planned_[i].layer != planned_[own.front()].layer) return;
    const TemplatedExample& example = *items[i].example;
    shared = common_tokens(model, example, std::min(shared, unread_tokens(example, planned_[i].plan)));
  }
  if (shared < kLeastShared) return;
  for (const std::size_t i : own) planned_[i].shared = shared;
}

void PackedRun::append(const TemplatedExample& example, std::int64_t begin, std::int64_t end,
                       std::span<const std::int64_t> rows, std::int64_t first_row, std::uint64_t key,
                       std::int64_t parent) {
  const std::int64_t first = batch_.size();
  const auto add = [&](const auto& from, auto& to) {
    to.insert(to.end(), from.begin() + begin, from.begin() + end);
  };
  for (std::int64_t t = begin; t < end; ++t) {
    const std::int32_t token = example.token[static_cast<std::size_t>(t)];
    batch_.token.push_back(token >= 0 ? token : token - static_cast<std::int32_t>(first_row));
  }
  add(example.position, batch_.position);
  add(example.token_type, batch_.token_type);
  add(example.entry, batch_.entry);
  batch_.sequences.push_back({first, end - begin, key, parent});
  for (const std::int64_t row : rows) batch_.read.push_back(first + row - begin);
}

void PackedRun::append(const WorkItem& item, const Planned& planned, std::int64_t begin, std::int64_t end,
                       std::span<const std::int64_t> rows, std::int64_t parent) {
  const TemplatedExample& example = *item.example;
  append(example, begin, end, rows, first_row_[item.adapter], item.key, parent);
  if (planned.layer == 0) return;
  std::int64_t row = planned.first_row;
  for (std::int64_t t = 0; t < end; ++t) {
    if (example.token[static_cast<std::size_t>(t)] < 0) continue;
    if (t >= begin) {
      batch_.entry[static_cast<std::size_t>(batch_.size() - end + t)] =
          static_cast<std::uint8_t>(planned.layer);
      resumed_from_.push_back(row);
    }
    ++row;
  }
}

std::int64_t PackedRun::shared_tokens(const Adapter& adapter,
                                      std::span<const TemplatedExample> examples) const {
  if (!backbone_.spec().is_causal || examples.size() < 2) return 0;
  std::int64_t shared = examples.front().size();
  ReadPlan plan;
  for (const TemplatedExample& example : examples) {
    adapter.scorer().plan(example, plan);
    shared = common_tokens(examples.front(), example, std::min(shared, unread_tokens(example, plan)));
    if (shared < kLeastShared) return 0;
  }
  return shared;
}

Status PackedRun::forward(std::span<const Adapter* const> adapters, std::span<const WorkItem> items,
                          const Want& want, Matrix& features) {
  plan(adapters, items);
  if (lower_layers_ != nullptr && want.attention == nullptr) INCIPIT_CHECK(resume(items));
  // Masks of dropout are an example's own, and so is what its rows look at.
  pack(adapters, items, backbone_.spec().is_causal && !want.dropout && want.attention == nullptr);
  const Inputs inputs{virtual_rows_.view(), std::as_const(resumed_rows_).view()};
  INCIPIT_CHECK(backbone_.forward(batch_, inputs, want, *pass_, read_rows_));
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
