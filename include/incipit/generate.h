#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "incipit/dataset.h"
#include "incipit/model.h"
#include "incipit/result.h"

namespace incipit {

/// What stands around the text that is continued.
struct PromptSource {
  /// Folder of an adapter: its virtual tokens and its template; what it scores is not used. Also of a prompt
  /// that PEFT trained for a language model (task_type CAUSAL_LM). Empty: none.
  std::filesystem::path adapter;
  bool force = false;         // as Adapter::load() has it
  std::string template_text;  // without an adapter: see AdapterInfo
  /// The text is what a user says to a model that was taught to chat: the model's chat template stands around
  /// it, behind an adapter's virtual tokens.
  bool chat = false;
  std::string system;  // of a chat: what comes before; empty: what the template itself has
};

struct GenerateOptions {
  std::int64_t max_new_tokens = 64;
  /// 0: always the most probable token. Else tokens are drawn from the softmax of logits / temperature.
  double temperature = 0;
  /// Draws among the fewest tokens that together are at least this probable (nucleus sampling, Holtzman et
  /// al. 2020, "The Curious Case of Neural Text Degeneration"). In (0, 1].
  double top_p = 1;
  std::uint64_t seed = 0;
  /// Texts that end it and are not a part of it, besides the model's end tokens.
  std::vector<std::string> stop;
};

struct Generation {
  enum class End {
    end_token,  // the model's
    stop,       // a text of GenerateOptions::stop
    length,     // max_new_tokens
    positions,  // the model has no more of them
    consumer,   // on_text wanted no more
  };

  std::string text;               // without special tokens and what stopped it
  std::vector<std::int32_t> ids;  // all that the model made, an end token too
  End end = End::length;
  std::int64_t prompt_tokens = 0;  // virtual ones included
  std::int64_t truncated = 0;      // tokens of the given text that did not fit in front
};

std::string_view name_of(Generation::End end);

/// Lets a causal model go on where a prompt ends. Keeps scratch memory between calls; use one per thread. The
/// model must outlive it.
class Generator {
 public:
  /// Fails where the model is not causal or has no language-model head, and where the adapter does not fit.
  static Result<Generator> create(const Model& model, const PromptSource& source);
  Generator(Generator&&) noexcept;
  ~Generator();

  /// How the adapter's texts were prepared for training; a text to continue needs the same.
  const Preparation& preparation() const;

  /// `on_text`, where given, gets the text piece by piece, whole characters only, and says whether it wants
  /// more. The same example and options give the same text.
  Result<Generation> generate(const Example& example, const GenerateOptions& options,
                              const std::function<bool(std::string_view)>& on_text = nullptr);

 private:
  struct State;
  explicit Generator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace incipit
