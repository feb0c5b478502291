#include "incipit/head_input.h"

namespace incipit {

std::string_view name_of(HeadInput input) {
  switch (input) {
    case HeadInput::first:
      return "first";
    case HeadInput::cls:
      return "cls";
    case HeadInput::mean:
      return "mean";
    case HeadInput::mask:
      return "mask";
    case HeadInput::last:
      return "last";
  }
  return "";
}

std::optional<HeadInput> head_input_by_name(std::string_view name) {
  for (const HeadInput input :
       {HeadInput::first, HeadInput::cls, HeadInput::mean, HeadInput::mask, HeadInput::last})
    if (name == name_of(input)) return input;
  return std::nullopt;
}

}  // namespace incipit
