#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "incipit/activation_cache.h"
#include "incipit/adapter.h"
#include "incipit/dataset.h"
#include "incipit/gguf_info.h"
#include "incipit/metrics.h"
#include "incipit/model.h"
#include "incipit/result.h"

namespace incipit {

class NearestDemonstrations;

struct Prediction {
  int label = 0;                     // index into the adapter's labels
  std::vector<float> probabilities;  // [labels]
  std::vector<float> logits;         // [labels]
  bool truncated = false;            // the text did not fit
  std::int64_t shots = 0;            // of PredictOptions::demonstrations
};

struct PredictOptions {
  /// Tokens that are run at once; more needs more memory and is no faster beyond about a thousand.
  std::int64_t max_batch_tokens = 1024;
  /// Finds what stands in front of each text's template; made for the same adapter, and must outlive the
  /// Predictor. Null: nothing does.
  const NearestDemonstrations* demonstrations = nullptr;
  /// Of late prompts. Where it cannot be used, nothing is said: only time is lost.
  ActivationCacheOptions activation_cache{};
};

/// Runs an adapter on its model. Keeps scratch memory between calls; use one per thread. The model and the
/// adapter must outlive it.
class Predictor {
 public:
  Predictor(const Model& model, const Adapter& adapter, PredictOptions options);
  Predictor(Predictor&&) noexcept;
  ~Predictor();

  /// In the order of the examples. `progress`, where given, is told how many examples are done so far.
  Result<std::vector<Prediction>> predict(std::span<const Example> examples,
                                          const std::function<void(std::int64_t done)>& progress = nullptr);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What the predictions for labelled examples are worth; examples without a label are left out.
Metrics evaluate_predictions(std::span<const Example> examples, std::span<const Prediction> predictions,
                             int num_labels);

/// What stands around a text.
struct TokenizeOptions {
  std::string template_text;            // see AdapterInfo
  std::int64_t num_virtual_tokens = 0;  // of a template with soft parts: theirs
  std::int64_t insert_layer = 0;        // at which the virtual tokens join
  std::int64_t max_length = 0;          // 0: as much as fits
};

/// One text as the model reads it under an adapter.
struct TokenView {
  std::int32_t id = 0;         // -1 for a virtual token
  std::string piece;           // as the vocabulary spells it; "<v1>" for virtual token 1
  std::int64_t position = -1;  // -1: none (a late prompt has no position)
  std::int64_t entry_layer = 0;
  int token_type = 0;
};
struct TokenizedView {
  std::vector<TokenView> tokens;
  std::int64_t truncated = 0;  // tokens of the text that did not fit
};
Result<TokenizedView> tokenize(const Model& model, const Example& example, const TokenizeOptions& options);
/// The same for a GGUF model whose weights are not loaded.
Result<TokenizedView> tokenize(const GgufInfo& model, const Example& example, const TokenizeOptions& options);

/// How much of a template's fixed words a tokenizer can spell.
struct TemplateCheck {
  std::int64_t tokens = 0;
  std::int64_t unknown = 0;

  double unknown_share() const {
    return tokens > 0 ? static_cast<double>(unknown) / static_cast<double>(tokens) : 0;
  }
};
Result<TemplateCheck> check_template(const Tokenizer& tokenizer, const std::string& template_text);

}  // namespace incipit
