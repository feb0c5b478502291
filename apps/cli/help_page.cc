#include "help_page.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace incipit::cli {
namespace {

constexpr std::size_t kNameColumn = 30;
constexpr std::size_t kTextColumns = 70;
constexpr char kGlue = '\x1f';  // a blank at which lines don't break

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
  if (!option->get_default_str().empty())
    text += " (default" + std::string(1, kGlue) + option->get_default_str() + ")";
  text = wrap(text, kTextColumns);
  std::replace(text.begin(), text.end(), kGlue, ' ');
  return text;
}

std::string HelpPage::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  std::string page = Formatter::make_help(app, std::move(name), mode);
  // CLI11 puts two empty lines between groups.
  for (std::size_t at; (at = page.find("\n\n\n")) != std::string::npos;) page.erase(at, 1);
  return page;
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
