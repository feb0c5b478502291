#include "incipit/comparison.h"
namespace incipit {
std::string comparison_page(const Comparison& comparison) {
  return "<!doctype html><title>" + comparison.title + "</title>\n";
}
}  // namespace incipit
