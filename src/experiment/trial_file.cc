#include "experiment/trial_file.h"

#include <concepts>
#include <limits>
#include <type_traits>

#include <nlohmann/json.hpp>

namespace incipit {
namespace {

using Json = nlohmann::ordered_json;

/// Both ways use one list of fields a struct, so that they cannot disagree.
template <typename M, typename T>
concept Is = std::same_as<std::remove_const_t<M>, T>;

void fields(auto& io, Is<Interval> auto& x) {
  io("low", x.low);
  io("high", x.high);
}
void fields(auto& io, Is<ClassMetrics> auto& x) {
  io("precision", x.precision);
  io("recall", x.recall);
  io("f1", x.f1);
  io("support", x.support);
  io("predicted", x.predicted);
}
void fields(auto& io, Is<Metrics> auto& x) {
  io("count", x.count);
  io("accuracy", x.accuracy);
  io("accuracy_interval", x.accuracy_interval);
  io("f1", x.f1);
  io("f1_interval", x.f1_interval);
  io("f1_micro", x.f1_micro);
  io("f1_macro", x.f1_macro);
  io("matthews", x.matthews);
  io("classes", x.classes);
  io("confusion", x.confusion);
  io("calibration_error", x.calibration_error);
  io("loss", x.loss);
  io("majority_class", x.majority_class);
  io("majority_accuracy", x.majority_accuracy);
  io("majority_f1", x.majority_f1);
  io("collapsed_to", x.collapsed_to);
}
void fields(auto& io, Is<EpochReport> auto& x) {
  io("epoch", x.epoch);
  io("train_loss", x.train_loss);
  io("eval", x.eval);
  io("best", x.best);
}
void fields(auto& io, Is<WrongExample> auto& x) {
  io("id", x.id);
  io("text", x.text);
  io("label", x.label);
  io("predicted", x.predicted);
  io("probability", x.probability);
}
void fields(auto& io, Is<NearWord> auto& x) {
  io("id", x.id);
  io("piece", x.piece);
  io("cosine", x.cosine);
  io("distance", x.distance);
}
void fields(auto& io, Is<VirtualTokenView> auto& x) {
  io("nearest", x.nearest);
  io("norm", x.norm);
  io("movement", x.movement);
  io("attention", x.attention);
  io("accuracy_without", x.accuracy_without);
  io("x", x.x);
  io("y", x.y);
}
void fields(auto& io, Is<WordPoint> auto& x) {
  io("piece", x.piece);
  io("x", x.x);
  io("y", x.y);
}
void fields(auto& io, Is<LayerAttention> auto& x) {
  io("layer", x.layer);
  io("virtual_tokens", x.virtual_tokens);
  io("special", x.special);
  io("text", x.text);
}
void fields(auto& io, Is<PromptInspection> auto& x) {
  io("tokens", x.tokens);
  io("insert_layer", x.insert_layer);
  io("comparable", x.comparable);
  io("random_cosine", x.random_cosine);
  io("random_cosine_high", x.random_cosine_high);
  io("random_distance", x.random_distance);
  io("median_word_norm", x.median_word_norm);
  io("similarity", x.similarity);
  io("movement", x.movement);
  io("near_words", x.near_words);
  io("other_words", x.other_words);
  io("explained", x.explained);
  io("attention", x.attention);
  io("examples", x.examples);
  io("accuracy", x.accuracy);
  io("accuracy_without_prompt", x.accuracy_without_prompt);
}
void fields(auto& io, Is<TrialRecord> auto& x) {
  io("seed", x.seed);
  io("step_losses", x.step_losses);
  io("epochs", x.epochs);
  io("best_epoch", x.best_epoch);
  io("test", x.test);
  io("correct", x.correct);
  io("most_wrong", x.most_wrong);
  io("train_seconds", x.train_seconds);
  io("test_seconds", x.test_seconds);
  io("peak_bytes", x.peak_bytes);
  io("prompt", x.prompt);
}
void fields(auto& io, Is<MeasuredTrial> auto& x) {
  io("record", x.record);
  io("trainable_parameters", x.trainable_parameters);
  io("all_parameters", x.all_parameters);
  io("drawn_head", x.drawn_head);
}

class Writer {
 public:
  template <typename T>
  void operator()(const char* name, const T& value) {
    json_[name] = written(value);
  }

  template <typename T>
  static Json written(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
      return value;
    } else {
      Writer writer;
      fields(writer, value);
      return writer.json_;
    }
  }
  template <typename T>
  static Json written(const std::vector<T>& values) {
    Json list = Json::array();
    for (const T& value : values) list.push_back(written(value));
    return list;
  }
  template <typename T>
  static Json written(const std::optional<T>& value) {
    return value ? written(*value) : Json();
  }

 private:
  Json json_ = Json::object();
};

class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  template <typename T>
  void operator()(const char* name, T& value) {
    const auto found = json_.is_object() ? json_.find(name) : json_.end();
    ok_ = ok_ && found != json_.end() && read(*found, value);
  }
  bool ok() const { return ok_; }

  template <typename T>
  static bool read(const Json& json, T& value) {
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
      Reader reader(json);
      fields(reader, value);
      return reader.ok();
    }
    return true;
  }
  template <typename T>
  static bool read(const Json& json, std::vector<T>& values) {
    if (!json.is_array()) return false;
    values.clear();
    for (const Json& item : json)
      if (!read(item, values.emplace_back())) return false;
    return true;
  }
  template <typename T>
  static bool read(const Json& json, std::optional<T>& value) {
    value.reset();
    return json.is_null() || read(json, value.emplace());
  }

 private:
  const Json& json_;
  bool ok_ = true;
};

}  // namespace

std::string trial_to_json(const MeasuredTrial& trial) {
  return Writer::written(trial).dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::optional<MeasuredTrial> trial_from_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  MeasuredTrial trial;
  if (json.is_discarded() || !Reader::read(json, trial)) return std::nullopt;
  return trial;
}

}  // namespace incipit
