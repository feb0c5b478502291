#include "config.h"

#include <algorithm>
#include <toml++/toml.h>

#include <fmt/format.h>

#include "commands.h"
#include "suggest.h"
#include "toml_value.h"

namespace incipit::cli {
namespace {

void check_known(const CLI::App& app, const std::string& flag, const toml::node& node) {
  const CLI::Option* option = app.get_option_no_throw("--" + flag);
  if (option != nullptr && option->get_configurable()) return;
  std::vector<std::string> known;
  for (const CLI::Option* candidate : app.get_options({}))
    if (candidate->get_configurable() && candidate->nonpositional())
      known.push_back(candidate->get_single_name());
  throw CLI::ConfigError(fmt::format("line {}: {} has no flag '{}'{}", node.source().begin.line,
                                     app.get_name(), flag, did_you_mean(flag, known)));
}

/// A scalar as the command line would spell it.
std::string spell(const toml::node& node, const std::string& key) {
  if (auto text = toml_scalar(node)) return std::move(*text);
  throw CLI::ConfigError(
      fmt::format("line {}: {} must be a text, a number, true or false, or a list of those",
                  node.source().begin.line, key));
}

void append_flags(const toml::table& table, const CLI::App& app, std::vector<CLI::ConfigItem>& items) {
  for (const auto& [key, node] : table) {
    if (node.is_table()) continue;
    CLI::ConfigItem item;
    item.name = std::string(key.str());
    std::replace(item.name.begin(), item.name.end(), '_', '-');
    check_known(app, item.name, node);
    if (const toml::array* list = node.as_array())
      for (const toml::node& element : *list) item.inputs.push_back(spell(element, item.name));
    else
      item.inputs.push_back(spell(node, item.name));
    items.push_back(std::move(item));
  }
}

void check_tables(const toml::table& table) {
  for (const auto& [key, node] : table)
    if (node.is_table() && find_command(key.str()) == nullptr)
      throw CLI::ConfigError(
          fmt::format("line {}: [{}] is not a command", node.source().begin.line, std::string(key.str())));
}

toml::table parse_toml(std::istream& input) {
  try {
    return toml::parse(input);
  } catch (const toml::parse_error& error) {
    throw CLI::ConfigError(fmt::format("line {}: {}", error.source().begin.line, error.description()));
  }
}

}  // namespace

std::vector<CLI::ConfigItem> TomlConfig::from_config(std::istream& input) const {
  const toml::table table = parse_toml(input);
  check_tables(table);
  std::vector<CLI::ConfigItem> found;
  // The first item of a flag counts, so the command's own table comes first.
  if (const toml::table* own = table[command_].as_table()) append_flags(*own, app_, found);
  append_flags(table, app_, found);
  return found;
}

std::string TomlConfig::to_config(const CLI::App* app, bool /*default_also*/, bool /*write_description*/,
                                  std::string /*prefix*/) const {
  return flags_as_toml(*app);
}

/// Whether a flag that was given excludes this one, whose default then says nothing.
bool is_excluded(const CLI::Option& option) {
  const auto& others = option.get_excludes();
  return std::any_of(others.begin(), others.end(),
                     [](const CLI::Option* other) { return other->count() > 0; });
}

std::vector<FlagValue> flag_values(const CLI::App& app) {
  std::vector<FlagValue> flags;
  for (const CLI::Option* option : app.get_options({})) {
    if (!option->get_configurable()) continue;
    std::vector<std::string> values = option->results();
    if (values.empty() && !option->get_default_str().empty() && !is_excluded(*option))
      values.push_back(option->get_default_str());
    if (!values.empty()) flags.push_back({option->get_single_name(), std::move(values)});
  }
  return flags;
}

std::string flags_as_toml(const CLI::App& app) {
  std::string text;
  for (const FlagValue& flag : flag_values(app))
    text += fmt::format("{} = {}\n", flag.name, value_as_toml(flag.values));
  return text;
}

}  // namespace incipit::cli
