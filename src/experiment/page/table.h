#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "experiment/page/html.h"

namespace incipit {

/// A table that scrolls in its own box where it is wider than the page.
class Table {
 public:
  /// A column's title starting with '#' is of figures, to the right.
  Table(std::string_view css_class, std::string_view label, const std::vector<std::string>& columns);

  /// One cell a column; the first is the row's head.
  void add(const std::vector<Markup>& cells, std::string_view row_class = {});
  Markup drawn() const;

 private:
  std::string css_class_, label_;
  std::vector<std::string_view> cell_classes_;
  Markup head_, body_;
};

}  // namespace incipit
