#include "incipit/adapter.h"

#include <algorithm>
#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "backbone/architecture.h"
#include "backbone/backbone.h"
#include "base/file.h"
#include "formats/peft_adapter.h"
#include "model/adapter_files.h"
#include "prompt/soft_prompt.h"
#include "prompt/template.h"
#include "score/classifier_head.h"
#include "score/verbalizer.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPeftPrefix = "base_model.";  // of the head's tensors

Result<Template> make_template(AdapterInfo& info, const Model& model) {
  if (info.verbalizer.empty() && info.template_text.empty())
    return Template(info.num_virtual_tokens, info.insert_layer);
  const auto create = [&] {
    return Template::create(info.template_text, info.num_virtual_tokens, info.insert_layer, model.tokenizer(),
                            model.backbone().spec().is_causal);
  };
  if (info.verbalizer.empty()) return create();
  if (info.template_text.empty()) info.template_text = "{text_a}";
  INCIPIT_TRY(Template made, create());
  if (made.has_mask()) return made;
  if (!model.backbone().spec().is_causal)
    return fail("the template has no {{mask}} for the verbalizer's words to fill");
  info.template_text += "{mask}";  // a causal model goes on where the text ends
  return create();
}

Result<std::unique_ptr<Scorer>> make_scorer(const AdapterInfo& info, const Template& input_template,
                                            const Model& model, std::uint64_t seed) {
  if (info.verbalizer.empty())
    return std::make_unique<ClassifierHead>(ClassifierHead::create(
        model.head_weights(), info.head_input, static_cast<std::int64_t>(info.labels.size()), seed));
  if (!info.label_bias.empty() && info.label_bias.size() != info.labels.size())
    return fail("label_bias: {} numbers for {} labels", info.label_bias.size(), info.labels.size());
  INCIPIT_TRY(const LmHead* head, model.lm_head());
  auto words =
      read_label_words(info.verbalizer, info.labels, input_template.blank_before_mask(), model.tokenizer());
  if (!words) return fail("verbalizer: {}", words.error().message);
  const BackboneSpec& spec = model.backbone().spec();
  return std::make_unique<Verbalizer>(*head, spec.positions, spec.is_causal, std::move(*words),
                                      info.word_score, info.label_bias);
}

/// Checks that an adapter fits a model, and fills in what may be left open.
Status complete(AdapterInfo& info, const Template& input_template, const Scorer& scorer, const Model& model) {
  const ModelInfo& base = model.info();
  if (info.labels.size() < 2)
    return fail("a classifier needs at least 2 labels, {} are given", info.labels.size());
  const bool has_prompt = info.method == Method::prompt || info.method == Method::late;
  if (info.num_virtual_tokens < 0 || has_prompt != (info.num_virtual_tokens > 0))
    return fail("method {} with {} virtual tokens; hard and head have none, the others at least 1",
                name_of(info.method), info.num_virtual_tokens);
  if (info.method == Method::hard && info.verbalizer.empty())
    return fail("method hard needs a verbalizer: nothing else could tell the labels apart");
  if (info.method == Method::head && !info.verbalizer.empty())
    return fail(
        "method head trains a head, and with a verbalizer there is none; hard, prompt and late take one");
  if (info.method == Method::late && (info.insert_layer < 1 || info.insert_layer >= base.num_layers))
    return fail("insert layer {}: a late prompt joins at layer 1 to {} of this model", info.insert_layer,
                base.num_layers - 1);
  const bool is_causal = model.backbone().spec().is_causal;
  if (is_causal && (info.head_input == HeadInput::first || info.head_input == HeadInput::cls))
    return fail("head input {}: the first rows of a causal model see nothing of the text; last and mean do",
                name_of(info.head_input));
  if (!is_causal && info.head_input == HeadInput::last)
    return fail("head input last: is for causal models; {} has first, cls and mean", base.model_type);
  if (info.head_input == HeadInput::mask && !input_template.has_mask())
    return fail("head input mask: the template has no {{mask}} to read");
  const std::int64_t room = input_template.room(model.backbone().spec().positions) - scorer.extra_tokens();
  if (room < 3)
    return fail("{} virtual tokens leave no room for text: the model has {} positions",
                info.num_virtual_tokens, base.max_positions);
  if (info.max_length == 0) info.max_length = room;
  if (info.max_length < 3 || info.max_length > room)
    return fail("max length {}: between 3 and {} tokens fit beside {} virtual tokens", info.max_length, room,
                info.num_virtual_tokens);
  if (input_template.smallest_length() >= info.max_length)
    return fail("max length {}: the template's own words are {} tokens", info.max_length,
                input_template.smallest_length());
  info.peft_type = peft_type_for(info, input_template, is_causal);
  return {};
}

