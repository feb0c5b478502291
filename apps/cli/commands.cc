#include "commands.h"

#include <algorithm>
#include <array>

namespace incipit::cli {
namespace {

constexpr std::array kCommands = {
    CommandEntry{"pull", "Fetch models and data sets into the cache", make_pull},
    CommandEntry{"info", "Describe a model, an adapter or a data set", make_info},
    CommandEntry{"tokenize", "Show a text as the model reads it", make_tokenize},
    CommandEntry{"train", "Learn an adapter on labelled texts; the model itself stays as it is", make_train},
    CommandEntry{"evaluate", "Measure adapters on labelled texts", make_evaluate},
    CommandEntry{"compare", "Run settings side by side on the same data and report them", make_compare},
    CommandEntry{"sweep", "Train every combination of some flags and seeds, and keep the best", make_sweep},
    CommandEntry{"predict", "Classify texts with an adapter", make_predict},
    CommandEntry{"generate", "Let a causal model go on where a prompt ends", make_generate},
    CommandEntry{"inspect", "Look into a prompt: what its vectors lie near and are worth", make_inspect},
    CommandEntry{"bench", "Measure this machine's roof and how close a model comes to it", make_bench},
};

}  // namespace

std::span<const CommandEntry> commands() {
  return kCommands;
}

const CommandEntry* find_command(std::string_view name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(),
                                  [name](const CommandEntry& command) { return command.name == name; });
  return found == kCommands.end() ? nullptr : &*found;
}

}  // namespace incipit::cli
