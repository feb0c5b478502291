#include "train_flags.h"

#include <utility>

#include "checks.h"
#include "demonstration_flags.h"

namespace incipit::cli {

void TrainFlags::declare(CommandLine& line) {
  declare_prompt(line);
  declare_optimizer(line);
  declare_batches(line);
}

void TrainFlags::declare_prompt(CommandLine& line) {
  line.group("What is trained");
  choice(
      line, "--method", method_, {"hard", "head", "prompt", "late"},
      "Nothing (a template and a verbalizer alone); the head alone; virtual tokens before the text; virtual "
      "tokens that join at a middle layer (faster, and often better)");
  hard_prompt_.declare(line);
  line.flag("--label-words", label_words_, "K",
            "With --verbalizer auto, for method hard: the K words for each label that the model finds most "
            "telling of the training texts")
      ->check(whole_number(1));
  add_shots(line, options_.shots, options_.shot_tokens);
  add_num_virtual_tokens(line, options_.num_virtual_tokens, 1);
  line.flag("--insert-layer", insert_layer_, "K",
            "Layer at which a late prompt joins; without it half of the layers")
      ->check(whole_number(1))
      ->default_str("");
  choice(line, "--head-input", head_input_, {"first", "cls", "mean", "mask", "last"},
         "What the head reads: the first row (virtual token 1 of a prompt, as PEFT does), [CLS], the mean of "
         "the text, the template's blank, or the last token (causal models); without it mean for late, else "
         "last for causal models, first for prompt, cls for head");
  line.flag("--init", init_, "random|vocab|text|labels|DIR",
            "Virtual tokens at the start: random numbers as PEFT draws them, words drawn from the "
            "vocabulary, the "
            "words of --init-text, the labels' words, or the saved adapter in a folder, which training "
            "continues")
      ->check(not_empty());
  line.flag("--init-text", options_.init_text, "TEXT", "Words for --init text, repeated or cut to fit")
      ->check(not_empty());
  add_max_length(line, options_.max_length);
  choice(
      line, "--dropout", dropout_, {"on", "off"},
      "Dropout of the frozen network and the head while training; the layers below a late prompt have none "
      "where their output is kept");
  choice(line, "--cache-dtype", cache_type_, cache_type_names(),
         "Numbers in which the output of the layers below a late prompt is kept, so that they run once for a "
         "text: f32 is exact, bf16 takes half of the room; off runs them every time");
}

void TrainFlags::declare_optimizer(CommandLine& line) {
  line.group("How it is trained");
  line.flag("--epochs", options_.epochs, "NUMBER",
            "Passes over the training texts; 0: only evaluate the start")
      ->check(real_number(0));
  line.flag("--steps", options_.max_steps, "N", "End after so many steps; 0: --epochs decides")
      ->check(whole_number(0));
  line.flag("--lr", options_.learning_rate, "NUMBER", "Learning rate at its peak")->check(real_number(0));
  line.flag("--head-lr", head_learning_rate_, "NUMBER",
            "Learning rate of the head; 0 freezes it; without it the same as --lr")
      ->check(real_number(0))
      ->default_str("");
  choice(line, "--schedule", schedule_, {"linear", "cosine", "constant"},
         "How the learning rate falls after warm-up");
  line.flag("--warmup", options_.warmup, "FRACTION",
            "Part of all steps in which the learning rate rises from 0")
      ->check(real_number(0, 1));
  line.flag("--weight-decay", options_.weight_decay, "NUMBER", "Of AdamW, on everything that is trained")
      ->check(real_number(0));
  line.flag("--clip", options_.clip, "NORM", "Largest norm of the gradient; 0: no limit")
      ->check(real_number(0));
  choice(line, "--loss", loss_, {"vocabulary", "labels"},
         "With a verbalizer: the loss of the true word over the whole vocabulary, as PEFT's language models "
         "have it, "
         "or over the labels' words only");
  choice(line, "--metric", options_.metric, {"accuracy", "f1", "f1_micro", "f1_macro", "matthews", "loss"},
         "By which the best epoch is chosen");
  line.flag("--early-stop", options_.early_stop, "EPOCHS",
            "End after so many epochs without a better one; 0: never")
      ->check(whole_number(0));
  add_seed(line, options_.seed,
           "Of everything that is drawn; the same seed and threads give the same adapter");
}

void TrainFlags::declare_batches(CommandLine& line) {
  line.group("Batches");
  line.flag("--batch-size", options_.batch_size, "TEXTS", "Texts of a step")->check(whole_number(1));
  add_micro_batch_tokens(line, max_batch_tokens_);
  choice(line, "--batching", batching_, {"file", "shuffle", "length"},
         "Order of the texts: the file's, drawn anew every epoch, or those of like length together");
}

std::optional<std::filesystem::path> TrainFlags::saved_adapter() const {
  for (const char* word : {"random", "vocab", "text", "labels"})
    if (init_ == word) return std::nullopt;
  std::error_code error;
  if (!std::filesystem::is_directory(init_, error))
    wrong_usage(
        "--init",
        fmt::format("'{}' is not one of random, vocab, text, labels, or the folder of a saved adapter",
                    init_));
  return init_;
}

void TrainFlags::set_init(const CommandLine& line, TrainOptions& options) const {
  const bool has_text = line.given("--init-text");
  if (init_ == "text" && !has_text) wrong_usage("--init", "text needs the words in --init-text");
  if (has_text && init_ != "text" && line.given("--init")) wrong_usage("--init-text", "needs --init text");
  if (const auto folder = saved_adapter()) {
    options.init = PromptInit::adapter;
    options.init_adapter = *folder;
  } else if (has_text) {
    options.init = PromptInit::text;
  } else {
    options.init = init_ == "random"   ? PromptInit::random
                   : init_ == "labels" ? PromptInit::labels
                                       : PromptInit::vocab;
  }
}

void TrainFlags::take_saved(const CommandLine& line, const AdapterInfo& saved, TrainOptions& options) {
  if (!line.given("--method")) options.method = saved.method;
  // The head is the saved one, so it reads what it was trained to read. PEFT's own files do not say what that
  // is; the default is what PEFT reads.
  if (!line.given("--head-input") && !saved.labels.empty()) options.head_input = saved.head_input;
  if (!line.given("--template")) options.template_text = saved.template_text;
  if (!line.given("--verbalizer")) options.verbalizer = saved.verbalizer;
  if (!line.given("--word-score")) options.word_score = saved.word_score;
  if (options.method != saved.method) return;
  if (options.method == Method::late && !line.given("--insert-layer"))
    options.insert_layer = saved.insert_layer;
  if (saved.num_virtual_tokens > 0 && !line.given("--num-virtual-tokens"))
    options.num_virtual_tokens = saved.num_virtual_tokens;
  if (!line.given("--max-length") && !line.given("--num-virtual-tokens"))
    options.max_length = saved.max_length;
}

Result<TrainOptions> TrainFlags::options(const CommandLine& line,
                                         const std::optional<AdapterInfo>& saved) const {
  TrainOptions options = options_;
  INCIPIT_TRY(const HardPrompt hard, hard_prompt_.read());
  options.template_text = hard.template_text;
  options.verbalizer = hard.verbalizer;
  options.word_score = hard.word_score;
  options.calibration = hard.calibration;
  if (options.verbalizer == "auto") {
    options.verbalizer.clear();
    options.label_words = label_words_;
  }
  options.loss = *loss_by_name(loss_);
  set_init(line, options);
  options.method = *method_by_name(method_);
  if (line.given("--head-input")) options.head_input = head_input_by_name(head_input_);
  if (line.given("--insert-layer")) options.insert_layer = insert_layer_;
  if (max_batch_tokens_ > 0) options.max_batch_tokens = max_batch_tokens_;
  if (saved) take_saved(line, *saved, options);
  if (options.insert_layer && options.method != Method::late)
    wrong_usage("--insert-layer", "needs --method late");
  if (options.calibration != Calibration::none && options.method != Method::hard)
    wrong_usage("--calibrate", "needs --method hard: training sets its own scale");
  const bool is_found = options.label_words > 0;
  if (is_found && options.method != Method::hard)
    wrong_usage("--verbalizer", "auto needs --method hard; its adapter's words can then be given to others");
  if (label_words_ != kDefaultLabelWords && !is_found)  // the default may stand in a run.toml
    wrong_usage("--label-words", "needs --verbalizer auto");
  if (options.method == Method::hard && options.verbalizer.empty() && !is_found)
    wrong_usage("--method", "hard needs a --verbalizer");
  if (options.shots > 0 && options.method != Method::hard)
    wrong_usage("--shots", "needs --method hard: a text that is learned from must not be shown solved");
  if (line.given("--head-lr")) options.head_learning_rate = head_learning_rate_;
  options.schedule = *schedule_by_name(schedule_);
  options.batching = *batching_by_name(batching_);
  options.dropout = dropout_ == "on";
  options.activation_cache.type = *cache_type_by_name(cache_type_);
  return options;
}

}  // namespace incipit::cli
