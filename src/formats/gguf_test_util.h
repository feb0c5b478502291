#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "formats/format_test_util.h"
#include "formats/gguf.h"

namespace incipit {

template <typename T>
std::string raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

inline std::string gguf_text(std::string_view text) {
  return raw<std::uint64_t>(text.size()) + std::string(text);
}

/// A metadata pair: `value` is as in the file.
inline std::string gguf_pair(std::string_view key, GgufValueType type, std::string_view value) {
  return gguf_text(key) + raw(type) + std::string(value);
}
inline std::string gguf_pair(std::string_view key, std::string_view text) {
  return gguf_pair(key, GgufValueType::text, gguf_text(text));
}
inline std::string gguf_pair(std::string_view key, std::uint32_t value) {
  return gguf_pair(key, GgufValueType::u32, raw(value));
}
inline std::string gguf_pair(std::string_view key, float value) {
  return gguf_pair(key, GgufValueType::f32, raw(value));
}

struct GgufSpec {
  std::string name;
  std::vector<std::uint64_t> shape;  // as in the file: rows' length first
  std::uint32_t type = 0;
  std::string data;
};

inline std::string gguf_entry(const GgufSpec& tensor, std::uint64_t offset) {
  std::string entry = gguf_text(tensor.name) + raw(static_cast<std::uint32_t>(tensor.shape.size()));
  for (const std::uint64_t size : tensor.shape) entry += raw(size);
  return entry + raw(tensor.type) + raw(offset);
}

inline std::string padded_to(std::string bytes, std::size_t alignment) {
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment, '\0');
  return bytes;
}

/// A whole file, padded to 32 bytes.
inline std::string gguf_bytes(const std::vector<std::string>& pairs, const std::vector<GgufSpec>& tensors,
                              std::uint32_t version = 3) {
  std::string header =
      "GGUF" + raw(version) + raw<std::uint64_t>(tensors.size()) + raw<std::uint64_t>(pairs.size());
  for (const std::string& pair : pairs) header += pair;
  std::string data;
  for (const GgufSpec& tensor : tensors) {
    header += gguf_entry(tensor, data.size());
    data = padded_to(data + tensor.data, 32);
  }
  return tensors.empty() ? header : padded_to(header, 32) + data;
}

/// f32 data counting up from `first`.
inline std::string counting(std::size_t count, float first = 0.0f) {
  std::string data;
  for (std::size_t i = 0; i < count; ++i) data += raw(first + static_cast<float>(i));
  return data;
}

/// Metadata of a tiny model: 2 layers, hidden size 8, 2 heads, vocabulary of 4.
inline std::vector<std::string> tiny_gguf_pairs(const std::string& architecture = "llama") {
  const auto key = [&](const char* name) { return architecture + "." + name; };
  return {gguf_pair("general.architecture", architecture),
          gguf_pair(key("block_count"), 2u),
          gguf_pair(key("embedding_length"), 8u),
          gguf_pair(key("feed_forward_length"), 16u),
          gguf_pair(key("context_length"), 64u),
          gguf_pair(key("attention.head_count"), 2u),
          gguf_pair(key(architecture == "gpt2" ? "attention.layer_norm_epsilon"
                                               : "attention.layer_norm_rms_epsilon"),
                    1e-5f)};
}

inline GgufSpec tiny_gguf_words() {
  return {"token_embd.weight", {8, 4}, 0, counting(32)};
}

}  // namespace incipit
