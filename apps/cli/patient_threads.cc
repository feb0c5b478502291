#include "patient_threads.h"

#include <cstdlib>
#include <unistd.h>

namespace incipit::cli {

void wait_patiently(char** argv) {
  constexpr const char* kVariable = "OMP_WAIT_POLICY";
  if (std::getenv(kVariable) != nullptr) return;
  if (setenv(kVariable, "passive", 1) == 0) execv("/proc/self/exe", argv);
}

}  // namespace incipit::cli
