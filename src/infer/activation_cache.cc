#include "infer/activation_cache.h"

#include <array>
#include <cstring>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "backbone/backbone.h"
#include "base/cache_room.h"
#include "ops/linear.h"
#include "ops/narrow.h"
#include "tensor/dtype.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// To be raised with every change after which the same text may give other bits below some layer.
constexpr int kNumericsVersion = 4;

constexpr std::string_view kSuffix = ".activations";

struct Named {
  CacheType type;
  std::string_view name;
};
constexpr std::array kNames = {Named{CacheType::bf16, "bf16"}, Named{CacheType::f32, "f32"},
                               Named{CacheType::off, "off"}};

/// Hashes the words' part of one of an example's vectors.
template <typename T>
void add_words(const TemplatedExample& example, const std::vector<T>& values,
               std::vector<std::int32_t>& all) {
  for (std::size_t t = 0; t < example.token.size(); ++t)
    if (example.token[t] >= 0) all.push_back(values[t]);
}

DType stored_type(CacheType type) {
  return type == CacheType::bf16 ? DType::bf16 : DType::f32;
}

}  // namespace

std::vector<std::string> cache_type_names() {
  std::vector<std::string> names;
  for (const Named& entry : kNames) names.emplace_back(entry.name);
  return names;
}

std::string_view name_of(CacheType type) {
  for (const Named& entry : kNames)
    if (entry.type == type) return entry.name;
  return "";
}

std::optional<CacheType> cache_type_by_name(std::string_view name) {
  for (const Named& entry : kNames)
    if (entry.name == name) return entry.type;
  return std::nullopt;
}

ActivationKey key_of_words(const TemplatedExample& example) {
  std::vector<std::int32_t> all;
  all.reserve(3 * example.token.size());
  add_words(example, example.token, all);
  add_words(example, example.token_type, all);
  add_words(example, example.position, all);
  const XXH128_hash_t hash = XXH3_128bits(all.data(), all.size() * sizeof(all.front()));
  return {hash.high64, hash.low64};
}

ActivationCache::ActivationCache(const Model& model, ActivationCacheOptions options,
                                 std::function<void(const std::string&)> warn)
    : base_(fmt::format("base {}\nprecision {}\nhidden size {}\nnumerics {}, {}\n", model.info().fingerprint,
                        name_of(model.info().precision), model.info().hidden_size, kNumericsVersion,
                        packing_name())),
      hidden_size_(model.info().hidden_size),
      options_(std::move(options)),
      warn_(std::move(warn)) {}

void ActivationCache::warn_once(File& file, const std::string& message) {
  if (!file.warned && warn_) warn_(message);
  file.warned = true;
}

ActivationCache::File& ActivationCache::file_of(std::int64_t layer) {
  const auto [place, is_new] = files_.try_emplace(layer);
  File& file = place->second;
  if (!is_new || options_.folder.empty()) return file;
  const std::string subject = fmt::format("{}layer {}\ntype {}\n", base_, layer, name_of(options_.type));
  const XXH128_hash_t hash = XXH3_128bits(subject.data(), subject.size());
  file.path = options_.folder / fmt::format("{:016x}{:016x}{}", hash.high64, hash.low64, kSuffix);
  Result<ActivationFile> opened = ActivationFile::open(
      file.path, subject, [this](const std::string& message) { warn_ ? warn_(message) : void(); });
  if (opened) {
    file.file.emplace(std::move(*opened));
    file.file->refresh();
  } else {
    warn_once(file, fmt::format("activation cache: {}; the layers below the prompt run every time",
                                opened.error().message));
  }
  return file;
}

bool ActivationCache::find(std::int64_t layer, ActivationKey key, MatrixView rows) {
  File& file = file_of(layer);
  if (!file.file) return false;
  const std::span<const std::byte> content = file.file->find(key);
  const auto values = static_cast<std::size_t>(rows.rows * rows.cols);
  if (content.empty() || content.size() != values * size_of(stored_type(options_.type))) return false;
  convert_to_f32(stored_type(options_.type), content.data(), {rows.data, values});
  return true;
}

void ActivationCache::refresh(std::int64_t layer) {
  if (File& file = file_of(layer); file.file) file.file->refresh();
}

void ActivationCache::keep(std::int64_t layer, std::span<const Rows> examples) {
  std::size_t bytes = 0;
  for (const Rows& example : examples)
    bytes +=
        static_cast<std::size_t>(example.rows.rows * example.rows.cols) * size_of(stored_type(options_.type));
  content_.resize(bytes);
  std::vector<ActivationFile::Record> records;
  std::byte* next = content_.data();
  for (const Rows& example : examples) {
    const auto values = static_cast<std::size_t>(example.rows.rows * example.rows.cols);
    const std::size_t size = values * size_of(stored_type(options_.type));
    if (options_.type == CacheType::bf16) {
      round_to_bf16(example.rows.data, example.rows.rows, example.rows.cols,
                    reinterpret_cast<std::uint16_t*>(next));
      convert_to_f32(DType::bf16, next, {example.rows.data, values});
    } else {
      std::memcpy(next, example.rows.data, size);
    }
    records.push_back({example.key, {next, size}});
    next += size;
  }
  store(layer, records);
}

void ActivationCache::store(std::int64_t layer, std::span<const ActivationFile::Record> records) {
  File& file = file_of(layer);
  if (!file.file || !file.file->is_writable() || file.full) return;
  const std::int64_t wanted = std::ssize(content_) + ActivationFile::kMostOverhead * std::ssize(records);
  const std::int64_t room = make_room(file.path, wanted, options_.max_bytes);
  const Result<ActivationFile::Appended> appended = file.file->append(records, room);
  file.full = !appended || *appended == ActivationFile::Appended::not_all_full;
  if (!appended)
    warn_once(file, fmt::format("activation cache: {}; nothing more is kept", appended.error().message));
  else if (file.full)
    warn_once(file, fmt::format("activation cache: no more room in {}; the rest is run every time (a larger "
                                "--cache-size would keep it)",
                                options_.folder.string()));
}

}  // namespace incipit
