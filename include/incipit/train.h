#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/activation_cache.h"
#include "incipit/adapter.h"
#include "incipit/dataset.h"
#include "incipit/hard_prompt.h"
#include "incipit/metrics.h"
#include "incipit/model.h"
#include "incipit/result.h"

namespace incipit {

enum class PromptInit {
  random,   // N(0, 1), as PEFT: fifty times a word embedding
  vocab,    // words drawn from the vocabulary
  text,     // the pieces of init_text, special tokens included, repeated or cut
  labels,   // the label names' words
  adapter,  // the prompt and, where the labels agree, the head of a saved adapter
};
/// What training makes smaller, where words are scored.
enum class Loss {
  labels,      // cross-entropy over the labels' scores
  vocabulary,  // of the true words over the whole vocabulary, as PEFT's CAUSAL_LM
};
enum class Schedule { linear, cosine, constant };
enum class Batching {
  file,     // in the order of the file, the same every epoch
  shuffle,  // drawn anew every epoch by the seed
  length,   // of like lengths, their order drawn every epoch by the seed
};

/// What the head reads where nobody says.
HeadInput default_head_input(Method method, bool is_causal);

std::optional<Loss> loss_by_name(std::string_view name);
std::optional<Schedule> schedule_by_name(std::string_view name);
std::optional<Batching> batching_by_name(std::string_view name);

/// Every choice of a training run, with the report's defaults where it names one.
struct TrainOptions {
  Method method = Method::prompt;
  std::string template_text;  // in the template language; empty: the plain text or pair
  std::string verbalizer;     // see AdapterInfo
  std::int64_t label_words =
      0;  // Method::hard; words to find for each label in place of `verbalizer`; 0: none
  WordScore word_score = WordScore::sequence;
  Calibration calibration = Calibration::none;  // Method::hard
  std::int64_t shots = 0;                       // Method::hard; demonstrations drawn from the training texts
  std::int64_t shot_tokens = 0;                 // see ShotOptions
  Loss loss = Loss::vocabulary;                 // where there is a verbalizer
  std::int64_t num_virtual_tokens = 10;         // of a template with soft parts: theirs
  std::optional<std::int64_t> insert_layer;  // late: at which the prompt joins; default: half of the layers
  std::optional<HeadInput> head_input;  // default: mean for late; else last of causal models, of the others
                                        // first for prompt and cls for head
  std::int64_t max_length = 0;          // of a text; 0: what the positions allow

  PromptInit init = PromptInit::vocab;
  std::string init_text;               // PromptInit::text
  std::filesystem::path init_adapter;  // PromptInit::adapter

  double learning_rate = 1e-3;
  std::optional<double> head_learning_rate;  // default: learning_rate; 0 freezes the head
  double weight_decay = 0.01;                // decoupled, on every trained tensor
  double clip = 0;                           // of the gradient's norm over all tensors; 0: off
  Schedule schedule = Schedule::linear;
  double warmup = 0.06;  // fraction of all steps; not rounded, as PEFT's example passes it
  double epochs = 5;
  std::int64_t max_steps = 0;  // 0: epochs decide
  std::int64_t batch_size = 32;
  std::optional<std::int64_t> max_batch_tokens;  // of a micro-batch: bounds memory, changes the order of
                                                 // sums only; default: 768, of an int8 model 1,024
  Batching batching = Batching::shuffle;
  bool dropout = false;  // of the frozen network and its head; of late prompts with a cache only
                         // of the layers that they reach
  ActivationCacheOptions activation_cache;  // of late prompts
  std::vector<double> class_weights;        // in the labels' order; empty: all 1
  bool balanced_class_weights = false;      // n / (classes × count), as scikit-learn has it

  std::string metric = "accuracy";  // by which the best epoch is kept
  std::int64_t early_stop = 0;      // epochs without a better one; 0: off
  std::uint64_t seed = 0;
};

/// What is about to be trained, and on what.
struct TrainStart {
  std::int64_t trainable = 0, all = 0;  // parameters, as PEFT counts: the head's frozen original and its
                                        // trained copy both belong to all
  std::int64_t steps = 0;
  std::vector<Adapter::TensorShape> tensors;
  std::vector<std::vector<std::int32_t>> first_batch;  // ids of its texts, without virtual tokens
};

struct StepReport {
  std::int64_t step = 0;  // 1-based, of `steps`
  std::int64_t steps = 0;
  double epoch = 0;  // as a fraction
  double loss = 0;   // mean over the batch
  double learning_rate = 0;
  double gradient_norm = 0;
  std::int64_t tokens = 0;  // of this batch, virtual ones included
  double seconds = 0;       // of this step
};

struct EpochReport {
  std::int64_t epoch = 0;  // 0-based
  double train_loss = 0;   // mean over the epoch's batches
  std::optional<Metrics> eval;
  bool best = false;  // the best so far
};

/// Is told how training goes, from the thread that trains.
class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  /// Once, before the first step.
  virtual void on_start(const TrainStart& /*start*/) {}
  virtual void on_step(const StepReport& /*report*/) {}
  virtual void on_epoch(const EpochReport& /*report*/) {}
  virtual void on_warning(const std::string& /*message*/) {}
  /// Asked after every step; true ends training, the best epoch so far is returned.
  virtual bool stop_requested() { return false; }
};

struct TrainResult {
  Adapter adapter;  // of the best epoch, or of the last where nothing was evaluated
  std::vector<EpochReport> epochs;
  std::int64_t best_epoch = -1;  // -1: none was evaluated
  bool interrupted = false;
  double seconds = 0;
  std::optional<ActivationCacheUse> cache_use;  // empty: there was nothing to keep
};

/// Learns an adapter on `train`, which may be without examples where no step is taken; evaluates on
/// `held_out` after every epoch where it is not null. The same seed and thread count give the same bytes,
/// the cache's rows being of that thread count, too. Fails on a non-finite loss, naming the step.
Result<TrainResult> train(const Model& model, const Dataset& train, const Dataset* held_out,
                          const TrainOptions& options, TrainObserver& observer);

}  // namespace incipit
