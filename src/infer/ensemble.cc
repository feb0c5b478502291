#include "incipit/ensemble.h"

#include <algorithm>
#include <cmath>

namespace incipit {

std::vector<Prediction> average_predictions(std::span<const std::vector<Prediction>> members) {
  std::vector<Prediction> together(members.front().size());
  for (std::size_t e = 0; e < together.size(); ++e) {
    Prediction& prediction = together[e];
    for (std::size_t label = 0; label < members.front()[e].probabilities.size(); ++label) {
      double sum = 0;
      for (const std::vector<Prediction>& member : members)
        sum += static_cast<double>(member[e].probabilities[label]);
      const double mean = sum / static_cast<double>(members.size());
      prediction.probabilities.push_back(static_cast<float>(mean));
      prediction.logits.push_back(static_cast<float>(std::log(mean)));
    }
    const auto& probabilities = prediction.probabilities;
    prediction.label = static_cast<int>(std::max_element(probabilities.begin(), probabilities.end()) -
                                        probabilities.begin());
    prediction.truncated =
        std::any_of(members.begin(), members.end(), [e](const auto& member) { return member[e].truncated; });
  }
  return together;
}

}  // namespace incipit
