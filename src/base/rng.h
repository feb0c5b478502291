#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace incipit {

/// Mixes 64 bits into 64 well-distributed ones (SplitMix64's finaliser, Steele et al. 2014).
constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// A key for the pair (a, b), for counter-based randomness.
constexpr std::uint64_t mix_bits(std::uint64_t a, std::uint64_t b) {
  return mix_bits(mix_bits(a) ^ b);
}

/// A small sequential generator whose values depend on the seed alone, on every platform.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(mix_bits(seed)) {}

  std::uint64_t next() { return mix_bits(state_++ * 0x9e3779b97f4a7c15u); }
  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// In [0, bound), bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal (Box–Muller).
  double normal();

  template <typename T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace incipit
