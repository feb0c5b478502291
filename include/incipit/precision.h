#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace incipit {

/// What the frozen network's matmuls compute with; everything else, trained weights included, is computed in
/// f32. Under bf16 and int8 word embeddings, and what the backward pass needs, are kept in bf16.
enum class Precision {
  f32,
  bf16,       // weights, activations and gradients rounded to bf16, sums in f32
  int8,       // weights: a scale an output channel; activations and gradients: a scale and a zero a token
  automatic,  // bf16 where it is the faster one on this processor, else f32
};

/// f32, bf16, int8 and auto.
std::vector<std::string> precision_names();
std::string_view name_of(Precision precision);
std::optional<Precision> precision_by_name(std::string_view name);

/// What `automatic` stands for on this processor; the others stand for themselves.
Precision resolved(Precision precision);

}  // namespace incipit
