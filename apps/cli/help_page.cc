#include "help_page.h"

#include <sstream>

namespace incipit::cli {
namespace {

constexpr std::size_t kNameColumn = 30;
constexpr std::size_t kTextColumns = 70;

}  // namespace

HelpPage::HelpPage() {
  column_width(kNameColumn);
  label("Positionals", "Arguments");
}

std::string HelpPage::make_option_opts(const CLI::Option* option) const {
  return option->get_type_name().empty() ? "" : " " + option->get_type_name();
}

std::string HelpPage::make_option_desc(const CLI::Option* option) const {
  std::string text = option->get_description();
  if (option->get_required()) text += " (required)";
  if (!option->get_default_str().empty()) text += " (default " + option->get_default_str() + ")";
  return wrap(text, kTextColumns);
}

std::string wrap(const std::string& text, std::size_t width) {
  std::istringstream words(text);
  std::string lines;
  std::size_t column = 0;
  for (std::string word; words >> word; column += word.size()) {
    if (column > 0) {
      const bool fits = column + 1 + word.size() <= width;
      lines += fits ? ' ' : '\n';
      column = fits ? column + 1 : 0;
    }
    lines += word;
  }
  return lines;
}

}  // namespace incipit::cli
