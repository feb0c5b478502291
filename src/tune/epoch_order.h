#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "incipit/train.h"

namespace incipit {

/// The batches of one epoch: indices into the examples, every example once, all batches but the last of
/// batch_size. `sizes` are the examples' token counts. A function of its arguments alone.
std::vector<std::vector<std::size_t>> epoch_batches(Batching batching, std::span<const std::int64_t> sizes,
                                                    std::int64_t batch_size, std::uint64_t seed,
                                                    std::int64_t epoch);

}  // namespace incipit
