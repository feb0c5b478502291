#include "incipit/precision.h"

#include <array>

#include "ops/packed_matmul.h"
#include "ops/panel_weight.h"

namespace incipit {
namespace {

struct Named {
  Precision precision;
  std::string_view name;
};
constexpr std::array kNames = {Named{Precision::f32, "f32"}, Named{Precision::bf16, "bf16"},
                               Named{Precision::int8, "int8"}, Named{Precision::automatic, "auto"}};

}  // namespace

std::vector<std::string> precision_names() {
  std::vector<std::string> names;
  for (const Named& entry : kNames) names.emplace_back(entry.name);
  return names;
}

std::string_view name_of(Precision precision) {
  for (const Named& entry : kNames)
    if (entry.precision == precision) return entry.name;
  return "";
}

std::optional<Precision> precision_by_name(std::string_view name) {
  for (const Named& entry : kNames)
    if (entry.name == name) return entry.precision;
  return std::nullopt;
}

Precision resolved(Precision precision) {
  if (precision != Precision::automatic) return precision;
  const bool has_bf16 = is_library_faster(MatmulType::bf16) || has_units_for(PanelType::bf16);
  return has_bf16 ? Precision::bf16 : Precision::f32;
}

}  // namespace incipit
