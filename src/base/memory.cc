#include "base/memory.h"

#include <cstdint>
#include <fstream>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace incipit {

void reset_peak_memory() {
  // proc(5): 5 resets VmHWM. Containers may refuse it.
  std::ofstream("/proc/self/clear_refs") << "5";
}

std::int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (std::int64_t kibibytes = 0; word == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __APPLE__
  return usage.ru_maxrss;  // bytes there
#else
  return usage.ru_maxrss * 1024;
#endif
}

namespace {

std::byte* map_anonymous(std::size_t bytes) {
  void* pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  return static_cast<std::byte*>(pages);
}

}  // namespace

std::byte* map_pages(std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  // Only what starts where a huge page could gets any.
  constexpr std::size_t kHuge = std::size_t{2} << 20;
  if (bytes >= kHuge) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t size = (bytes + page - 1) / page * page;
    std::byte* mapped = map_anonymous(size + kHuge);
    const std::size_t before = (kHuge - reinterpret_cast<std::uintptr_t>(mapped) % kHuge) % kHuge;
    if (before > 0) ::munmap(mapped, before);
    ::munmap(mapped + before + size, kHuge - before);
    ::madvise(mapped + before, bytes, MADV_HUGEPAGE);
    return mapped + before;
  }
#endif
  return map_anonymous(bytes);
}

void unmap_pages(std::byte* pages, std::size_t bytes) {
  ::munmap(pages, bytes);
}

}  // namespace incipit
