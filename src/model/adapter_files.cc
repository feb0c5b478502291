#include "model/adapter_files.h"

#include <algorithm>
#include <charconv>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kOwnFile = "incipit.json";
constexpr std::string_view kTextsFile = "training_texts.hex";
constexpr int kFormatVersion = 1;
constexpr std::uint64_t kMaxBytes = 256u << 20;

Preparation read_preparation(const json& own, std::string& problem) {
  if (!own.contains("preparation")) return {};
  const json& preparation = own.at("preparation");
  const auto kind = preparation_by_name(preparation.at("name").get<std::string>());
  if (!kind) problem = fmt::format("preparation must be one of {}", fmt::join(preparation_names(), ", "));
  return {kind.value_or(Preparation::Kind::none), preparation.value("lost_word", std::string())};
}

/// Reads incipit.json over what PEFT's config said. Throws nlohmann's exceptions.
void read_own_json(const json& own, AdapterInfo& info, std::string& problem) {
  if (const int version = own.at("format_version").get<int>(); version != kFormatVersion) {
    problem = fmt::format("format_version {}, this program reads {}", version, kFormatVersion);
    return;
  }
  const auto method = method_by_name(own.at("method").get<std::string>());
  const auto input = head_input_by_name(own.at("head_input").get<std::string>());
  if (!method) problem = "method must be hard, head, prompt or late";
  if (!input) problem = "head_input must be first, cls, mean, mask or last";
  if (!problem.empty()) return;
  info.method = *method;
  info.head_input = *input;
  info.template_text = own.value("template", std::string());
  info.verbalizer = own.value("verbalizer", std::string());
  const auto word_score = word_score_by_name(own.value("word_score", std::string(name_of(info.word_score))));
  if (!word_score) problem = "word_score must be sequence, mean or first";
  info.word_score = word_score.value_or(info.word_score);
  info.label_bias = own.value("label_bias", std::vector<double>());
  info.num_virtual_tokens = own.at("num_virtual_tokens").get<std::int64_t>();
  info.insert_layer = own.at("insert_layer").get<std::int64_t>();
  info.max_length = own.at("max_length").get<std::int64_t>();
  info.preparation = read_preparation(own, problem);
  info.labels = own.at("labels").get<std::vector<std::string>>();
  info.base_fingerprint = own.at("base_fingerprint").get<std::string>();
  info.provenance = own.at("provenance").get<std::map<std::string, std::string>>();
  info.movement = own.value("movement", std::vector<std::vector<double>>());
  for (const std::vector<double>& epoch : info.movement)
    if (std::ssize(epoch) != info.num_virtual_tokens)
      problem = fmt::format("movement of {} virtual tokens, the adapter has {}", epoch.size(),
                            info.num_virtual_tokens);
}

Result<std::vector<std::uint64_t>> read_texts(const fs::path& path) {
  std::vector<std::uint64_t> hashes;
  INCIPIT_TRY(const std::string content, read_file(path, kMaxBytes));
  for (const char *at = content.data(), *end = at + content.size(); at < end;) {
    std::uint64_t hash = 0;
    const auto [next, error] = std::from_chars(at, end, hash, 16);
    if (error != std::errc() || next == end || *next != '\n')
      return fail("{}: line {} is not a hexadecimal hash", path.string(), hashes.size() + 1);
    hashes.push_back(hash);
    at = next + 1;
  }
  if (!std::is_sorted(hashes.begin(), hashes.end()))
    return fail("{}: the hashes are not sorted", path.string());
  return hashes;
}

}  // namespace

std::string peft_type_for(const AdapterInfo& info, const Template& input_template, bool is_causal) {
  const bool peft_reads = info.head_input == HeadInput::first || info.head_input == HeadInput::last;
  const bool peft_scores = info.verbalizer.empty() ? peft_reads && info.template_text.empty()
                                                   : is_causal && input_template.rows_come_first();
  const bool peft_can = info.method == Method::prompt && peft_scores;
  return peft_can ? "PROMPT_TUNING" : std::string(kOwnPeftType);
}

Result<AdapterInfo> adapter_info(const fs::path& folder, const AdapterFile& file) {
  AdapterInfo info;
  info.peft_type = file.config.peft_type;
  info.base_model = file.config.base_model_name_or_path;
  if (const auto prompt = file.tensors.find(std::string(kPeftPromptTensor)); prompt != file.tensors.end())
    info.num_virtual_tokens = prompt->second.values.rows();

  const fs::path own_path = folder / kOwnFile;
  std::error_code error;
  if (!fs::exists(own_path, error)) {
    if (info.peft_type == kOwnPeftType)
      return fail("{}: missing; an {} adapter needs it", own_path.string(), kOwnPeftType);
    return info;
  }
  INCIPIT_TRY(const std::string text, read_file(own_path, kMaxBytes));
  std::string problem;
  try {
    read_own_json(json::parse(text), info, problem);
  } catch (const json::exception& exception) {
    problem = exception.what();
  }
  if (!problem.empty()) return fail("{}: {}", own_path.string(), problem);
  if (fs::exists(folder / kTextsFile, error)) {
    INCIPIT_TRY(info.training_texts, read_texts(folder / kTextsFile));
  }
  return info;
}

bool is_language_prompt(const AdapterInfo& info, const AdapterFile& file) {
  return info.labels.empty() && file.config.task_type == "CAUSAL_LM" && info.peft_type != kOwnPeftType;
}

Status read_parameter(Parameter& parameter, const AdapterFile& file, const std::string& tensor,
                      const fs::path& folder) {
  const auto stored = file.tensors.find(tensor);
  if (stored == file.tensors.end()) return fail("{}: tensor {} is missing", folder.string(), tensor);
  const Matrix& values = stored->second.values;
  if (values.rows() != parameter.value.rows() || values.cols() != parameter.value.cols())
    return fail("{}: tensor {} is [{}, {}], this model and these labels need [{}, {}]", folder.string(),
                tensor, values.rows(), values.cols(), parameter.value.rows(), parameter.value.cols());
  std::copy_n(values.data(), values.size(), parameter.value.data());
  return {};
}

Status write_own_files(const fs::path& folder, const AdapterInfo& info) {
  json own = {{"format_version", kFormatVersion},
              {"method", name_of(info.method)},
              {"head_input", name_of(info.head_input)},
              {"num_virtual_tokens", info.num_virtual_tokens},
              {"insert_layer", info.insert_layer},
              {"max_length", info.max_length},
              {"labels", info.labels},
              {"base_fingerprint", info.base_fingerprint},
              {"provenance", info.provenance}};
  if (info.preparation.kind != Preparation::Kind::none) {
    own["preparation"]["name"] = name_of(info.preparation.kind);
    if (!info.preparation.lost_word.empty()) own["preparation"]["lost_word"] = info.preparation.lost_word;
  }
  if (!info.template_text.empty()) own["template"] = info.template_text;
  if (!info.verbalizer.empty()) {
    own["verbalizer"] = info.verbalizer;
    own["word_score"] = name_of(info.word_score);
    if (!info.label_bias.empty()) own["label_bias"] = info.label_bias;
  }
  if (!info.movement.empty()) own["movement"] = info.movement;
  INCIPIT_CHECK(
      write_file(folder / kOwnFile, own.dump(2, ' ', false, json::error_handler_t::replace) + "\n"));
  if (info.training_texts.empty()) return {};
  std::string hashes;
  for (const std::uint64_t hash : info.training_texts) hashes += fmt::format("{:016x}\n", hash);
  return write_file(folder / kTextsFile, hashes);
}

}  // namespace incipit
