#pragma once

#include <cstddef>
#include <cstdint>

namespace incipit {

/// Starts a new measurement of peak_memory(), where the system allows that (Linux); else the peak stays that
/// of the whole life of the process.
void reset_peak_memory();

/// The most resident memory, in bytes, that the process had since; 0 where it cannot be known.
std::int64_t peak_memory();

/// Zeros, at the start of a page and apart from the heap, so that what is large and freed goes back to the
/// system at once; in large pages where the system has them. Throws std::bad_alloc.
std::byte* map_pages(std::size_t bytes);
/// Gives back what map_pages() gave.
void unmap_pages(std::byte* pages, std::size_t bytes);

}  // namespace incipit
