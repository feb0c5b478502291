#include <fmt/format.h>

#include "incipit/hub.h"

#include "commands.h"
#include "console.h"

namespace incipit::cli {
namespace {

class Pull : public Command {
 public:
  void declare(CommandLine& line) override {
    line.positionals("NAME", names_, "What to fetch; what is there already is left as it is");
    line.mark("--list", list_, "List the names there are");
    line.examples(
        "  incipit pull --list\n"
        "  incipit pull minilm movie-reviews\n"
        "The folder of each is printed. They are kept in $INCIPIT_CACHE, else $XDG_CACHE_HOME/incipit,\n"
        "else ~/.cache/incipit.");
  }

  Result<int> run(const CommandLine& /*line*/) override {
    if (list_ != names_.empty()) wrong_usage("pull", "needs either names or --list");
    if (list_) INCIPIT_CHECK(print_result(listing()));
    for (const std::string& name : names_) {
      INCIPIT_TRY(const std::filesystem::path folder,
                  pull(name, [](const std::string& step) { print_note(step); }));
      INCIPIT_CHECK(print_result(folder.string() + '\n'));
    }
    return 0;
  }

 private:
  static std::string listing() {
    std::string text;
    for (const CatalogueEntry& entry : catalogue())
      text += fmt::format("{:<18} {:<8} {}\n", entry.name, entry.kind, entry.about);
    return text;
  }

  std::vector<std::string> names_;
  bool list_ = false;
};

}  // namespace

std::unique_ptr<Command> make_pull() {
  return std::make_unique<Pull>();
}

}  // namespace incipit::cli
