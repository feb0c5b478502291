#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "backbone/kept_matrix.h"
#include "ops/narrow.h"
#include "tensor/matrix.h"

namespace incipit {

/// What the layers of a stack keep between forward and backward. A Trace has `keep`, which tells its layer
/// how, and matrices(), a std::array of pointers: those that operations want in f32. Where the trace is kept
/// in bf16 all layers share the memory of these, and they wait rounded.
template <typename Trace>
class TraceStore {
 public:
  TraceStore() = default;
  TraceStore(const TraceStore&) = delete;  // a trace is known by its address

  /// Of a pass that keeps layers from `first_kept` on, or, where there is none, no layer.
  void prepare(std::int64_t num_layers, std::optional<std::int64_t> first_kept, bool in_bf16) {
    first_kept_ = first_kept.value_or(num_layers);
    keep_ = in_bf16 ? Keep::halves : Keep::floats;
    if (first_kept_ < num_layers) layers_.resize(static_cast<std::size_t>(num_layers));
  }

  /// For a layer to fill on its way forward.
  Trace& open(std::int64_t layer) {
    if (layer < first_kept_) {
      lend_to(passing_);
      passing_.keep = Keep::nothing;
      return passing_;
    }
    Trace& trace = layers_[static_cast<std::size_t>(layer)].trace;
    trace.keep = keep_;
    if (keep_ == Keep::halves) lend_to(trace);
    return trace;
  }

  /// When it has been filled and everybody has looked at it.
  void close(std::int64_t layer) {
    if (layer < first_kept_ || keep_ == Keep::floats) return;
    Layer& kept = layers_[static_cast<std::size_t>(layer)];
    std::int64_t size = 0;
    for (const Matrix* matrix : kept.trace.matrices()) size += matrix->size();
    kept.rounded.resize(1, (size + 1) / 2);
    auto* halves = reinterpret_cast<std::uint16_t*>(kept.rounded.data());
    kept.shapes.clear();
    for (const Matrix* matrix : kept.trace.matrices()) {
      round_to_bf16(matrix->data(), matrix->rows(), matrix->cols(), halves);
      kept.shapes.emplace_back(matrix->rows(), matrix->cols());
      halves += matrix->size();
    }
  }

  /// On the way back.
  const Trace& recall(std::int64_t layer) {
    Layer& kept = layers_[static_cast<std::size_t>(layer)];
    if (keep_ == Keep::floats) return kept.trace;
    lend_to(kept.trace);
    const auto* halves = reinterpret_cast<const std::uint16_t*>(kept.rounded.data());
    std::size_t at = 0;
    for (Matrix* matrix : kept.trace.matrices()) {
      const auto [rows, cols] = kept.shapes[at++];
      matrix->resize(rows, cols);
      widen_bf16(halves, rows, cols, matrix->data());
      halves += matrix->size();
    }
    return kept.trace;
  }

 private:
  struct Layer {
    Trace trace;
    Matrix rounded;  // the numbers of matrices() in bf16, two in the place of one
    std::vector<std::pair<std::int64_t, std::int64_t>> shapes;
  };

  /// Gives `trace` the shared memory, empty.
  void lend_to(Trace& trace) {
    if (borrower_ != &trace) {
      const auto to = trace.matrices();
      if (borrower_ != nullptr)
        for (std::size_t i = 0; i < to.size(); ++i) std::swap(*to[i], *borrower_->matrices()[i]);
      borrower_ = &trace;
    }
    for (Matrix* matrix : trace.matrices()) matrix->resize(0, 0);  // not every layer fills all
  }

  std::int64_t first_kept_ = 0;
  Keep keep_ = Keep::floats;
  Trace passing_;
  std::vector<Layer> layers_;
  Trace* borrower_ = nullptr;
};

}  // namespace incipit
