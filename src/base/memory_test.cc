#include "base/memory.h"

#include <cstring>
#include <sys/mman.h>

#include <gtest/gtest.h>

namespace incipit {
namespace {

constexpr std::int64_t kBytes = 256 << 20;

/// The peak while this much more is resident; mapped by hand, so that it is gone afterwards.
std::int64_t peak_with_more() {
  const auto size = static_cast<std::size_t>(kBytes);
  void* block = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return 0;
  std::memset(block, 1, size);
  const std::int64_t peak = peak_memory();
  ::munmap(block, size);
  return peak;
}

TEST(PeakMemory, GrowsWithWhatIsUsed) {
  reset_peak_memory();
  const std::int64_t before = peak_memory();
  EXPECT_GT(before, 0);
  EXPECT_GT(peak_with_more(), before + kBytes / 2);
}

TEST(PeakMemory, StartsAnewWhereTheSystemAllowsIt) {
  const std::int64_t peak = peak_with_more();
  reset_peak_memory();
  if (peak_memory() == peak) GTEST_SKIP() << "the system does not allow it";
  EXPECT_LT(peak_memory(), peak - kBytes / 2);
}

TEST(Memory, PagesAreZerosOfTheirOwn) {
  constexpr std::size_t kHuge = std::size_t{2} << 20;
  for (const std::size_t bytes : {std::size_t{1}, kHuge - 1, kHuge, 2 * kHuge + 12345}) {
    std::byte* pages = map_pages(bytes);
    const auto address = reinterpret_cast<std::uintptr_t>(pages);
    EXPECT_EQ(address % 4096, 0U);
#ifdef MADV_HUGEPAGE
    if (bytes >= kHuge) {
      EXPECT_EQ(address % kHuge, 0U) << "no huge page fits";
    }
#endif
    for (std::size_t i = 0; i < bytes; i += 1000) ASSERT_EQ(pages[i], std::byte{0});
    pages[bytes - 1] = std::byte{1};
    unmap_pages(pages, bytes);
  }
}

}  // namespace
}  // namespace incipit
