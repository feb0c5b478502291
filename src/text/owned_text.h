#pragma once

#include <optional>
#include <string>

#include "text/tokenizers_c.h"

namespace incipit {

/// A text given by Rust, as a string; none if there is nothing.
inline std::optional<std::string> take(incipit_text text) {
  if (text.data == nullptr) return std::nullopt;
  struct Free {
    incipit_text text;
    ~Free() { incipit_text_free(text); }
  } owner{text};
  return std::string(text.data, text.size);
}

}  // namespace incipit
