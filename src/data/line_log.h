#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace incipit {

/// Counts what happened to lines of a file, by kind, with the first few line numbers of each kind.
class LineLog {
 public:
  /// `what` is one of a few fixed texts.
  void add(std::string_view what, std::int64_t line);
  std::int64_t total() const { return total_; }
  /// For each kind: "3 rows WHAT (lines 4, 9, 12)", in order of first appearance.
  std::vector<std::string> summary() const;

 private:
  struct Kind {
    std::string what;
    std::int64_t count = 0;
    std::vector<std::int64_t> first_lines;
  };
  std::vector<Kind> kinds_;
  std::int64_t total_ = 0;
};

}  // namespace incipit
