#include <fmt/format.h>

#include "incipit/sweep.h"

namespace incipit {

std::vector<std::vector<std::string>> sweep_grid(std::span<const SweepAxis> axes) {
  std::vector<std::vector<std::string>> grid(1);
  for (const SweepAxis& axis : axes) {
    std::vector<std::vector<std::string>> longer;
    for (const std::vector<std::string>& setting : grid)
      for (const std::string& value : axis.values) {
        longer.push_back(setting);
        longer.back().push_back(value);
      }
    grid = std::move(longer);
  }
  return grid;
}

std::string setting_name(std::span<const SweepAxis> axes, std::span<const std::string> setting) {
  std::string name;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i].values.size() > 1)
      name += fmt::format("{}{} {}", name.empty() ? "" : ", ", axes[i].name, setting[i]);
  return name.empty() ? "the only setting" : name;
}

}  // namespace incipit
