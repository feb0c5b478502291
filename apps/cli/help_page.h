#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace incipit::cli {

/// `incipit help COMMAND`: each flag with its unit and default.
class HelpPage : public CLI::Formatter {
 public:
  HelpPage();
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

/// Breaks a text at blanks into lines of at most `width` bytes.
std::string wrap(const std::string& text, std::size_t width);

}  // namespace incipit::cli
