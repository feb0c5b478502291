#include "command_line.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "help_page.h"
#include "suggest.h"

namespace incipit::cli {
namespace {

/// CLI11 takes an argument such as the text "[a, b]" for a list and apart. This character at its end, taken
/// off again by sealed(), keeps it whole.
constexpr char kSeal = '\x1f';

/// CLI11 says which words it did not expect, but not what would have been right.
[[noreturn]] void refuse_extra(const CLI::App& app, const std::string& word) {
  if (word.size() < 2 || word[0] != '-') {
    const std::string message = fmt::format("unexpected argument '{}'", word);
    throw CLI::ParseError(message, CLI::ExitCodes::ExtrasError);
  }
  const std::string flag = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options({}))
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  throw CLI::ValidationError(flag, "no such flag" + did_you_mean(flag, known));
}

}  // namespace

CommandLine::CommandLine(std::string_view command, std::string_view about)
    : app_(std::string(about), "incipit " + std::string(command)) {
  app_.formatter(std::make_shared<HelpPage>());
  app_.config_formatter(std::make_shared<TomlConfig>(app_, std::string(command)));
  app_.allow_extras();
  app_.get_help_ptr()->description("This page")->configurable(false);
  app_.set_config("--config", "", "TOML file with any of these flags (flag = value); the command line wins")
      ->type_name("FILE")
      ->configurable(false);
}

CLI::Option* CommandLine::sealed(CLI::Option* option) {
  return option->transform(CLI::Validator(
      [](std::string& value) {
        if (value.ends_with(std::string("]") + kSeal)) value.pop_back();
        return std::string();
      },
      ""));
}

CLI::Option* CommandLine::list(const std::string& name, std::vector<std::string>& values,
                               const std::string& type, const std::string& about) {
  return sealed(app_.add_option(name, values, about)->type_name(type)->group(group_));
}

CLI::Option* CommandLine::take_several(const std::string& flag) {
  CLI::Option* option = app_.get_option(flag);
  return option->expected(CLI::detail::expected_max_vector_size)
      ->delimiter(',')
      ->type_name(option->get_type_name() + ",...")
      ->group(group_);
}

CLI::Option* CommandLine::mark(const std::string& name, bool& value, const std::string& about) {
  return app_.add_flag(name, value, about)->group(group_);
}

CLI::Option* CommandLine::positional(const std::string& name, std::string& value, const std::string& about) {
  return sealed(app_.add_option(name, value, about)->type_name("")->configurable(false));
}

CLI::Option* CommandLine::positionals(const std::string& name, std::vector<std::string>& values,
                                      const std::string& about) {
  return sealed(app_.add_option(name, values, about)->type_name("")->configurable(false));
}

void CommandLine::examples(const std::string& text) {
  app_.footer("Examples:\n" + text);
}

void CommandLine::parse(std::vector<std::string> arguments) {
  for (std::string& argument : arguments) {
    const std::size_t value = argument.starts_with("--") ? argument.find('=') + 1 : 0;
    if (argument.find('[', value) == value && argument.ends_with(']')) argument += kSeal;
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  const auto check_extra = [this] {
    if (const std::vector<std::string> extra = app_.remaining(); !extra.empty())
      refuse_extra(app_, extra.front());
  };
  try {
    app_.parse(std::move(arguments));
  } catch (const CLI::RequiredError&) {
    check_extra();  // a misspelt flag is the likelier reason
    throw;
  }
  check_extra();
}

std::string CommandLine::resolved() const {
  return flags_as_toml(app_);
}

std::vector<std::string> CommandLine::flag_names() const {
  std::vector<std::string> names;
  for (const CLI::Option* option : app_.get_options({}))
    if (option->get_configurable()) names.push_back(option->get_single_name());
  return names;
}

bool CommandLine::takes_list(const std::string& flag) const {
  return app_.get_option(flag)->get_expected_max() > 1;
}

void wrong_usage(const std::string& flag, const std::string& message) {
  throw CLI::ValidationError(flag, message);
}

std::string describe(const CLI::ParseError& error) {
  const std::string name = error.get_name();
  return name == "FileError" || name == "ConfigError" ? fmt::format("--config: {}", error.what())
                                                      : error.what();
}

}  // namespace incipit::cli
