#pragma once

namespace incipit {

/// Threads that the library computes with; the machine's cores unless set. Set it before the first model is
/// loaded.
int num_threads();
void set_num_threads(int count);

}  // namespace incipit
