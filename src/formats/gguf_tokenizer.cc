#include "formats/gguf_tokenizer.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include "formats/gguf_pre_tokenizer.h"
#include "formats/strict_json.h"

namespace incipit {
namespace {

using Json = nlohmann::json;

constexpr const char* kModel = "tokenizer.ggml.model";
constexpr const char* kTokens = "tokenizer.ggml.tokens";
constexpr const char* kTypes = "tokenizer.ggml.token_type";
constexpr const char* kMerges = "tokenizer.ggml.merges";

// tokenizer.ggml.token_type, as far as it matters
constexpr std::int64_t kControl = 3, kUserDefined = 4;

bool is_utf8(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return true;
  try {
    Json(text).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

class Builder {
 public:
  explicit Builder(const GgufFile& file) : file_(file) {}

  Result<std::string> run() {
    INCIPIT_CHECK(check_model());
    INCIPIT_CHECK(read_tokens());
    INCIPIT_TRY(const Json added, added_tokens());
    INCIPIT_TRY(Json merges, read_merges());
    INCIPIT_TRY(const PreTokenizer pre, pre_tokenizer());
    INCIPIT_TRY(Json frame, post_processor(pre.adds_bos));
    Json vocabulary = Json::object();
    for (std::size_t id = 0; id < tokens_.size(); ++id) vocabulary[std::string(tokens_[id])] = id;
    // No unknown token: like the reference tokenizers of this kind, it leaves out bytes that have no token.
    const Json model = {{"type", "BPE"},
                        {"unk_token", nullptr},
                        {"ignore_merges", pre.ignore_merges},
                        {"vocab", std::move(vocabulary)},
                        {"merges", std::move(merges)}};
    const Json decoder = {
        {"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}};
    const Json tokenizer = {{"version", "1.0"},
                            {"added_tokens", added},
                            {"normalizer", pre.normalizer},
                            {"pre_tokenizer", pre.pre_tokenizer},
                            {"post_processor", std::move(frame)},
                            {"decoder", decoder},
                            {"model", model}};
    return tokenizer.dump();
  }

 private:
  template <typename... Args>
  tl::unexpected<Error> refuse(fmt::format_string<Args...> format, Args&&... args) const {
    return fail("{}: {}", file_.path().string(), fmt::format(format, std::forward<Args>(args)...));
  }

  Status check_model() const {
    INCIPIT_TRY(const std::optional<std::string> said, file_.text(kModel));
    const std::string model = said.value_or("");
    if (!said) return refuse("{} is missing: the file has no tokenizer", kModel);
    if (model == "llama")
      return refuse("{} \"llama\" (SentencePiece) is not supported; supported is \"gpt2\" (byte-level BPE)",
                    kModel);
    if (model != "gpt2")
      return refuse("{} {} is not supported; supported is \"gpt2\" (byte-level BPE)", kModel,
                    quote_text(model));
    return {};
  }

  Status read_tokens() {
    INCIPIT_TRY(auto tokens, file_.texts(kTokens));
    if (!tokens || tokens->empty()) return refuse("{} is missing or empty", kTokens);
    tokens_ = std::move(*tokens);
    if (tokens_.size() > static_cast<std::size_t>(INT32_MAX))
      return refuse("{} has {} tokens, at most {} are read", kTokens, tokens_.size(), INT32_MAX);
    for (std::size_t id = 0; id < tokens_.size(); ++id) {
      if (!is_utf8(tokens_[id])) return refuse("{}: token {} is not valid UTF-8", kTokens, id);
      if (const auto [first, is_new] = ids_.emplace(tokens_[id], id); !is_new)
        return refuse("{}: tokens {} and {} are both {}", kTokens, first->second, id,
                      quote_text(tokens_[id]));
    }
    return {};
  }

  Result<Json> added_tokens() const {
    INCIPIT_TRY(const auto types, file_.integers(kTypes));
    Json added = Json::array();
    if (!types) return added;
    if (types->size() != tokens_.size())
      return refuse("{} has {} entries, {} has {}", kTypes, types->size(), kTokens, tokens_.size());
    for (std::size_t id = 0; id < tokens_.size(); ++id) {
      const std::int64_t type = (*types)[id];
      if ((type != kControl && type != kUserDefined) || tokens_[id].empty()) continue;
      added.push_back({{"id", id},
                       {"content", tokens_[id]},
                       {"single_word", false},
                       {"lstrip", false},
                       {"rstrip", false},
                       {"normalized", false},
                       {"special", type == kControl}});
    }
    return added;
  }

  Result<Json> read_merges() const {
    INCIPIT_TRY(const auto merges, file_.texts(kMerges));
    if (!merges) return refuse("{} is missing", kMerges);
    Json pairs = Json::array();
    for (std::size_t i = 0; i < merges->size(); ++i) {
      const std::string_view merge = (*merges)[i];
      const std::size_t blank = merge.find(' ', 1);
      const std::string_view left = merge.substr(0, blank);
      const std::string_view right = blank == merge.npos ? std::string_view() : merge.substr(blank + 1);
      if (blank == merge.npos || !ids_.contains(left) || !ids_.contains(right))
        return refuse("{}: merge {}, {}, must be two tokens with a blank between them", kMerges, i,
                      quote_text(merge));
      if (!ids_.contains(std::string(left) + std::string(right)))
        return refuse("{}: merge {}, {}, makes a token that is not in {}", kMerges, i, quote_text(merge),
                      kTokens);
      pairs.push_back({left, right});
    }
    return pairs;
  }

  Result<PreTokenizer> pre_tokenizer() const {
    INCIPIT_TRY(const auto pre, file_.text("tokenizer.ggml.pre"));
    INCIPIT_TRY(const auto architecture, file_.text("general.architecture"));
    Result<PreTokenizer> found = pre_tokenizer_of(pre.value_or("default"), architecture.value_or(""));
    if (!found) return refuse("{}", found.error().message);
    return found;
  }

  /// A token that the file wants around every text; none if it does not.
  Result<std::optional<std::int64_t>> frame_token(const char* wanted_key, const char* id_key,
                                                  bool wanted) const {
    INCIPIT_TRY(const std::optional<bool> said, file_.boolean(wanted_key));
    if (!said.value_or(wanted)) return std::nullopt;
    INCIPIT_TRY(const auto id, file_.integer(id_key, 0, static_cast<std::int64_t>(tokens_.size()) - 1));
    if (!id) return refuse("{} is missing, texts begin or end with it", id_key);
    return id;
  }

  Result<Json> post_processor(bool adds_bos) const {
    INCIPIT_TRY(const auto bos,
                frame_token("tokenizer.ggml.add_bos_token", "tokenizer.ggml.bos_token_id", adds_bos));
    INCIPIT_TRY(const auto eos,
                frame_token("tokenizer.ggml.add_eos_token", "tokenizer.ggml.eos_token_id", false));
    if (!bos && !eos) return Json(nullptr);
    Json special = Json::object();
    const auto around = [&](const char* sequence, int type) {
      Json pieces = Json::array();
      const auto token = [&](const std::optional<std::int64_t>& id) {
        if (!id) return;
        const std::string_view text = tokens_[static_cast<std::size_t>(*id)];
        pieces.push_back({{"SpecialToken", {{"id", text}, {"type_id", type}}}});
        special[std::string(text)] = {{"id", text}, {"ids", {*id}}, {"tokens", {text}}};
      };
      token(bos);
      pieces.push_back({{"Sequence", {{"id", sequence}, {"type_id", type}}}});
      token(eos);
      return pieces;
    };
    const Json single = around("A", 0);
    Json pair = single;
    for (const Json& piece : around("B", 1)) pair.push_back(piece);
    return Json{
        {"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", special}};
  }

  const GgufFile& file_;
  std::vector<std::string_view> tokens_;
  std::unordered_map<std::string_view, std::size_t> ids_;
};

}  // namespace

Result<std::string> gguf_tokenizer_json(const GgufFile& file) {
  return Builder(file).run();
}

}  // namespace incipit
