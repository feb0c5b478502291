#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace incipit::cli {

/// Reads --config files: TOML, `flag = value` for the flags of the command; `_` may stand for `-`. A table
/// named after a command holds flags of that command alone, so that one file can serve several.
class TomlConfig : public CLI::Config {
 public:
  /// `app` must outlive it.
  TomlConfig(const CLI::App& app, std::string command) : app_(app), command_(std::move(command)) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;
  std::string to_config(const CLI::App* app, bool default_also, bool write_description,
                        std::string prefix) const override;

 private:
  const CLI::App& app_;
  std::string command_;
};

/// The flags of a parsed app that have a value, given or by default, in the order of the help page.
struct FlagValue {
  std::string name;  // without dashes
  std::vector<std::string> values;
};
std::vector<FlagValue> flag_values(const CLI::App& app);
/// The same as TOML that TomlConfig reads.
std::string flags_as_toml(const CLI::App& app);

}  // namespace incipit::cli