/// The label names of an adapter that PEFT wrote: the base's where their number fits, else placeholders.
Result<std::vector<std::string>> labels_of(const AdapterFile& file, const Model& model,
                                           const fs::path& folder) {
  const std::string output = fmt::format("{}{}.weight", kPeftPrefix, model.head_weights().spec.output);
  const auto stored = file.tensors.find(output);
  if (stored == file.tensors.end())
    return fail("{}: tensor {} is missing: the adapter has no head for a {} classifier", folder.string(),
                output, model.info().model_type);
  const auto count = static_cast<std::size_t>(stored->second.values.rows());
  if (model.info().labels.size() == count) return model.info().labels;
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < count; ++i) labels.push_back(fmt::format("LABEL_{}", i));
  return labels;
}

Status check_kind(const AdapterFile& file, const fs::path& folder) {
  constexpr std::array kReadable = {std::string_view("PROMPT_TUNING"), std::string_view("P_TUNING"),
                                    kOwnPeftType};
  if (std::find(kReadable.begin(), kReadable.end(), file.config.peft_type) == kReadable.end())
    return fail("{}: peft_type {} is not supported; PROMPT_TUNING, P_TUNING and {} are", folder.string(),
                file.config.peft_type, kOwnPeftType);
  if (const std::string& task = file.config.task_type;
      !task.empty() && task != "SEQ_CLS" && task != "CAUSAL_LM")
    return fail("{}: task_type {} is not supported; SEQ_CLS and CAUSAL_LM are", folder.string(), task);
  return {};
}

std::int64_t count_values(const std::vector<const Parameter*>& parameters) {
  std::int64_t count = 0;
  for (const Parameter* parameter : parameters) count += parameter->value.size();
  return count;
}

}  // namespace

struct Adapter::State {
  AdapterInfo info;
  std::int64_t hidden_size, num_layers, num_attention_heads;
  bool is_causal;
  std::unique_ptr<PromptMethod> prompt;
  Template input_template;
  std::unique_ptr<Scorer> scorer;

  /// The prompt's, then the scorer's.
  std::vector<const Parameter*> parameters() const {
    std::vector<const Parameter*> all = std::as_const(*prompt).parameters();
    for (const Parameter* parameter : std::as_const(*scorer).parameters()) all.push_back(parameter);
    return all;
  }
};

std::string_view name_of(Method method) {
  switch (method) {
    case Method::hard:
      return "hard";
    case Method::head:
      return "head";
    case Method::prompt:
      return "prompt";
    case Method::late:
      return "late";
  }
  return "";
}

std::optional<Method> method_by_name(std::string_view name) {
  for (const Method method : {Method::hard, Method::head, Method::prompt, Method::late})
    if (name == name_of(method)) return method;
  return std::nullopt;
}

std::uint64_t text_hash(std::string_view text_a, const std::optional<std::string>& text_b) {
  std::string whole(text_a);
  if (text_b) whole += '\x1f' + *text_b;  // a separator that texts do not have
  return XXH3_64bits(whole.data(), whole.size());
}

Result<AdapterInfo> read_adapter_info(const fs::path& folder) {
  INCIPIT_TRY(const AdapterFile file, read_adapter_folder(folder));
  return adapter_info(folder, file);
}

Result<Adapter> Adapter::create(const Model& model, AdapterInfo info, std::uint64_t seed) {
  if (info.method != Method::late) info.insert_layer = 0;
  if (!info.verbalizer.empty()) info.head_input = HeadInput::mask;
  INCIPIT_TRY(Template input_template, make_template(info, model));
  info.num_virtual_tokens = input_template.rows();
  INCIPIT_TRY(std::unique_ptr<Scorer> scorer, make_scorer(info, input_template, model, seed));
  INCIPIT_CHECK(complete(info, input_template, *scorer, model));
  info.base_model = model.info().folder.string();
  info.base_fingerprint = model.info().fingerprint;
  auto prompt = std::make_unique<SoftPrompt>(info.num_virtual_tokens, model.info().hidden_size);
  return Adapter(std::make_unique<State>(State{
      std::move(info), model.info().hidden_size, model.info().num_layers, model.info().num_attention_heads,
      model.backbone().spec().is_causal, std::move(prompt), std::move(input_template), std::move(scorer)}));
}

Result<Adapter> Adapter::load(const fs::path& folder, const Model& model, bool force) {
  INCIPIT_TRY(const AdapterFile file, read_adapter_folder(folder));
  INCIPIT_CHECK(check_kind(file, folder));
  INCIPIT_TRY(AdapterInfo info, adapter_info(folder, file));
  // PEFT's own files do not say what is read: the first row, or the last of a causal model.
  if (info.labels.empty() && model.backbone().spec().is_causal) info.head_input = HeadInput::last;
  if (!force && !info.base_fingerprint.empty() && info.base_fingerprint != model.info().fingerprint)
    return fail(
        "{}: trained on another base ({}, fingerprint {}; this one, {}, has {}); --force loads it anyway",
        folder.string(), info.base_model, info.base_fingerprint, model.info().folder.string(),
        model.info().fingerprint);
  if (is_language_prompt(info, file))
    return fail(
        "{}: a language model's prompt says neither template nor label words; "
        "train --init {} --template … --verbalizer … makes a classifier of it",
        folder.string(), folder.string());
  if (info.labels.empty()) {
    INCIPIT_TRY(info.labels, labels_of(file, model, folder));
  }
  const bool own = file.config.peft_type == kOwnPeftType;
  AdapterInfo kept = info;
  Result<Adapter> made = create(model, std::move(info), 0);
  if (!made) return fail("{}: {}", folder.string(), made.error().message);
  Adapter& adapter = *made;
  for (Parameter* parameter : adapter.prompt().parameters())
    INCIPIT_CHECK(
        read_parameter(*parameter, file, std::string(own ? kOwnPromptTensor : kPeftPromptTensor), folder));
  for (Parameter* parameter : adapter.scorer().parameters())
    INCIPIT_CHECK(read_parameter(*parameter, file, std::string(kPeftPrefix) + parameter->name, folder));
  adapter.state_->info.base_model = kept.base_model;
  adapter.state_->info.peft_type = kept.peft_type;
  adapter.state_->info.base_fingerprint = kept.base_fingerprint;
  return made;
}

