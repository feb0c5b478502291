#pragma once

#include <filesystem>
#include <functional>

#include "incipit/result.h"

namespace incipit {

/// Holds an exclusive lock on a file (made where it is missing) among processes; freed with the object, or by
/// the system when the process ends.
class FileLock {
 public:
  /// Waits for another holder, after calling `on_wait`.
  static Result<FileLock> acquire(const std::filesystem::path& path, const std::function<void()>& on_wait);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace incipit
