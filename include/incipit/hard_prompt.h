#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/adapter.h"
#include "incipit/model.h"
#include "incipit/preparation.h"
#include "incipit/result.h"
#include "incipit/word_score.h"

namespace incipit {

/// What a label's score is set against, so that a model's liking for a word is not read as an answer.
enum class Calibration {
  none,
  contextual,  // its mean probability on content-free texts (Zhao et al. 2021: "N/A", "" and "[MASK]")
  domain,  // the words' probability after the template alone (domain-conditional PMI, Holtzman et al. 2021)
};

std::string_view name_of(Calibration calibration);
std::optional<Calibration> calibration_by_name(std::string_view name);

/// A classifier without anything trained: words around the text, and words that fill the blank.
struct HardPrompt {
  std::string template_text;  // see AdapterInfo
  std::string verbalizer;
  WordScore word_score = WordScore::sequence;
  Calibration calibration = Calibration::none;
  std::int64_t max_length = 0;   // see AdapterInfo
  Preparation preparation = {};  // of the texts that it is for
};

/// The labels that a verbalizer names, in its order. Fails where it is a list, which names none.
Result<std::vector<std::string>> verbalizer_labels(std::string_view verbalizer);

/// The hard prompt as an adapter of method hard, calibrated. Fails where the model has no language-model
/// head, and where template or verbalizer do not fit it.
Result<Adapter> make_hard_prompt(const Model& model, const HardPrompt& prompt,
                                 std::vector<std::string> labels);

}  // namespace incipit
