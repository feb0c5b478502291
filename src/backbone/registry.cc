#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "backbone/architecture.h"

namespace incipit {
namespace {

struct Family {
  std::string_view model_type;
  LoadArchitecture load;
};

constexpr std::array kFamilies = {
    Family{"bert", load_bert},
    Family{"roberta", load_roberta},
    Family{"xlm-roberta", load_roberta},
    Family{"camembert", load_roberta},
    Family{"distilbert", load_distilbert},
    Family{"gpt2", load_gpt2},
    Family{"llama", load_llama},
    Family{"mistral", load_mistral},
    Family{"qwen2", load_qwen2},
};

}  // namespace

Result<LoadedBackbone> load_backbone(const ModelSource& source) {
  const HfConfig& config = source.config;
  const auto family = std::find_if(kFamilies.begin(), kFamilies.end(), [&](const Family& known) {
    return known.model_type == config.model_type;
  });
  if (family != kFamilies.end()) return family->load(source);
  std::vector<std::string_view> known;
  for (const Family& entry : kFamilies) known.push_back(entry.model_type);
  return fail("{}: model_type \"{}\" is not supported; supported are {}", source.store.path().string(),
              config.model_type, fmt::join(known, ", "));
}

}  // namespace incipit
