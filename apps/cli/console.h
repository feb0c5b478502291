#pragma once

#include <string>
#include <string_view>

#include "incipit/result.h"

namespace incipit::cli {

/// `text` with line breaks and other control characters made blanks, so that a message stays one line and
/// file names can't steer the terminal.
std::string one_line(std::string_view text);

/// One line on stderr each; a progress bar that is being shown makes room first.
void print_error(std::string_view message);    // "incipit: error: …"
void print_warning(std::string_view message);  // "incipit: warning: …"
void print_note(std::string_view message);     // as it is

/// Writes results to stdout at once. When the reader has gone (`| head`), this and later calls do nothing and
/// results_wanted() turns false; any other failure is an error.
Status print_result(std::string_view text);
bool results_wanted();

}  // namespace incipit::cli
