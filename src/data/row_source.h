#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "incipit/result.h"

namespace incipit {

/// A row of a data file, or why it can't be used.
struct SourceRow {
  std::int64_t line = 0;  // 1-based, where it begins
  std::string problem;    // one of a few fixed texts; empty: none
  std::optional<std::string> id;
  std::string text_a;
  std::optional<std::string> text_b;
  std::optional<std::string> label;  // none where the file leaves it empty
};

/// What a data format is to the layers above: rows in the order of the file, the bad ones included.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Overwrites `row` with the next one; false at the end. Fails where the file can't be read on.
  virtual Result<bool> next(SourceRow& row) = 0;
  /// As errors call it.
  virtual const std::string& name() const = 0;
  /// What was repaired so far.
  virtual std::vector<std::string> warnings() const = 0;
};

}  // namespace incipit
