#include "model/weight_pack.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include <fmt/ranges.h>

#include "base/cache_room.h"
#include "ops/linear.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".packed";
constexpr std::int64_t kMostBytes = std::int64_t{16} << 30;  // of a folder

std::string file_state(const fs::path& file) {
  std::error_code ignored;
  return fmt::format("{} {} {};", file.filename().string(), fs::file_size(file, ignored),
                     fs::last_write_time(file, ignored).time_since_epoch().count());
}

/// Changes where the weights' files do; the fingerprint only looks at parts of them.
std::string source_state(const fs::path& path) {
  if (path.extension() != ".json") return file_state(path);
  std::vector<std::string> shards;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(path.parent_path(), ignored))
    if (entry.path().extension() == ".safetensors") shards.push_back(file_state(entry.path()));
  std::sort(shards.begin(), shards.end());
  return fmt::format("{}", fmt::join(shards, ""));
}

std::int64_t numbers_of(const TensorStore& store) {
  std::int64_t numbers = 0;
  for (const StoredTensor& tensor : store.tensors()) numbers += tensor.element_count();
  return numbers;
}

}  // namespace

WeightPack::WeightPack(const LoadOptions& options, const TensorStore& store, std::string_view fingerprint,
                       Precision precision) {
  if (options.packed_weights.empty() || numbers_of(store) < options.least_packed_numbers) return;
  path_ = options.packed_weights / fmt::format("{}-{}{}", fingerprint, name_of(precision), kExtension);
  key_ =
      fmt::format("{} {} {} {}", fingerprint, name_of(precision), packing_name(), source_state(store.path()));
  if (auto kept = ArrayFileReader::open(path_, key_)) {
    std::error_code ignored;
    fs::last_write_time(path_, fs::file_time_type::clock::now(), ignored);
    weights_.kept = std::move(*kept);
    return;
  }
  distrust();
}

void WeightPack::distrust() {
  weights_.kept.reset();
  if (auto writer = ArrayFileWriter::create(path_, key_)) weights_.to_keep.emplace(std::move(*writer));
}

void WeightPack::finish() {
  if (!weights_.to_keep) return;
  if (weights_.to_keep->commit()) {
    const std::int64_t room = make_room(path_, 0, kMostBytes);
    std::error_code ignored;
    // One that is too large for the folder makes no room for itself: it is the one to go.
    if (const auto size = static_cast<std::int64_t>(fs::file_size(path_, ignored)); size > room)
      fs::remove(path_, ignored);
  }
  weights_.to_keep.reset();
}

}  // namespace incipit
