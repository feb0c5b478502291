#pragma once

#include <cstdint>

namespace incipit {

/// Starts a new measurement of peak_memory(), where the system allows that (Linux); else the peak stays that
/// of the whole life of the process.
void reset_peak_memory();

/// The most resident memory, in bytes, that the process had since; 0 where it cannot be known.
std::int64_t peak_memory();

}  // namespace incipit
