#include <filesystem>
#include <optional>

#include "incipit/gguf_info.h"
#include "incipit/hub.h"

#include "commands.h"
#include "console.h"
#include "data_info.h"
#include "flags.h"
#include "gguf_info.h"
#include "model_info.h"

namespace incipit::cli {
namespace {

enum class Kind { model, adapter, data };

Kind kind_of(const std::filesystem::path& path) {
  std::error_code error;
  for (const char* file : {"adapter_config.json", "incipit.json"})
    if (std::filesystem::exists(path / file, error)) return Kind::adapter;
  return std::filesystem::exists(path / "config.json", error) ? Kind::model : Kind::data;
}

class Info : public Command {
 public:
  void declare(CommandLine& line) override {
    line.positional(
            "NAME", name_,
            "A model's folder or .gguf file, an adapter's folder, data, or a name that has been pulled")
        ->required();
    add_columns(line, data_);
    add_split(line, data_, "everything, a folder's splits one by one");
    line.mark("--json", json_, "A JSON object instead of text");
    line.examples(
        "  incipit info minilm\n"
        "  incipit info reviews        (an adapter)\n"
        "  incipit info movie-reviews  (data: labels, lengths, what is odd)");
  }

  Result<int> run(const CommandLine& /*line*/) override {
    INCIPIT_TRY(const std::filesystem::path path, data_path(name_));
    INCIPIT_TRY(const std::string text, describe_path(path));
    INCIPIT_CHECK(print_result(text));
    return 0;
  }

 private:
  Result<std::string> describe_path(const std::filesystem::path& path) const {
    INCIPIT_TRY(const std::optional<GgufInfo> gguf, read_gguf_info(path));
    if (gguf) return json_ ? gguf_json(*gguf) : gguf_text(*gguf);
    switch (kind_of(path)) {
      case Kind::model: {
        INCIPIT_TRY(const Model model, Model::load(path));
        return json_ ? model_json(model) : model_text(model);
      }
      case Kind::adapter: {
        INCIPIT_TRY(const AdapterInfo info, read_adapter_info(path));
        return json_ ? adapter_json(info) : adapter_text(info);
      }
      case Kind::data:
        break;
    }
    const std::vector<Part> parts = parts_of(path);
    return parts.size() == 1 ? describe_data(path, parts.front()) : describe_splits(path, parts);
  }

  using Part = std::string;  // a split; empty: all there is

  /// The one that --split names, else a folder's splits, else the whole.
  std::vector<Part> parts_of(const std::filesystem::path& path) const {
    if (!data_.split.empty()) return {data_.split};
    std::vector<Part> parts;
    for (const char* split : {"train", "validation", "test"})
      if (has_split(path, split)) parts.emplace_back(split);
    if (parts.empty()) parts.emplace_back();
    return parts;
  }

  Result<std::string> describe_data(const std::filesystem::path& path, const Part& part) const {
    DataOptions options = data_options(data_);
    options.labels_required = false;
    options.split = part;
    INCIPIT_TRY(const Dataset data, read_dataset(path, options));
    return json_ ? data_json(data) : data_text(data);
  }

  /// A section for each split; as JSON an object that holds one for each.
  Result<std::string> describe_splits(const std::filesystem::path& path,
                                      const std::vector<Part>& parts) const {
    std::string text;
    for (const Part& part : parts) {
      INCIPIT_TRY(const std::string section, describe_data(path, part));
      const std::string_view format = json_ ? "{}\"{}\": {}" : "{}split {}: {}";
      const std::string_view separator = text.empty() ? "" : json_ ? "," : "\n";
      text += fmt::format(fmt::runtime(format), separator, part, section);
    }
    return json_ ? "{\"kind\": \"splits\",\n" + text + "}\n" : text;
  }

  std::string name_;
  DataFlags data_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_info() {
  return std::make_unique<Info>();
}

}  // namespace incipit::cli
