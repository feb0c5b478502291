#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "incipit/result.h"

#include "formats/strict_json.h"

namespace incipit {

/// Reads typed fields of a JSON object; where one is absent, the default stands. Keeps the first error, which
/// names the file. Object and path must outlive it.
class ConfigFields {
 public:
  using Json = nlohmann::json;
  static constexpr std::int64_t kMaxSize = INT64_C(1) << 31;

  ConfigFields(const Json& json, const std::filesystem::path& file) : json_(json), file_(file) {}

  const Status& status() const { return status_; }
  const std::filesystem::path& file() const { return file_; }
  const Json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
  }

  /// An integer in [low, kMaxSize].
  std::int64_t integer(const char* key, std::int64_t fallback, std::int64_t low = 1) {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    const bool fits = value->is_number_integer() && in_range(*value, low, kMaxSize);
    if (!fits)
      return refuse(key, fmt::format("must be an integer from {} to {}", low, kMaxSize), *value, fallback);
    return value->get<std::int64_t>();
  }

  double number(const char* key, double fallback, double low, double high) {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    const bool fits = value->is_number() && value->get<double>() >= low && value->get<double>() <= high;
    if (!fits) return refuse(key, fmt::format("must be a number from {} to {}", low, high), *value, fallback);
    return value->get<double>();
  }

  bool truth(const char* key, bool fallback) {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    return value->is_boolean() ? value->get<bool>() : refuse(key, "must be true or false", *value, fallback);
  }

  std::string text(const char* key, std::string fallback) {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_string()) return refuse(key, "must be a string", *value, fallback);
    return value->get<std::string>();
  }

  /// A probability that may be null, which means `fallback`.
  double optional_probability(const char* key, double fallback) {
    const Json* value = find(key);
    return value == nullptr || value->is_null() ? fallback : number(key, fallback, 0.0, 1.0);
  }

  /// An integer that may be null, which means `fallback`.
  std::int64_t optional_integer(const char* key, std::int64_t fallback) {
    const Json* value = find(key);
    return value == nullptr || value->is_null() ? fallback : integer(key, fallback);
  }

  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> result;
    const Json* value = find(key);
    if (value == nullptr || value->is_null()) return result;
    const bool fits = value->is_array() && std::all_of(value->begin(), value->end(),
                                                       [](const Json& item) { return item.is_string(); });
    if (!fits) return refuse(key, "must be a list of strings", *value, result);
    for (const Json& item : *value) result.push_back(item.get<std::string>());
    return result;
  }

  /// Takes over the first error of the fields of an object inside this one.
  void merge(const ConfigFields& inner) {
    if (status_ && !inner.status_) status_ = inner.status_;
  }

  template <typename T>
  T refuse(const char* key, std::string_view rule, const Json& value, T fallback) {
    if (status_) {
      const bool scalar = value.is_primitive();
      const std::string shown = scalar ? value.dump(-1, ' ', false, Json::error_handler_t::replace) : "";
      status_ = fail("{}: {} {}, not {}", file_.string(), key, rule,
                     !scalar             ? value.type_name()
                     : value.is_string() ? quote_text(value.get<std::string>())
                                         : shown);
    }
    return fallback;
  }

 private:
  /// Also right for unsigned values beyond int64.
  static bool in_range(const Json& value, std::int64_t low, std::int64_t high) {
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(high))
      return false;
    const auto number = value.get<std::int64_t>();
    return number >= low && number <= high;
  }

  const Json& json_;
  const std::filesystem::path& file_;
  Status status_;
};

}  // namespace incipit
