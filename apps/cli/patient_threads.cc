#include "patient_threads.h"

#include <cstdlib>
#include <unistd.h>

namespace incipit::cli {

void wait_patiently(char** argv) {
  constexpr const char* kVariable = "OMP_WAIT_POLICY";
  if (std::getenv(kVariable) != nullptr) return;
  // GNU's runtime: looks this often for work before it sleeps, some tenths of a millisecond; waking costs
  // more.
  setenv("GOMP_SPINCOUNT", "10000", 0);
  if (setenv(kVariable, "passive", 1) == 0) execv("/proc/self/exe", argv);
}

}  // namespace incipit::cli
