#include "config.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <toml++/toml.h>

#include <fmt/format.h>

#include "commands.h"
#include "numbers.h"
#include "suggest.h"

namespace incipit::cli {
namespace {

/// A scalar as the command line would spell it.
std::string spell(const toml::node& node, const std::string& key) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
  if (const auto truth = node.value_exact<bool>()) return *truth ? "true" : "false";
  throw CLI::ConfigError(
      fmt::format("line {}: {} must be a text, a number, true or false, or a list of those",
                  node.source().begin.line, key));
}

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

/// A value of the command line as TOML; toml++ would write 0.1 as 0.10000000000000001.
std::string as_toml(const std::string& value) {
  if (value == "true" || value == "false") return value;
  if (const auto whole = parse_number<std::int64_t>(value); whole && std::to_string(*whole) == value)
    return value;
  // Only what reads back as it was: a folder may well be called 1.50.
  if (const auto real = parse_number<double>(value);
      real && std::isfinite(*real) && fmt::format("{}", *real) == value)
    return value;
  std::ostringstream text;
  text << toml::value<std::string>(value);
  return text.str();
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

std::string flags_as_toml(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options({})) {
    if (!option->get_configurable()) continue;
    std::vector<std::string> values = option->results();
    if (values.empty() && !option->get_default_str().empty()) values.push_back(option->get_default_str());
    if (values.empty()) continue;
    std::string list;
    for (const std::string& value : values) list += (list.empty() ? "" : ", ") + as_toml(value);
    if (values.size() > 1) list = "[" + list + "]";
    text += fmt::format("{} = {}\n", option->get_single_name(), list);
  }
  return text;
}

}  // namespace incipit::cli
