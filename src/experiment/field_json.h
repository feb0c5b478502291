#pragma once

#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

namespace incipit {

/// Makes JSON of a struct by its list of fields: `void fields(auto& io, Is<S> auto& x)`, which calls
/// io(name, x.member) for each. See experiment/record_fields.h.
class FieldWriter {
 public:
  template <typename T>
  void operator()(const char* name, const T& value) {
    json_[name] = written(value);
  }

  /// A field that may be missing, as it is in files of before it was thought of; not written where empty.
  template <typename T>
  void optional(const char* name, const std::vector<T>& values) {
    if (!values.empty()) (*this)(name, values);
  }

  template <typename T>
  static nlohmann::ordered_json written(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
      return value;
    } else {
      FieldWriter writer;
      fields(writer, value);
      return writer.json_;
    }
  }
  template <typename T>
  static nlohmann::ordered_json written(const std::vector<T>& values) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const T& value : values) list.push_back(written(value));
    return list;
  }
  template <typename T>
  static nlohmann::ordered_json written(const std::optional<T>& value) {
    return value ? written(*value) : nlohmann::ordered_json();
  }

 private:
  nlohmann::ordered_json json_ = nlohmann::ordered_json::object();
};

/// The way back; ok() is false where a field is missing or of another type.
class FieldReader {
 public:
  explicit FieldReader(const nlohmann::ordered_json& json) : json_(json) {}

  template <typename T>
  void operator()(const char* name, T& value) {
    const auto found = json_.is_object() ? json_.find(name) : json_.end();
    ok_ = ok_ && found != json_.end() && read(*found, value);
  }
  template <typename T>
  void optional(const char* name, std::vector<T>& values) {
    if (json_.is_object() && json_.contains(name)) (*this)(name, values);
  }
  bool ok() const { return ok_; }

  template <typename T>
  static bool read(const nlohmann::ordered_json& json, T& value) {
    if constexpr (std::same_as<T, bool>) {
      if (!json.is_boolean()) return false;
      value = json.get<bool>();
    } else if constexpr (std::is_floating_point_v<T>) {
      if (!json.is_number() && !json.is_null()) return false;
      value = json.is_null() ? std::numeric_limits<T>::quiet_NaN() : json.get<T>();  // JSON has no other
    } else if constexpr (std::is_integral_v<T>) {
      if (!json.is_number_integer()) return false;
      value = json.get<T>();
    } else if constexpr (std::same_as<T, std::string>) {
      if (!json.is_string()) return false;
      value = json.get<std::string>();
    } else {
      FieldReader reader(json);
      fields(reader, value);
      return reader.ok();
    }
    return true;
  }
  template <typename T>
  static bool read(const nlohmann::ordered_json& json, std::vector<T>& values) {
    if (!json.is_array()) return false;
    values.clear();
    for (const nlohmann::ordered_json& item : json)
      if (!read(item, values.emplace_back())) return false;
    return true;
  }
  template <typename T>
  static bool read(const nlohmann::ordered_json& json, std::optional<T>& value) {
    value.reset();
    return json.is_null() || read(json, value.emplace());
  }

 private:
  const nlohmann::ordered_json& json_;
  bool ok_ = true;
};

}  // namespace incipit
