#include "base/parallel.h"

#include <algorithm>
#include <omp.h>

namespace incipit {

int num_threads() {
  return omp_get_max_threads();
}

void set_num_threads(int count) {
  omp_set_num_threads(std::max(count, 1));
}

void parallel_for(std::int64_t count, std::int64_t grain,
                  FunctionRef<void(std::int64_t, std::int64_t)> body) {
  if (count <= 0) return;
  const std::int64_t pieces =
      std::min<std::int64_t>(num_threads(), (count + grain - 1) / std::max<std::int64_t>(grain, 1));
  if (pieces <= 1) {
    body(0, count);
    return;
  }
#pragma omp parallel for schedule(static, 1) num_threads(static_cast <int>(pieces))
  for (std::int64_t piece = 0; piece < pieces; ++piece)
    body(count * piece / pieces, count * (piece + 1) / pieces);
}

void parallel_items(std::int64_t count, FunctionRef<void(std::int64_t, int)> body) {
  if (count <= 0) return;
  if (count == 1 || num_threads() == 1) {
    for (std::int64_t item = 0; item < count; ++item) body(item, 0);
    return;
  }
#pragma omp parallel for schedule(dynamic, 1)
  for (std::int64_t item = 0; item < count; ++item) body(item, omp_get_thread_num());
}

}  // namespace incipit
