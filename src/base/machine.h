#pragma once

#include <string>

namespace incipit {

/// What a measured time depends on, in one line: the processor, its cores, and the threads that compute.
std::string machine_description();

}  // namespace incipit
