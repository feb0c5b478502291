#include "tune/epoch_order.h"

#include <algorithm>
#include <numeric>

#include "base/rng.h"

namespace incipit {

std::optional<Batching> batching_by_name(std::string_view name) {
  if (name == "file") return Batching::file;
  if (name == "shuffle") return Batching::shuffle;
  if (name == "length") return Batching::length;
  return std::nullopt;
}

std::vector<std::vector<std::size_t>> epoch_batches(Batching batching, std::span<const std::int64_t> sizes,
                                                    std::int64_t batch_size, std::uint64_t seed,
                                                    std::int64_t epoch) {
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng rng(mix_bits(mix_bits(seed, 0x6f72646572), static_cast<std::uint64_t>(epoch)));
  if (batching != Batching::file) rng.shuffle(std::span(order));
  if (batching == Batching::length)  // equal lengths stay shuffled
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return sizes[a] < sizes[b]; });

  std::vector<std::vector<std::size_t>> batches;
  const auto step = static_cast<std::size_t>(batch_size);
  for (std::size_t first = 0; first < order.size(); first += step)
    batches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(first),
                         order.begin() + static_cast<std::ptrdiff_t>(std::min(first + step, order.size())));
  if (batching == Batching::length) rng.shuffle(std::span(batches));
  return batches;
}

}  // namespace incipit
