// Writes the sample comparisons as DIR/NAME.html, for page_test.py.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "sample_comparisons.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_sample_pages DIR\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  for (const auto& [name, comparison] : incipit::sample_comparisons()) {
    std::ofstream file(folder / (name + ".html"), std::ios::binary);
    file << incipit::comparison_page(comparison);
    if (!file.flush()) {
      std::cerr << folder / (name + ".html") << ": cannot be written\n";
      return 1;
    }
  }
}
