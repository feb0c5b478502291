#pragma once

#include <string>

#include "incipit/activation_cache.h"

#include "command_line.h"

namespace incipit::cli {

/// Where the output of the layers below late prompts is kept, and how much of it; --cache-dtype, on which
/// results depend, is one of the flags of training.
class CacheFlags {
 public:
  void declare(CommandLine& line);
  void apply(ActivationCacheOptions& options) const;

 private:
  static constexpr double kDefaultGib = 4;
  std::string folder_;
  double gib_ = kDefaultGib;
};

}  // namespace incipit::cli
