#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/head_input.h"
#include "incipit/model.h"
#include "incipit/preparation.h"
#include "incipit/result.h"
#include "incipit/word_score.h"

namespace incipit {

class PromptMethod;
class Scorer;
class Template;

/// What is trained: nothing (a hard prompt); the head alone; besides the head, if there is one, rows before
/// the input, or rows that join at a middle layer.
enum class Method { hard, head, prompt, late };

std::string_view name_of(Method method);
std::optional<Method> method_by_name(std::string_view name);

/// What an adapter is, as its files say it.
struct AdapterInfo {
  std::string peft_type;  // PROMPT_TUNING where PEFT would compute the same logits, else INCIPIT
  Method method = Method::prompt;
  HeadInput head_input = HeadInput::first;
  /// In the template language (docs/templates.md); empty: the text or pair as the tokenizer arranges it.
  std::string template_text;
  /// Words for each label, as JSON (docs/templates.md), which the model's language-model head is asked for in
  /// the template's blank. Empty: a trained head reads `head_input`.
  std::string verbalizer;
  WordScore word_score = WordScore::sequence;
  std::vector<double> label_bias;       // [labels], subtracted from the scores of the words; empty: none
  std::int64_t num_virtual_tokens = 0;  // of a template with soft parts: theirs
  std::int64_t insert_layer = 0;        // at which the virtual tokens join; 0: the embeddings
  std::int64_t max_length =
      0;  // tokens of a text with its special tokens and the template's, virtual ones excluded
  std::vector<std::string> labels;
  Preparation preparation;       // of its training texts; what it predicts needs the same
  std::string base_model;        // as the adapter names it
  std::string base_fingerprint;  // empty where the file has none (PEFT's own)
  /// Where it comes from: data, seed, training flags, metrics; for people, by key.
  std::map<std::string, std::string> provenance;
  /// [epochs][virtual tokens] Euclidean distance from where training started, at the end of each epoch up to
  /// the one that was kept; empty where nobody recorded it.
  std::vector<std::vector<double>> movement;
  /// Sorted 64-bit hashes of the texts it was trained on.
  std::vector<std::uint64_t> training_texts;
};

/// The hash of a text (or pair) that training_texts holds.
std::uint64_t text_hash(std::string_view text_a, const std::optional<std::string>& text_b);

/// What a folder's files say, without its base model.
Result<AdapterInfo> read_adapter_info(const std::filesystem::path& folder);

/// A prompt method, a template and a scorer with its labels, for one base model: the unit of training,
/// saving, loading and predicting.
class Adapter {
 public:
  /// A new one: virtual tokens zero until initialised, the head as the checkpoint has it, else drawn from the
  /// reference's distribution by the seed. Fails where `info` does not fit the model.
  static Result<Adapter> create(const Model& model, AdapterInfo info, std::uint64_t seed);

  /// PEFT's PROMPT_TUNING and P_TUNING folders (old releases' too) and our own INCIPIT ones. Fails when the
  /// files do not fit the model; an adapter trained on another base is refused unless `force`. PEFT's own
  /// files name no labels: the model's names are used where their number fits.
  static Result<Adapter> load(const std::filesystem::path& folder, const Model& model, bool force = false);

  /// Writes the folder: PEFT's own files where PEFT would compute the same logits, with incipit.json beside.
  Status save(const std::filesystem::path& folder) const;

  Adapter(Adapter&&) noexcept;
  Adapter& operator=(Adapter&&) noexcept;
  ~Adapter();
  /// A deep copy.
  Adapter clone() const;

  const AdapterInfo& info() const;
  /// Sets AdapterInfo::label_bias, of an adapter with a verbalizer.
  void set_label_bias(std::vector<double> bias);
  void set_provenance(std::map<std::string, std::string> provenance,
                      std::vector<std::uint64_t> training_texts);
  /// Adds an epoch to AdapterInfo::movement. distances: [virtual tokens]
  void add_movement(std::vector<double> distances);

  /// Its tensors as its file has them.
  struct TensorShape {
    std::string name;
    std::vector<std::int64_t> shape;
  };
  std::vector<TensorShape> tensor_shapes() const;

  std::int64_t prompt_parameters() const;
  std::int64_t head_parameters() const;  // trainable ones of the scorer

  /// For the library's own layers.
  PromptMethod& prompt();
  const PromptMethod& prompt() const;
  Scorer& scorer();
  const Scorer& scorer() const;
  const Template& input_template() const;

 private:
  struct State;
  explicit Adapter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace incipit
