#include "formats/tensor_store.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "formats/gguf_tensors.h"
#include "formats/safetensors_header.h"
#include "formats/strict_json.h"
#include "formats/tensor_values.h"

namespace incipit {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct TensorStore::Maps {
  fs::path path;
  std::vector<MappedFile> files;
  std::optional<GgufFile> gguf;       // instead of files
  std::vector<StoredTensor> tensors;  // sorted by name
};

namespace {

constexpr const char* kSingleName = "model.safetensors";
constexpr const char* kIndexName = "model.safetensors.index.json";

bool by_name(const StoredTensor& a, const StoredTensor& b) {
  return a.name < b.name;
}

const StoredTensor* find_by_name(const std::vector<StoredTensor>& sorted, std::string_view name) {
  const auto found =
      std::lower_bound(sorted.begin(), sorted.end(), name,
                       [](const StoredTensor& tensor, std::string_view key) { return tensor.name < key; });
  return found != sorted.end() && found->name == name ? &*found : nullptr;
}

/// Whether a shard's name stays inside the index's folder.
bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

/// The file or the index that `path` means.
Result<fs::path> resolve(const fs::path& path) {
  std::error_code ignored;  // what is not a folder is opened as a file, which says what is wrong with it
  if (!fs::is_directory(path, ignored)) return path;
  for (const char* name : {kSingleName, kIndexName})
    if (fs::exists(path / name, ignored)) return path / name;
  INCIPIT_TRY(const std::optional<fs::path> gguf, find_gguf(path));
  if (gguf) return *gguf;
  if (fs::exists(path / "pytorch_model.bin", ignored))
    return fail(
        "{}: weights are read from {}, this folder has only pytorch_model.bin; convert it with safetensors",
        path.string(), kSingleName);
  return fail("{}: has neither {} nor {} nor a .gguf file", path.string(), kSingleName, kIndexName);
}

/// The tensors that each shard must hold, by the shard's name.
Result<std::map<std::string, std::vector<std::string>>> read_index(const fs::path& file) {
  INCIPIT_TRY(const Json index, read_json_object(file));
  const auto weight_map = index.find("weight_map");
  if (weight_map == index.end() || !weight_map->is_object() || weight_map->empty())
    return fail("{}: weight_map must be an object that names a file for each tensor", file.string());
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, shard] : weight_map->items()) {
    if (!shard.is_string() || !is_plain_file_name(shard.get_ref<const std::string&>()))
      return fail("{}: weight_map of tensor {} must be the plain name of a file beside the index, not {}",
                  file.string(), quote_text(tensor),
                  shard.is_string() ? quote_text(shard.get<std::string>()) : shard.type_name());
    shards[shard.get<std::string>()].push_back(tensor);
  }
  return shards;
}

}  // namespace

std::int64_t StoredTensor::element_count() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

TensorStore::TensorStore(std::shared_ptr<const Maps> maps) : maps_(std::move(maps)) {}

Result<TensorStore> TensorStore::open(const fs::path& path) {
  auto maps = std::make_shared<Maps>();
  INCIPIT_TRY(maps->path, resolve(path));
  if (maps->path.extension() == ".gguf") {
    INCIPIT_TRY(maps->gguf, GgufFile::open(maps->path));
    INCIPIT_TRY(maps->tensors, tensors_of(*maps->gguf));
    std::sort(maps->tensors.begin(), maps->tensors.end(), by_name);
    return TensorStore(std::move(maps));
  }
  const auto add_file = [&maps](const fs::path& file) -> Result<std::vector<StoredTensor>> {
    INCIPIT_TRY(MappedFile map, MappedFile::open(file));
    INCIPIT_TRY(std::vector<StoredTensor> tensors, parse_safetensors(map.bytes(), file));
    std::sort(tensors.begin(), tensors.end(), by_name);
    maps->files.push_back(std::move(map));
    return tensors;
  };
  if (maps->path.extension() != ".json") {
    INCIPIT_TRY(maps->tensors, add_file(maps->path));
    return TensorStore(std::move(maps));
  }
  INCIPIT_TRY(const auto shards, read_index(maps->path));
  for (const auto& [name, wanted] : shards) {
    const fs::path file = maps->path.parent_path() / name;
    INCIPIT_TRY(const std::vector<StoredTensor> held, add_file(file));
    for (const std::string& tensor : wanted) {
      const StoredTensor* found = find_by_name(held, tensor);
      if (found == nullptr)
        return fail("{}: lacks tensor {}, which {} says it holds", file.string(), quote_text(tensor),
                    maps->path.string());
      maps->tensors.push_back(*found);
    }
  }
  std::sort(maps->tensors.begin(), maps->tensors.end(), by_name);
  return TensorStore(std::move(maps));
}

const std::vector<StoredTensor>& TensorStore::tensors() const {
  return maps_->tensors;
}

const StoredTensor* TensorStore::find(std::string_view name) const {
  return find_by_name(maps_->tensors, name);
}

const fs::path& TensorStore::path() const {
  return maps_->path;
}

namespace {

Result<const StoredTensor*> find_shaped(const TensorStore& store, std::string_view name,
                                        std::span<const std::int64_t> shape) {
  const StoredTensor* tensor = store.find(name);
  if (tensor == nullptr) return fail("{}: has no tensor {}", store.path().string(), quote_text(name));
  const bool fits =
      std::equal(shape.begin(), shape.end(), tensor->shape.begin(), tensor->shape.end(),
                 [](std::int64_t wanted, std::int64_t stored) { return wanted == -1 || wanted == stored; });
  if (!fits)
    return fail("{}: tensor {} has shape {}, {} is needed", store.path().string(), quote_text(name),
                shape_text(tensor->shape), shape_text(shape));
  return tensor;
}

Result<Matrix> checked_values(const TensorStore& store, std::string_view name,
                              std::span<const std::int64_t> shape) {
  INCIPIT_TRY(const StoredTensor* tensor, find_shaped(store, name, shape));
  const std::int64_t rows = shape.size() == 2 ? tensor->shape[0] : 1;
  Result<Matrix> values = read_values(*tensor, rows, tensor->shape.back(), store.path());
  release_pages(tensor->bytes);
  return values;
}

}  // namespace

Result<Matrix> TensorStore::matrix(std::string_view name, std::int64_t rows, std::int64_t cols) const {
  const std::int64_t shape[] = {rows, cols};
  return checked_values(*this, name, shape);
}

Status TensorStore::check_shape(std::string_view name, std::int64_t rows, std::int64_t cols) const {
  const std::int64_t shape[] = {rows, cols};
  INCIPIT_TRY([[maybe_unused]] const StoredTensor* tensor, find_shaped(*this, name, shape));
  return {};
}

Result<Matrix> TensorStore::vector(std::string_view name, std::int64_t size) const {
  const std::int64_t shape[] = {size};
  return checked_values(*this, name, shape);
}

}  // namespace incipit
