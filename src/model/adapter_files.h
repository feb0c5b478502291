#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "incipit/adapter.h"

#include "formats/peft_adapter.h"
#include "prompt/template.h"
#include "tensor/parameter.h"

namespace incipit {

/// The peft_type of folders that PEFT could only load wrongly, and their virtual tokens' tensor. PEFT's is
/// "prompt_embeddings", which it would take for an input prompt.
inline constexpr std::string_view kOwnPeftType = "INCIPIT";
inline constexpr std::string_view kPeftPromptTensor = "prompt_embeddings";
inline constexpr std::string_view kOwnPromptTensor = "virtual_tokens";

/// PROMPT_TUNING where PEFT would compute the same logits: virtual tokens before everything; either a head on
/// the row that PEFT's models read, with no template of ours, or words scored by a causal language model, to
/// which a template's text is as good as any other.
std::string peft_type_for(const AdapterInfo& info, const Template& input_template, bool is_causal);

/// What an adapter folder says of itself: incipit.json where there is one, else what PEFT's config implies.
Result<AdapterInfo> adapter_info(const std::filesystem::path& folder, const AdapterFile& file);

/// Whether PEFT trained it for a language model: it names neither labels nor words, and is a prompt alone.
bool is_language_prompt(const AdapterInfo& info, const AdapterFile& file);

/// Copies a tensor of an adapter's file into a parameter of the same shape. `folder` is for messages.
Status read_parameter(Parameter& parameter, const AdapterFile& file, const std::string& tensor,
                      const std::filesystem::path& folder);

/// Writes incipit.json and, where there are any, the training texts' hashes.
Status write_own_files(const std::filesystem::path& folder, const AdapterInfo& info);

}  // namespace incipit
