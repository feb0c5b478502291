#include "formats/ggml_type.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace incipit {
namespace {

constexpr std::array kReadable = {
    GgmlType{0, DType::f32, nullptr}, GgmlType{1, DType::f16, nullptr}, GgmlType{30, DType::bf16, nullptr},
    GgmlType{8, DType::f32, &kQ8_0},  GgmlType{2, DType::f32, &kQ4_0},  GgmlType{3, DType::f32, &kQ4_1},
    GgmlType{6, DType::f32, &kQ5_0},  GgmlType{7, DType::f32, &kQ5_1},  GgmlType{12, DType::f32, &kQ4_K},
    GgmlType{13, DType::f32, &kQ5_K}, GgmlType{14, DType::f32, &kQ6_K}};

/// enum ggml_type of ggml.h, by value; empty where a value is no longer in use.
constexpr std::array<std::string_view, 40> kNames = {
    "F32",    "F16",   "Q4_0",  "Q4_1",   "",      "",      "Q5_0",    "Q5_1",   "Q8_0",    "Q8_1",
    "Q2_K",   "Q3_K",  "Q4_K",  "Q5_K",   "Q6_K",  "Q8_K",  "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S",
    "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS", "I8",    "I16",   "I32",     "I64",    "F64",     "IQ1_M",
    "BF16",   "",      "",      "",       "TQ1_0", "TQ2_0", "",        "",       "",        "MXFP4"};

}  // namespace

std::string_view GgmlType::name() const {
  return kNames[id];
}

const GgmlType* ggml_type(std::uint32_t id) {
  const auto found =
      std::find_if(kReadable.begin(), kReadable.end(), [&](const GgmlType& type) { return type.id == id; });
  return found == kReadable.end() ? nullptr : &*found;
}

std::string ggml_type_name(std::uint32_t id) {
  if (id >= kNames.size() || kNames[id].empty()) return fmt::format("number {}", id);
  return std::string(kNames[id]);
}

std::string readable_ggml_types() {
  std::string names;
  for (const GgmlType& type : kReadable) {
    if (!names.empty()) names += ", ";
    names += type.name();
  }
  return names;
}

}  // namespace incipit
