#include "infer/text_prompt.h"

#include <algorithm>

#include "incipit/adapter.h"

#include "backbone/backbone.h"
#include "formats/peft_adapter.h"
#include "model/adapter_files.h"
#include "prompt/soft_prompt.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// A language model's prompt that PEFT wrote: rows before the text, and no labels that a classifier has.
Result<TextPrompt> peft_prompt(const Model& model, const AdapterFile& file, const fs::path& folder) {
  const auto stored = file.tensors.find(std::string(kPeftPromptTensor));
  if (stored == file.tensors.end())
    return fail("{}: tensor {} is missing", folder.string(), kPeftPromptTensor);
  const Matrix& values = stored->second.values;
  if (values.cols() != model.info().hidden_size)
    return fail("{}: tensor {} is [{}, {}], this model needs [{}, {}]", folder.string(), kPeftPromptTensor,
                values.rows(), values.cols(), values.rows(), model.info().hidden_size);
  auto prompt = std::make_unique<SoftPrompt>(values.rows(), values.cols());
  std::copy_n(values.data(), values.size(), prompt->parameters().front()->value.data());
  return TextPrompt{Template(values.rows(), 0), std::move(prompt), 0, {}};
}

Result<TextPrompt> adapter_prompt(const Model& model, const PromptSource& source) {
  INCIPIT_TRY(const AdapterFile file, read_adapter_folder(source.adapter));
  INCIPIT_TRY(const AdapterInfo info, adapter_info(source.adapter, file));
  if (info.labels.empty() && file.config.task_type == "CAUSAL_LM" && info.peft_type != kOwnPeftType)
    return peft_prompt(model, file, source.adapter);
  INCIPIT_TRY(const Adapter adapter, Adapter::load(source.adapter, model, source.force));
  return TextPrompt{adapter.input_template(), adapter.prompt().clone(), adapter.info().max_length,
                    adapter.info().preparation};
}

}  // namespace

Result<TextPrompt> make_text_prompt(const Model& model, const PromptSource& source) {
  if (!source.adapter.empty()) {
    if (!source.template_text.empty())
      return fail("{}: an adapter has its own template; another cannot be put in its place",
                  source.adapter.string());
    return adapter_prompt(model, source);
  }
  auto none = std::make_unique<SoftPrompt>(0, model.info().hidden_size);
  if (source.template_text.empty()) return TextPrompt{Template(0, 0), std::move(none), 0, {}};
  INCIPIT_TRY(Template made, Template::create(source.template_text, 0, 0, model.tokenizer(), true));
  if (made.rows() > 0) return fail("the template has virtual tokens, which only an adapter says anything of");
  return TextPrompt{std::move(made), std::move(none), 0, {}};
}

}  // namespace incipit
