#pragma once

#include <span>

namespace incipit {

double norm(std::span<const float> vector);
/// Of the angle between two vectors; 0 where one is zero.
double cosine(std::span<const float> a, std::span<const float> b);
double distance(std::span<const float> a, std::span<const float> b);

}  // namespace incipit
