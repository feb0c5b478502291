#pragma once

#include <map>
#include <string>

#include "incipit/comparison.h"

namespace incipit {

/// Comparisons of all shapes that the page must bear, by the name of their page; made up, always the same.
std::map<std::string, Comparison> sample_comparisons();

}  // namespace incipit