Status Adapter::save(const fs::path& folder) const {
  const AdapterInfo& own = info();
  const std::string peft_type = peft_type_for(own, input_template(), state_->is_causal);
  AdapterConfig config;
  config.peft_type = peft_type;
  config.task_type = own.verbalizer.empty() ? "SEQ_CLS" : "CAUSAL_LM";
  config.base_model_name_or_path = own.base_model;
  if (own.num_virtual_tokens > 0) config.num_virtual_tokens = own.num_virtual_tokens;
  config.token_dim = state_->hidden_size;
  config.num_layers = state_->num_layers;
  config.num_attention_heads = state_->num_attention_heads;
  config.prompt_tuning_init =
      "RANDOM";  // how it began is told in incipit.json; PEFT needs no tokenizer to load it

  std::map<std::string, AdapterTensor> tensors;
  const std::vector<TensorShape> shapes = tensor_shapes();
  const std::vector<const Parameter*> parameters = state_->parameters();
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const Matrix& value = parameters[i]->value;
    AdapterTensor tensor;
    tensor.values.resize(value.rows(), value.cols());
    std::copy_n(value.data(), value.size(), tensor.values.data());
    tensor.shape = shapes[i].shape;
    tensors.emplace(shapes[i].name, std::move(tensor));
  }

  INCIPIT_TRY(StagedFolder staged, StagedFolder::create(folder));
  INCIPIT_CHECK(write_adapter_files(staged.path(), config, tensors));
  INCIPIT_CHECK(write_own_files(staged.path(), own));
  return staged.commit();
}

Adapter::Adapter(std::unique_ptr<State> state) : state_(std::move(state)) {}
Adapter::Adapter(Adapter&&) noexcept = default;
Adapter& Adapter::operator=(Adapter&&) noexcept = default;
Adapter::~Adapter() = default;

Adapter Adapter::clone() const {
  return Adapter(std::make_unique<State>(
      State{state_->info, state_->hidden_size, state_->num_layers, state_->num_attention_heads,
            state_->is_causal, state_->prompt->clone(), state_->input_template, state_->scorer->clone()}));
}

const AdapterInfo& Adapter::info() const {
  return state_->info;
}

void Adapter::set_provenance(std::map<std::string, std::string> provenance,
                             std::vector<std::uint64_t> training_texts) {
  std::sort(training_texts.begin(), training_texts.end());
  state_->info.provenance = std::move(provenance);
  state_->info.training_texts = std::move(training_texts);
}

void Adapter::set_label_bias(std::vector<double> bias) {
  state_->info.label_bias = bias;
  state_->scorer->set_label_bias(std::move(bias));
}

void Adapter::add_movement(std::vector<double> distances) {
  state_->info.movement.push_back(std::move(distances));
}

std::vector<Adapter::TensorShape> Adapter::tensor_shapes() const {
  const bool own = peft_type_for(info(), input_template(), state_->is_causal) == kOwnPeftType;
  std::vector<TensorShape> shapes;
  for (const Parameter* parameter : state_->parameters()) {
    const bool is_prompt = shapes.size() < prompt().parameters().size();
    TensorShape tensor;
    tensor.name = is_prompt ? std::string(own ? kOwnPromptTensor : kPeftPromptTensor)
                            : std::string(kPeftPrefix) + parameter->name;
    tensor.shape = {parameter->value.rows(), parameter->value.cols()};
    if (!is_prompt && parameter->name.ends_with(".bias")) tensor.shape.erase(tensor.shape.begin());
    shapes.push_back(std::move(tensor));
  }
  return shapes;
}

std::int64_t Adapter::prompt_parameters() const {
  return count_values(prompt().parameters());
}
std::int64_t Adapter::head_parameters() const {
  return count_values(scorer().parameters());
}

PromptMethod& Adapter::prompt() {
  return *state_->prompt;
}
const PromptMethod& Adapter::prompt() const {
  return *state_->prompt;
}
Scorer& Adapter::scorer() {
  return *state_->scorer;
}
const Scorer& Adapter::scorer() const {
  return *state_->scorer;
}
const Template& Adapter::input_template() const {
  return state_->input_template;
}

}  // namespace incipit
