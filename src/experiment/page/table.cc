#include "experiment/page/table.h"

namespace incipit {

Table::Table(std::string_view css_class, std::string_view label, const std::vector<std::string>& columns)
    : css_class_(css_class), label_(label) {
  Markup titles;
  for (const std::string& column : columns) {
    const bool figures = column.starts_with('#');
    cell_classes_.push_back(figures ? "figures" : "words");
    titles +=
        element("th", {{"scope", "col"}, {"class", cell_classes_.back()}}, text(column.substr(figures)));
  }
  head_ = element("thead", element("tr", titles));
}

void Table::add(const std::vector<Markup>& cells, std::string_view row_class) {
  Markup row;
  for (std::size_t i = 0; i < cells.size() && i < cell_classes_.size(); ++i)
    row += i == 0 ? element("th", {{"scope", "row"}, {"class", cell_classes_[i]}}, cells[i])
                  : element("td", {{"class", cell_classes_[i]}}, cells[i]);
  body_ += element("tr", {{"class", row_class}}, row);
}

Markup Table::drawn() const {
  const Markup table = element("table", {{"class", css_class_}}, head_ + element("tbody", body_));
  // In the order of the tab key, so that the keyboard can scroll it.
  return element("div", {{"class", "scroll"}, {"role", "region"}, {"aria-label", label_}, {"tabindex", "0"}},
                 table);
}

}  // namespace incipit
