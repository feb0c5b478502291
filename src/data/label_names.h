#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace incipit {

/// The labels met so far and their numbers.
class LabelNames {
 public:
  explicit LabelNames(const std::vector<std::string>& known);

  /// The label's number; a new one is added at the end.
  int number(const std::string& name);
  const std::vector<std::string>& names() const { return names_; }

  /// Sorts the names, as numbers where all of them are; element i of the result is what number i has become.
  std::vector<int> sort();

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, int> numbers_;
};

}  // namespace incipit
