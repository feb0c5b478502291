#include "formats/gguf_pre_tokenizer.h"

#include <initializer_list>

#include "formats/strict_json.h"

namespace incipit {
namespace {

using Json = nlohmann::json;

// As transformers' tokenization_qwen2.py and Llama 3's tokenizer.json have them; they differ in the digits.
constexpr const char* kQwen2Words =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3Words =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

Json byte_level(bool splits_words) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", true},
          {"use_regex", splits_words}};
}

Json split(const char* expression) {
  return {
      {"type", "Split"}, {"pattern", {{"Regex", expression}}}, {"behavior", "Isolated"}, {"invert", false}};
}

Json sequence(std::initializer_list<Json> steps) {
  return {{"type", "Sequence"}, {"pretokenizers", Json::array_t(steps)}};
}

PreTokenizer gpt2() {
  return {nullptr, byte_level(true)};
}

PreTokenizer qwen2() {
  return {{{"type", "NFC"}}, sequence({split(kQwen2Words), byte_level(false)})};
}

/// What llama.cpp does where a file does not say (llm_tokenizer_bpe's last case), one split after the other.
PreTokenizer unnamed() {
  return {nullptr,
          sequence({split(R"([\p{P}\$\+<=>\^~\|]+)"),
                    split(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))"),
                    split(R"(\p{N}+)"), split("[0-9][0-9][0-9]"), byte_level(false)})};
}

}  // namespace

Result<PreTokenizer> pre_tokenizer_of(std::string_view pre, std::string_view architecture) {
  const bool unsaid = pre == "default";
  if (pre == "gpt-2" || (unsaid && architecture == "gpt2")) return gpt2();
  if (pre == "qwen2" || (unsaid && architecture == "qwen2")) return qwen2();
  if (pre == "smollm") {
    const Json digits = {{"type", "Digits"}, {"individual_digits", true}};
    return PreTokenizer{nullptr, sequence({digits, byte_level(true)})};
  }
  if (pre == "llama-bpe")
    return PreTokenizer{nullptr, sequence({split(kLlama3Words), byte_level(false)}), true, true};
  if (unsaid) return unnamed();
  return fail(
      "tokenizer.ggml.pre {} is not supported; supported are gpt-2, smollm, qwen2, llama-bpe, default",
      quote_text(pre));
}

}  // namespace incipit
