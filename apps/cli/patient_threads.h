#pragma once

namespace incipit::cli {

/// Makes threads that wait for work sleep instead of spin, unless OMP_WAIT_POLICY says otherwise. On an idle
/// machine that costs under a per cent; on a busy one, where a spinning thread holds the core that the other
/// needs, it saves most of the time. The OpenMP runtime reads the variable when it is loaded, so the program
/// starts itself again; a system that does not allow that goes on as it is. To be called first in main().
void wait_patiently(char** argv);

}  // namespace incipit::cli
