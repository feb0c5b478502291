#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "incipit/adapter.h"

#include "backbone/backbone.h"
#include "prompt/templated_example.h"

namespace incipit {

/// What is run at once: of encoders the texts of a batch, each with its virtual tokens.
struct StepShape {
  std::int64_t text_tokens = 0;     // of all sequences
  std::int64_t virtual_tokens = 0;  // of all sequences; of causal models the ones they share, counted once
  std::int64_t insert_layer = 0;    // at which the virtual tokens join
  std::int64_t read_rows = 0;  // of the last layer, that the head reads: one a sequence, or those of the text
  bool trains = false;
};

/// Of a batch whose examples have the adapter's virtual tokens.
StepShape step_shape(const BackboneSpec& spec, const AdapterInfo& adapter,
                     std::span<const TemplatedExample> examples, bool trains);

/// A weight and the rows that must pass through it, forward and back.
struct MatmulCost {
  std::int64_t in = 0, out = 0;
  std::int64_t forward_rows = 0, backward_rows = 0;

  double forward_flop() const {
    return 2.0 * static_cast<double>(in * out) * static_cast<double>(forward_rows);
  }
  double backward_flop() const {
    return 2.0 * static_cast<double>(in * out) * static_cast<double>(backward_rows);
  }
};

/// The matmuls that a step of a frozen model cannot do without, one entry a weight's shape: every layer
/// forward for the tokens that have joined; the gradient by its input back, down to the layer where the
/// virtual tokens join, there by these alone; of the last layer what is not keys and
/// values for the rows that are read only. No padding, nothing twice; attention's own products, a few per
/// cent, do not count.
std::vector<MatmulCost> step_matmuls(const BackboneSpec& spec, const StepShape& shape);

double total_flop(const std::vector<MatmulCost>& matmuls);

}  // namespace incipit
