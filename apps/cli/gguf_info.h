#pragma once

#include <string>

#include "incipit/gguf_info.h"

namespace incipit::cli {

/// What `incipit info` says of a GGUF file, for people and as a JSON object.
std::string gguf_text(const GgufInfo& info);
std::string gguf_json(const GgufInfo& info);

}  // namespace incipit::cli
