#include "base/memory.h"

#include <fstream>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>

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

std::byte* map_pages(std::size_t bytes) {
  void* pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  ::madvise(pages, bytes, MADV_HUGEPAGE);
#endif
  return static_cast<std::byte*>(pages);
}

void unmap_pages(std::byte* pages, std::size_t bytes) {
  ::munmap(pages, bytes);
}

}  // namespace incipit
