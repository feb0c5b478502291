#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "config.h"

namespace incipit::cli {

/// The flags of one command: a CLI::App with the project's help page, --config, and flags that can be written
/// back as TOML.
class CommandLine {
 public:
  CommandLine(std::string_view command, std::string_view about);

  /// A flag with a value. `type` stands for the value in the help page, where a preset value of the variable
  /// is shown as the default.
  template <typename T>
  CLI::Option* flag(const std::string& name, T& value, const std::string& type, const std::string& about) {
    return sealed(app_.add_option(name, value, about)->type_name(type)->capture_default_str()->group(group_));
  }
  /// A flag with one or more values.
  CLI::Option* list(const std::string& name, std::vector<std::string>& values, const std::string& type,
                    const std::string& about);
  /// Makes a declared flag take one or several values, separated by commas, or by blanks, and puts it under
  /// the current heading; its variable holds the first. values_of() has all.
  CLI::Option* take_several(const std::string& flag);
  /// A flag without a value.
  CLI::Option* mark(const std::string& name, bool& value, const std::string& about);
  CLI::Option* positional(const std::string& name, std::string& value, const std::string& about);
  CLI::Option* positionals(const std::string& name, std::vector<std::string>& values,
                           const std::string& about);
  /// Flags declared from here on stand under this heading.
  void group(std::string name) { group_ = std::move(name); }
  void examples(const std::string& text);

  /// Throws CLI::ParseError (also CLI::CallForHelp).
  void parse(std::vector<std::string> arguments);
  bool given(const std::string& flag) const { return app_.count(flag) > 0; }

  /// The values that a flag was given; without its default.
  std::vector<std::string> values_of(const std::string& flag) const {
    return app_.get_option(flag)->results();
  }

  std::string help() const { return app_.help(); }
  /// Every flag that has a value, given or by default, as the TOML that --config reads.
  std::string resolved() const;
  std::vector<FlagValue> values() const { return flag_values(app_); }
  /// The flags that a file may set, without dashes.
  std::vector<std::string> flag_names() const;
  /// Whether a flag takes more than one value.
  bool takes_list(const std::string& flag) const;

 private:
  static CLI::Option* sealed(CLI::Option* option);

  CLI::App app_;
  std::string group_ = "Options";
};

/// Throws what a wrong value of a flag throws, for checks that need more than the value.
[[noreturn]] void wrong_usage(const std::string& flag, const std::string& message);

/// The one line for a CLI::ParseError.
std::string describe(const CLI::ParseError& error);

}  // namespace incipit::cli
