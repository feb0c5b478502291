#pragma once

#include <string_view>

namespace incipit::cli {

/// Writes all of `text` to a file descriptor; 0, or the errno that kept it from that.
int write_all(int descriptor, std::string_view text);

}  // namespace incipit::cli
