#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "incipit/result.h"

namespace incipit {

/// Ends the run where a reader breaks a promise; the fuzzer keeps the input.
inline void require(bool kept, const char* promise) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

/// Every error is one line that says something.
template <typename T>
void require_one_line(const Result<T>& result) {
  if (result) return;
  const std::string& message = result.error().message;
  require(!message.empty() && message.find('\n') == std::string::npos, "an error is one line");
}

}  // namespace incipit
