#pragma once

namespace incipit {

/// Threads that the library uses; the machine's cores unless set.
void set_num_threads(int count);

}  // namespace incipit
