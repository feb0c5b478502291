#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "incipit/activation_cache.h"
#include "incipit/model.h"

#include "infer/activation_file.h"
#include "prompt/templated_example.h"
#include "tensor/matrix.h"

namespace incipit {

/// The key of an example's words: of their ids, types and positions. What joins later is not in it, so that
/// it holds for any number of late virtual tokens.
ActivationKey key_of_words(const TemplatedExample& example);

/// Hidden states of one model that enter a layer, kept in a file for each layer. A file that cannot be used
/// costs time, never a result: it is warned of once, and everything is then not found.
class ActivationCache {
 public:
  ActivationCache(const Model& model, ActivationCacheOptions options,
                  std::function<void(const std::string&)> warn);

  CacheType type() const { return options_.type; }

  /// Fills rows, [words, hidden], with what was kept under the key; false: nothing was.
  bool find(std::int64_t layer, ActivationKey key, MatrixView rows);
  /// Takes in what other processes kept since.
  void refresh(std::int64_t layer);

  struct Rows {
    ActivationKey key;
    MatrixView rows;  // [words, hidden], contiguous
  };
  /// Rounds the rows to what find() will give, whether or not there is room to keep them.
  void keep(std::int64_t layer, std::span<const Rows> examples);

 private:
  struct File {
    std::filesystem::path path;
    std::optional<ActivationFile> file;  // empty: cannot be used
    bool full = false;                   // or cannot be written any more
    bool warned = false;
  };

  File& file_of(std::int64_t layer);
  void store(std::int64_t layer, std::span<const ActivationFile::Record> records);
  void warn_once(File& file, const std::string& message);

  std::string base_;  // the part of every subject that is the model's
  std::int64_t hidden_size_;
  ActivationCacheOptions options_;
  std::function<void(const std::string&)> warn_;
  std::map<std::int64_t, File> files_;  // by layer
  std::vector<std::byte> content_;      // of what is being kept
};

}  // namespace incipit
