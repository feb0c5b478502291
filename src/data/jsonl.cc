#include "data/jsonl.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "data/columns.h"

namespace incipit {
namespace {

using nlohmann::json;

/// A string, integer or boolean as a file's label or id; none for anything else.
std::optional<std::string> scalar_text(const json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_unsigned()) return std::to_string(value.get<std::uint64_t>());
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  return std::nullopt;
}

class JsonRows : public RowSource {
 public:
  JsonRows(LineReader lines, DataOptions options) : lines_(std::move(lines)), options_(std::move(options)) {}

  Result<bool> next(SourceRow& row) override {
    INCIPIT_TRY(const bool more, lines_.next());
    if (!more) return false;
    row.line = lines_.line();
    row.problem.clear();
    if (lines_.text().empty()) {
      row.problem = "blank";
      return true;
    }
    const json object = json::parse(lines_.text(), nullptr, /*allow_exceptions=*/false);
    if (object.is_discarded())
      row.problem = "not valid JSON";
    else if (!object.is_object())
      row.problem = "not a JSON object";
    if (!row.problem.empty()) return true;
    if (!fields_known_) {
      INCIPIT_CHECK(find_fields(object));
    }
    row.problem = take_fields(object, row);
    return true;
  }

  const std::string& name() const override { return lines_.name(); }
  std::vector<std::string> warnings() const override { return lines_.warnings(); }

 private:
  Status find_fields(const json& object) {
    std::vector<std::string> names;
    for (const auto& item : object.items()) names.push_back(item.key());
    const std::string where = fmt::format("{}: line {}", lines_.name(), lines_.line());
    INCIPIT_TRY(const ColumnIndices found, find_columns(names, options_, ColumnNaming::fields, where));
    text_ = names[found.text];
    if (found.text_pair) text_pair_ = names[*found.text_pair];
    if (found.label) label_ = names[*found.label];
    if (found.id) id_ = names[*found.id];
    fields_known_ = true;
    return {};
  }

  /// Why the object is no row; empty where it is one.
  std::string take_fields(const json& object, SourceRow& row) const {
    const auto text = object.find(text_);
    if (text == object.end() || !text->is_string()) return "its text is missing or not a string";
    row.text_a = text->get_ref<const std::string&>();
    row.text_b.reset();
    if (text_pair_) {
      const auto pair = object.find(*text_pair_);
      if (pair == object.end() || !pair->is_string()) return "its second text is missing or not a string";
      row.text_b = pair->get_ref<const std::string&>();
    }
    if (!take_scalar(object, label_, row.label)) return "its label is not a string, integer or boolean";
    if (!take_scalar(object, id_, row.id)) return "its id is not a string, integer or boolean";
    if (row.label && row.label->empty()) row.label.reset();
    return {};
  }

  /// A missing field and null are none; false for values of other kinds.
  static bool take_scalar(const json& object, const std::optional<std::string>& field,
                          std::optional<std::string>& value) {
    value.reset();
    if (!field) return true;
    const auto found = object.find(*field);
    if (found == object.end() || found->is_null()) return true;
    value = scalar_text(*found);
    return value.has_value();
  }

  LineReader lines_;
  DataOptions options_;
  bool fields_known_ = false;
  std::string text_;
  std::optional<std::string> text_pair_, label_, id_;
};

}  // namespace

std::unique_ptr<RowSource> read_jsonl(LineReader lines, const DataOptions& options) {
  return std::make_unique<JsonRows>(std::move(lines), options);
}

}  // namespace incipit
