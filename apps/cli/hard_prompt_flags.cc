#include "hard_prompt_flags.h"

#include "checks.h"
#include "flags.h"

namespace incipit::cli {

void HardPromptFlags::declare(CommandLine& line) {
  add_template(line, template_);
  line.flag("--verbalizer", verbalizer_, "JSON|FILE",
            "Words for each label, such as '{\"negative\": [\"terrible\"], \"positive\": [\"great\"]}', or a "
            "file "
            "with them: the model's language-model head then fills the blank, in place of a trained head")
      ->check(not_empty());
  choice(line, "--word-score", word_score_, {"sequence", "mean", "first"},
         "Of a word of several tokens: their joint probability, the mean per token, or the first token's");
  choice(line, "--calibrate", calibration_, {"none", "contextual", "domain"},
         "What the words' scores are set against: nothing, content-free texts, or the template alone; for "
         "method "
         "hard");
}

Result<HardPrompt> HardPromptFlags::read() const {
  HardPrompt prompt;
  INCIPIT_TRY(prompt.template_text, text_or_file(template_, "template"));
  INCIPIT_TRY(prompt.verbalizer, text_or_file(verbalizer_, "verbalizer"));
  prompt.word_score = *word_score_by_name(word_score_);
  prompt.calibration = *calibration_by_name(calibration_);
  return prompt;
}

}  // namespace incipit::cli
