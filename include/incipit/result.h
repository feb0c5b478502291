#pragma once

#include <string>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace incipit {

/// Why something failed, in one line: names the file, line, tensor or flag at fault and what would be right.
struct Error {
  std::string message;
};

/// A value or the Error that kept it from being made. The library reports every failure this way: it never
/// prints, exits or aborts.
template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// An Error from a fmt format string: `return fail("{}: no such file", path);`
template <typename... Args>
[[nodiscard]] tl::unexpected<Error> fail(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace incipit

#define INCIPIT_JOIN_(a, b) a##b
#define INCIPIT_JOIN(a, b) INCIPIT_JOIN_(a, b)

/// Declares `declaration` with the value of a Result, or returns its Error from the enclosing function.
#define INCIPIT_TRY(declaration, expression)                                     \
  auto INCIPIT_JOIN(result_, __LINE__) = (expression);                           \
  if (!INCIPIT_JOIN(result_, __LINE__))                                          \
    return ::tl::unexpected(std::move(INCIPIT_JOIN(result_, __LINE__)).error()); \
  declaration = std::move(*INCIPIT_JOIN(result_, __LINE__))

/// Returns the Error of a Status from the enclosing function, if it has one.
#define INCIPIT_CHECK(expression) \
  if (auto status_ = (expression); !status_) return ::tl::unexpected(std::move(status_).error())
