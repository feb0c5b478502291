#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "incipit/model.h"
#include "incipit/precision.h"
#include "incipit/result.h"

#include "backbone/weight_reader.h"
#include "formats/tensor_store.h"

namespace incipit {

/// A model's packed weights in a folder of such files: found where an earlier run kept them, else to be kept
/// by this one. Keeping is a convenience: what fails is passed over.
class WeightPack {
 public:
  /// precision: never automatic. See LoadOptions for when nothing is kept.
  WeightPack(const LoadOptions& options, const TensorStore& store, std::string_view fingerprint,
             Precision precision);

  PackedWeights& weights() { return weights_; }
  bool was_kept() const { return weights_.kept.has_value(); }

  /// Takes back that there were any: they could not be read.
  void distrust();
  /// To be called when all layers are loaded. Where the folder has become too large, the files that have not
  /// been used for longest are removed.
  void finish();

 private:
  std::filesystem::path path_;
  std::string key_;
  PackedWeights weights_;
};

}  // namespace incipit
