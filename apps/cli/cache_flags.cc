#include "cache_flags.h"

#include <cstdint>

#include "incipit/hub.h"

#include "checks.h"

namespace incipit::cli {
namespace {

constexpr double kBytesOfGib = 1024.0 * 1024.0 * 1024.0;
constexpr double kMostGib = 1 << 20;

}  // namespace

void CacheFlags::declare(CommandLine& line) {
  line.flag("--activation-cache", folder_, "DIR",
            "Folder in which the output of the layers below a late prompt is kept for later epochs and runs; "
            "without it activations/ beside the models that were pulled")
      ->check(not_empty());
  line.flag("--cache-size", gib_, "GIB",
            "Room for that, of all files in the folder: those used longest ago make way; 0: nothing is kept")
      ->check(real_number(0, kMostGib));
}

void CacheFlags::apply(ActivationCacheOptions& options) const {
  if (gib_ > 0) options.folder = folder_.empty() ? (cache_folder() / "activations").string() : folder_;
  options.max_bytes = static_cast<std::int64_t>(gib_ * kBytesOfGib);
}

}  // namespace incipit::cli
