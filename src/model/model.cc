#include "incipit/model.h"

#include <functional>
#include <mutex>
#include <optional>
#include <system_error>

#include "backbone/architecture.h"
#include "model/fingerprint.h"
#include "model/model_files.h"
#include "model/weight_pack.h"
#include "score/lm_head.h"

namespace incipit {

struct Model::State {
  ModelInfo info;
  LoadReport report;
  Tokenizer tokenizer;
  std::unique_ptr<Backbone> backbone;
  HeadWeights head;
  std::function<Result<LmHeadWeights>()> load_lm_head;
  mutable std::mutex lm_head_mutex{};
  mutable std::unique_ptr<const LmHead> lm_head{};
};

Result<Model> Model::load(const std::filesystem::path& path, const LoadOptions& options) {
  INCIPIT_TRY(ModelFiles files, open_model_files(path));
  const HfConfig& config = files.config;
  const Precision precision = resolved(options.precision);
  std::string model_fingerprint = fingerprint(files.store, config);
  WeightPack pack(options, files.store, model_fingerprint, precision);
  const ModelSource source{files.store, config, precision, pack.weights()};
  Result<LoadedBackbone> attempt = load_backbone(source);
  if (!attempt && pack.was_kept()) {
    pack.distrust();
    attempt = load_backbone(source);
  }
  INCIPIT_TRY(LoadedBackbone loaded, std::move(attempt));
  pack.finish();
  if (files.tokenizer.vocab_size() > config.vocab_size)
    return fail("{}: its tokenizer has {} tokens, the model {}", path.string(), files.tokenizer.vocab_size(),
                config.vocab_size);

  const BackboneSpec& spec = loaded.backbone->spec();
  ModelInfo info;
  info.folder = path;
  info.precision = precision;
  info.model_type = config.model_type;
  info.architectures = config.architectures;
  info.hidden_size = spec.hidden_size;
  info.num_layers = spec.num_layers;
  info.num_attention_heads = spec.num_attention_heads;
  info.intermediate_size = spec.intermediate_size;
  info.vocab_size = spec.vocab_size;
  info.max_positions = spec.positions.usable;
  info.backbone_parameters = spec.parameter_count;
  if (loaded.head.spec.dense_is_frozen) info.backbone_parameters += spec.hidden_size * (spec.hidden_size + 1);
  info.labels = config.labels;
  info.fingerprint = std::move(model_fingerprint);
  // Others cannot be made.
  for (const std::int32_t id : config.end_tokens)
    if (spec.is_causal && id < spec.vocab_size) info.end_tokens.push_back(id);
  info.chat_template = std::move(files.chat_template);

  LoadReport report{std::move(loaded.unused), std::move(loaded.newly_initialised)};
  return Model(std::shared_ptr<const State>(
      new State{std::move(info), std::move(report), std::move(files.tokenizer), std::move(loaded.backbone),
                std::move(loaded.head), std::move(loaded.load_lm_head)}));
}

Model::Model(std::shared_ptr<const State> state) : state_(std::move(state)) {}

const ModelInfo& Model::info() const {
  return state_->info;
}
const LoadReport& Model::report() const {
  return state_->report;
}
const Tokenizer& Model::tokenizer() const {
  return state_->tokenizer;
}
const Backbone& Model::backbone() const {
  return *state_->backbone;
}
const HeadWeights& Model::head_weights() const {
  return state_->head;
}

Result<const LmHead*> Model::lm_head() const {
  const std::lock_guard lock(state_->lm_head_mutex);
  if (state_->lm_head == nullptr) {
    INCIPIT_TRY(LmHeadWeights weights, state_->load_lm_head());
    state_->lm_head = std::make_unique<const LmHead>(std::move(weights));
  }
  return state_->lm_head.get();
}

}  // namespace incipit
