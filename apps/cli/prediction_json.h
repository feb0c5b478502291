#pragma once

#include <span>
#include <string>
#include <string_view>

#include "incipit/dataset.h"
#include "incipit/predict.h"

namespace incipit::cli {

/// What a prediction line holds beyond id, label and scores; empty: left out.
struct PredictionExtras {
  bool logits = false;
  std::string_view gold = {};     // the true label
  std::string_view adapter = {};  // whose prediction it is
};

/// One JSON line, its end included. Numbers are the shortest that read back as the same float.
std::string prediction_line(const Example& example, const Prediction& prediction,
                            std::span<const std::string> labels, const PredictionExtras& extras);

}  // namespace incipit::cli
