#include "compare_file.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <system_error>
#include <toml++/toml.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "command_line.h"
#include "suggest.h"
#include "toml_value.h"

namespace incipit::cli {
namespace {

namespace fs = std::filesystem;

/// A table and what messages call it.
struct Table {
  const toml::table* keys;
  std::string name;
};

std::string spelt(const toml::key& key) {
  std::string name(key.str());
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

class Reader {
 public:
  Reader(std::string file, const KnownFlags& known) : file_(std::move(file)), known_(known) {}

  CompareFile read(const toml::table& root) {
    CompareFile file;
    file.title = fs::path(file_).stem().string();
    for (const auto& [key, node] : root) {
      const std::string name = spelt(key);
      if (name == "title")
        file.title = text({&root, "file"}, "title", node);
      else if (name != "data" && name != "defaults" && name != "run")
        refuse_key({&root, "file"}, name, node, {"title", "data", "defaults", "run"});
    }
    if (const toml::node* data = root.get("data")) read_data(table_of("data", *data), file);
    std::vector<std::uint64_t> seeds = {0};
    FileFlags defaults = data_flags_;
    if (const toml::node* node = root.get("defaults")) {
      const Table table = table_of("defaults", *node);
      for (const auto& [key, value] : *table.keys)
        if (spelt(key) == "seeds")
          seeds = read_seeds(table, value);
        else
          add_flag(table, spelt(key), value, known_.run, {"seeds"}, defaults);
    }
    read_runs(root, defaults, seeds, file);
    return file;
  }

 private:
  std::string where(const Table& table, const toml::node& node) const {
    return fmt::format("{}:{}: {}", file_, node.source().begin.line, table.name);
  }
  [[noreturn]] void refuse(const Table& table, const toml::node& node, const std::string& message) const {
    wrong_usage(where(table, node), message);
  }
  [[noreturn]] void refuse_key(const Table& table, const std::string& key, const toml::node& node,
                               const std::vector<std::string>& known) const {
    if (key == "seed" && std::find(known.begin(), known.end(), "seeds") != known.end())
      refuse(table, node, "seed: is given as seeds = [0, 1, 2]");
    refuse(table, node, fmt::format("there is no key '{}'{}", key, did_you_mean(key, known)));
  }

  Table table_of(const std::string& key, const toml::node& node) const {
    const Table table{node.as_table(), "[" + key + "]"};
    if (table.keys == nullptr) refuse({nullptr, "file"}, node, fmt::format("{} must be a table", key));
    return table;
  }
  std::string text(const Table& table, const std::string& key, const toml::node& node) const {
    const auto value = node.value_exact<std::string>();
    if (!value || value->empty())
      refuse(table, node, fmt::format("{}: must be a text that is not empty", key));
    return *value;
  }
  std::int64_t whole(const Table& table, const std::string& key, const toml::node& node) const {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < 0)
      refuse(table, node, fmt::format("{}: must be a whole number of at least 0", key));
    return *value;
  }

  std::vector<std::uint64_t> read_seeds(const Table& table, const toml::node& node) const {
    std::vector<std::uint64_t> seeds;
    if (const toml::array* list = node.as_array())
      for (const toml::node& seed : *list)
        seeds.push_back(static_cast<std::uint64_t>(whole(table, "seeds", seed)));
    else
      seeds.push_back(static_cast<std::uint64_t>(whole(table, "seeds", node)));
    if (seeds.empty()) refuse(table, node, "seeds: at least one is needed, such as [0]");
    if (std::set<std::uint64_t>(seeds.begin(), seeds.end()).size() != seeds.size())
      refuse(table, node, "seeds: one is there twice");
    return seeds;
  }

  /// `others`: keys of the table that are no flags, for suggestions.
  void add_flag(const Table& table, const std::string& key, const toml::node& node,
                const std::vector<std::string>& flags, std::vector<std::string> others,
                FileFlags& into) const {
    others.insert(others.end(), flags.begin(), flags.end());
    if (key == "seed" || std::find(flags.begin(), flags.end(), key) == flags.end())
      refuse_key(table, key, node, others);
    set_flag(table, key, node, key, into);
  }
  void set_flag(const Table& table, const std::string& key, const toml::node& node, const std::string& flag,
                FileFlags& into) const {
    FileFlag value{{}, where(table, node)};
    const auto add = [&](const toml::node& scalar) {
      const auto spelling = toml_scalar(scalar);
      if (!spelling)
        refuse(table, node,
               fmt::format("{}: must be a text, a number, true or false, or a list of those", key));
      value.values.push_back(*spelling);
    };
    if (const toml::array* list = node.as_array())
      for (const toml::node& item : *list) add(item);
    else
      add(node);
    into[flag] = std::move(value);
  }

  void read_data(const Table& table, CompareFile& file) {
    std::vector<std::string> others = {"path", "seed", "train", "validation", "test"};
    for (const auto& [key, node] : *table.keys) {
      const std::string name = spelt(key);
      if (name == "seed")
        file.data_seed = static_cast<std::uint64_t>(whole(table, name, node));
      else if (name == "path")
        set_flag(table, name, node, "data", data_flags_);
      else if (name == "train")
        read_part(table_of("data.train", node), {{"split", "split"}, {"limit", "limit"}});
      else if (name == "validation")
        read_part(table_of("data.validation", node), {{"path", "eval-data"},
                                                      {"split", "eval-split"},
                                                      {"part", "validation-split"},
                                                      {"limit", "eval-limit"}});
      else if (name == "test")
        read_test(table_of("data.test", node), file.test);
      else
        add_flag(table, name, node, known_.data, others, data_flags_);
    }
    file.test.where = fmt::format("{}: [data.test]", file_);
  }

  /// A table of [data] whose keys are short for flags.
  void read_part(const Table& table, const std::map<std::string, std::string>& flags) {
    std::vector<std::string> keys;
    for (const auto& [key, flag] : flags) keys.push_back(key);
    for (const auto& [key, node] : *table.keys) {
      const auto flag = flags.find(spelt(key));
      if (flag == flags.end()) refuse_key(table, spelt(key), node, keys);
      set_flag(table, flag->first, node, flag->second, data_flags_);
    }
  }
  void read_test(const Table& table, FileTest& test) const {
    for (const auto& [key, node] : *table.keys) {
      const std::string name = spelt(key);
      if (name == "path")
        test.path = text(table, name, node);
      else if (name == "split")
        test.split = text(table, name, node);
      else if (name == "limit")
        test.limit = whole(table, name, node);
      else
        refuse_key(table, name, node, {"path", "split", "limit"});
    }
  }

  void read_runs(const toml::table& root, const FileFlags& defaults, const std::vector<std::uint64_t>& seeds,
                 CompareFile& file) const {
    const toml::node* node = root.get("run");
    if (node == nullptr) wrong_usage(file_, "has no [[run]]; each setting to compare is one");
    const toml::array* list = node->as_array();
    if (list == nullptr)
      refuse({nullptr, "run"}, *node, "must be written [[run]], with two brackets each side");
    std::map<std::string, std::string> places;
    for (const toml::node& item : *list) {
      if (!item.is_table()) refuse({nullptr, "run"}, item, "must be a table, written [[run]]");
      FileRun run = read_run(item, defaults, seeds);
      const auto [first, is_new] = places.emplace(run.name, run.where);
      if (!is_new) wrong_usage(run.where, fmt::format("this name is taken by {}", first->second));
      file.runs.push_back(std::move(run));
    }
  }

  FileRun read_run(const toml::node& item, const FileFlags& defaults,
                   const std::vector<std::uint64_t>& seeds) const {
    Table table{item.as_table(), "[[run]]"};
    FileRun run;
    run.flags = defaults;
    run.seeds = seeds;
    const toml::node* name = table.keys->get("name");
    if (name == nullptr) refuse(table, item, "has no name");
    run.name = text(table, "name", *name);
    table.name += fmt::format(" '{}'", run.name);
    run.where = where(table, item);
    for (const auto& [key, node] : *table.keys) {
      const std::string flag = spelt(key);
      if (flag == "name") continue;
      if (flag == "note")
        run.note = text(table, flag, node);
      else if (flag == "seeds")
        run.seeds = read_seeds(table, node);
      else
        add_flag(table, flag, node, known_.run, {"name", "note", "seeds"}, run.flags);
    }
    return run;
  }

  std::string file_;
  const KnownFlags& known_;
  FileFlags data_flags_;
};

std::string test_as_toml(const FileTest& test) {
  std::vector<std::string> keys;
  if (!test.path.empty()) keys.push_back("path = " + text_as_toml(test.path));
  if (!test.split.empty()) keys.push_back("split = " + text_as_toml(test.split));
  if (test.limit > 0) keys.push_back(fmt::format("limit = {}", test.limit));
  return keys.empty() ? "" : fmt::format("test = {{ {} }}\n", fmt::join(keys, ", "));
}

template <typename Visit>
void visit_values(FileRun& run, const std::string& flag, const Visit& visit) {
  if (const auto found = run.flags.find(flag); found != run.flags.end())
    for (std::string& value : found->second.values) visit(value);
}

/// VALUE becomes every run's `flag`; NAME=VALUE takes the place of NAME wherever `for_each_name` finds it.
template <typename ForEachName>
void replace(const std::string& flag, const std::string& noun, const std::vector<std::string>& replacements,
             CompareFile& file, const ForEachName& for_each_name) {
  std::vector<std::string> names;
  for_each_name([&names](const std::string& name) { names.push_back(name); });
  for (const std::string& replacement : replacements) {
    const std::size_t equals = replacement.find('=');
    std::error_code error;
    if (equals == std::string::npos || fs::exists(replacement, error)) {
      for (FileRun& run : file.runs) run.flags[flag] = {{replacement}, "--" + flag};
      continue;
    }
    const std::string name = replacement.substr(0, equals), value = replacement.substr(equals + 1);
    if (std::find(names.begin(), names.end(), name) == names.end())
      wrong_usage("--" + flag,
                  fmt::format("the file has no {} called '{}'{}", noun, name, did_you_mean(name, names)));
    if (value.empty()) wrong_usage("--" + flag, fmt::format("'{}' names nothing", replacement));
    for_each_name([&](std::string& known) {
      if (known == name) known = value;
    });
  }
}

}  // namespace

Result<CompareFile> read_compare_file(const fs::path& path, const KnownFlags& known) {
  std::error_code error;
  if (!fs::exists(path, error)) return fail("{}: no such file", path.string());
  std::ifstream stream(path, std::ios::binary);
  if (fs::is_directory(path, error) || !stream) return fail("{}: cannot be read", path.string());
  try {
    const toml::table root = toml::parse(stream, path.string());
    return Reader(path.string(), known).read(root);
  } catch (const toml::parse_error& wrong) {
    wrong_usage(fmt::format("{}:{}", path.string(), wrong.source().begin.line),
                std::string(wrong.description()));
  }
}

std::string compare_file_as_toml(const CompareFile& file) {
  std::string text = fmt::format("title = {}\n\n[data]\nseed = {}\n{}", text_as_toml(file.title),
                                 file.data_seed, test_as_toml(file.test));
  for (const FileRun& run : file.runs) {
    text += fmt::format("\n[[run]]\nname = {}\n", text_as_toml(run.name));
    if (!run.note.empty()) text += fmt::format("note = {}\n", text_as_toml(run.note));
    text += fmt::format("seeds = [{}]\n", fmt::join(run.seeds, ", "));
    for (const auto& [flag, value] : run.flags)
      text += fmt::format("{} = {}\n", flag, value_as_toml(value.values));
  }
  return text;
}

void replace_data(const std::vector<std::string>& replacements, CompareFile& file) {
  replace("data", "data set", replacements, file, [&file](const auto& visit) {
    for (FileRun& run : file.runs)
      for (const char* flag : {"data", "eval-data"}) visit_values(run, flag, visit);
    if (!file.test.path.empty()) visit(file.test.path);
  });
}

void replace_models(const std::vector<std::string>& replacements, CompareFile& file) {
  replace("model", "model", replacements, file, [&file](const auto& visit) {
    for (FileRun& run : file.runs) visit_values(run, "model", visit);
  });
}

}  // namespace incipit::cli
