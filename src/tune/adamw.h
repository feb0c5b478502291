#pragma once

#include <cstdint>
#include <vector>

#include "tensor/parameter.h"

namespace incipit {

/// AdamW (Loshchilov and Hutter 2019) as torch.optim.AdamW has it: betas 0.9 and 0.999, epsilon 1e-8, decay
/// decoupled and applied first. Parameters must outlive it.
class AdamW {
 public:
  explicit AdamW(double weight_decay) : weight_decay_(weight_decay) {}

  /// A parameter with a learning rate of its own; 0 leaves it as it is.
  void add(Parameter& parameter, double learning_rate);

  void clear_gradients();
  /// L2 norm over all gradients.
  double gradient_norm() const;
  /// Scales all gradients so that their norm is at most `limit`, as torch.nn.utils.clip_grad_norm_ does.
  void clip_gradients(double norm, double limit);
  /// One step; `factor` multiplies every parameter's learning rate.
  void step(double factor);

 private:
  struct Slot {
    Parameter* parameter;
    double learning_rate;
    Matrix mean, square;  // the shape of the parameter
  };

  double weight_decay_;
  std::int64_t steps_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace incipit
