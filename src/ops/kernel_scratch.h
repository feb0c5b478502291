#pragma once

#include <cstdint>
#include <vector>

#include "ops/narrow.h"

namespace incipit {

/// Inputs of a matmul in its own number format, and what 8-bit ones stand for; grown as needed, one a thread.
struct KernelScratch {
  std::vector<std::uint16_t> halves;
  std::vector<std::uint8_t> bytes;
  std::vector<std::int32_t> products;
  std::vector<RowScale> scales;

  static KernelScratch& of_thread() {
    thread_local KernelScratch instance;
    return instance;
  }
};

template <typename T>
T* room(std::vector<T>& values, std::int64_t count) {
  if (std::ssize(values) < count) values.resize(static_cast<std::size_t>(count));
  return values.data();
}

}  // namespace incipit
