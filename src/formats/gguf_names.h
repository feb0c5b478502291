#pragma once

#include <string>
#include <string_view>

namespace incipit {

/// A tensor of transformers that a GGUF file holds, and what llama.cpp's convert_hf_to_gguf.py did to it.
struct HfTensorName {
  /// Which heads' rows were reordered: of each head, rows i and i + head_dim / 2 stand side by side.
  enum class Rows { kept, query_heads, key_heads };

  std::string name;
  Rows rows = Rows::kept;
  bool transposed = false;  // transformers' Conv1D has [in, out]
};

/// The name that transformers' *ForCausalLM gives the tensor; the file's own name where it has none for it.
/// architecture: general.architecture.
HfTensorName hf_tensor_name(std::string_view architecture, std::string_view name);

}  // namespace incipit
