#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "incipit/precision.h"
#include "incipit/result.h"
#include "incipit/tokenizer.h"

namespace incipit {

class Backbone;
class HeadWeights;
class LmHead;

/// How a checkpoint's tensors met the model's, under the names that transformers prints for the sequence
/// classification model of this architecture.
struct LoadReport {
  std::vector<std::string> unused;             // in the file, not in the model
  std::vector<std::string> newly_initialised;  // in the model, not in the file
};

struct ModelInfo {
  std::filesystem::path folder;
  Precision precision = Precision::f32;  // never automatic
  std::string model_type;
  std::vector<std::string> architectures;
  std::int64_t hidden_size = 0;
  std::int64_t num_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t vocab_size = 0;
  std::int64_t max_positions = 0;        // tokens that one sequence may have, virtual ones included
  std::int64_t backbone_parameters = 0;  // all frozen ones, a BERT's pooler included; no classifier
  std::vector<std::string> labels;       // of its config; placeholders LABEL_0, … where it names none
  std::string fingerprint;               // of the backbone's weights and shape, hex
  std::vector<std::int32_t> end_tokens;  // that end a text, of a causal model; empty where none is known
  std::string chat_template;             // Jinja, of a GGUF file; empty where it has none
};

struct LoadOptions {
  Precision precision = Precision::f32;  // of the backbone and the language-model head
  /// A folder in which a large model's weights are kept as the matmuls want them, so that the next load of it
  /// maps them in place of reading and packing (up to 16 GiB; the least used go first); empty: none.
  std::filesystem::path packed_weights{};
  std::int64_t least_packed_numbers = 16 << 20;  // smaller models are packed faster than looked up
};

/// A frozen model ready for use: backbone, tokenizer, and what its checkpoint holds of a classifier.
/// Immutable and thread-safe; copies share one instance.
class Model {
 public:
  /// From a folder with config.json, safetensors and tokenizer.json, from a GGUF file, or from a folder that
  /// has one of these and no config.json.
  static Result<Model> load(const std::filesystem::path& path, const LoadOptions& options = {});

  const ModelInfo& info() const;
  const LoadReport& report() const;
  const Tokenizer& tokenizer() const;

  /// For the library's own layers.
  const Backbone& backbone() const;
  const HeadWeights& head_weights() const;
  /// The language-model head, read when first asked for. Lives as long as the model; fails naming the tensor
  /// that the checkpoint does not have.
  Result<const LmHead*> lm_head() const;

 private:
  struct State;
  explicit Model(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace incipit
