#include "incipit/tokenizer.h"

#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "text/owned_text.h"
#include "text/tokenizers_c.h"

namespace incipit {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 30;
constexpr char kFileName[] = "tokenizer.json";

struct Encoded : incipit_encoded {
  Encoded() : incipit_encoded{} {}
  Encoded(const Encoded&) = delete;
  Encoded& operator=(const Encoded&) = delete;
  ~Encoded() { incipit_encoded_free(this); }
};

/// A null pointer would mean that there is no text at all.
const char* data_of(std::string_view text) {
  return text.data() != nullptr ? text.data() : "";
}

Status encode_into(const incipit_tokenizer* tokenizer, std::string_view text_a,
                   std::optional<std::string_view> text_b, std::size_t max_length, bool add_special_tokens,
                   Encoded& encoded) {
  const char* data_b = text_b ? data_of(*text_b) : nullptr;
  auto error =
      take(incipit_tokenizer_encode(tokenizer, data_of(text_a), text_a.size(), data_b,
                                    text_b ? text_b->size() : 0, max_length, add_special_tokens, &encoded));
  if (error) return fail("tokenizer: {}", *error);
  return {};
}

/// What to say of a folder without a tokenizer.json.
tl::unexpected<Error> no_tokenizer_in(const std::filesystem::path& folder) {
  for (const char* source :
       {"vocab.txt", "vocab.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model"}) {
    std::error_code code;
    if (!std::filesystem::exists(folder / source, code)) continue;
    return fail(
        "{}: has {} but no {}, which is needed; Python's transformers makes it: "
        "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)",
        folder.string(), source, kFileName);
  }
  return fail("{}: has no {}, which is needed", folder.string(), kFileName);
}

Result<std::filesystem::path> find_file(const std::filesystem::path& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) {
    return fail("{}: no such file or folder; a {} is needed", path.string(), kFileName);
  }
  if (!std::filesystem::is_directory(status)) return path;
  std::filesystem::path file = path / kFileName;
  if (!std::filesystem::exists(file, code)) return no_tokenizer_in(path);
  return file;
}

}  // namespace

struct Tokenizer::Handle {
  explicit Handle(incipit_tokenizer* loaded) : tokenizer(loaded) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { incipit_tokenizer_free(tokenizer); }

  incipit_tokenizer* tokenizer;
};

Tokenizer::Tokenizer(std::shared_ptr<const Handle> handle) : handle_(std::move(handle)) {}

Result<Tokenizer> Tokenizer::load(const std::filesystem::path& path) {
  INCIPIT_TRY(const std::filesystem::path file, find_file(path));
  INCIPIT_TRY(const std::string json, read_file(file, kMaxFileBytes));
  return from_json(json, file);
}

Result<Tokenizer> Tokenizer::from_json(std::string_view json, const std::filesystem::path& source) {
  incipit_tokenizer* loaded = nullptr;
  if (auto error = take(incipit_tokenizer_load(json.data(), json.size(), &loaded))) {
    return fail("{}: not a usable {}: {}", source.string(), kFileName, *error);
  }
  return Tokenizer(std::make_shared<const Handle>(loaded));
}

Result<Encoding> Tokenizer::encode(std::string_view text_a, std::optional<std::string_view> text_b,
                                   std::int64_t max_length) const {
  if (max_length < 0) return fail("tokenizer: a maximum length of {} is negative", max_length);
  Encoded encoded;
  INCIPIT_CHECK(
      encode_into(handle_->tokenizer, text_a, text_b, static_cast<std::size_t>(max_length), true, encoded));
  return Encoding{{encoded.ids, encoded.ids + encoded.size},
                  {encoded.type_ids, encoded.type_ids + encoded.size},
                  static_cast<std::int64_t>(encoded.truncated)};
}

Result<std::vector<std::int32_t>> Tokenizer::encode_words(std::string_view text) const {
  Encoded encoded;
  INCIPIT_CHECK(encode_into(handle_->tokenizer, text, std::nullopt, SIZE_MAX, false, encoded));
  return std::vector<std::int32_t>(encoded.ids, encoded.ids + encoded.size);
}

std::optional<std::string> Tokenizer::token(std::int32_t id) const {
  if (id < 0) return std::nullopt;
  return take(incipit_tokenizer_token(handle_->tokenizer, static_cast<std::uint32_t>(id)));
}

std::optional<std::int32_t> Tokenizer::id(std::string_view token) const {
  const std::int64_t id = incipit_tokenizer_id(handle_->tokenizer, data_of(token), token.size());
  if (id < 0 || id > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return static_cast<std::int32_t>(id);
}

Result<std::string> Tokenizer::decode(const std::vector<std::int32_t>& ids, bool skip_special_tokens) const {
  const std::vector<std::uint32_t> unsigned_ids(ids.begin(), ids.end());
  incipit_text text{};
  if (auto error = take(incipit_tokenizer_decode(handle_->tokenizer, unsigned_ids.data(), unsigned_ids.size(),
                                                 skip_special_tokens, &text))) {
    return fail("tokenizer: {}", *error);
  }
  return take(text).value_or(std::string());
}

std::int64_t Tokenizer::vocab_size() const {
  return incipit_tokenizer_vocab_size(handle_->tokenizer);
}

bool Tokenizer::is_special(std::int32_t id) const {
  return id >= 0 && incipit_tokenizer_is_special(handle_->tokenizer, static_cast<std::uint32_t>(id));
}

std::optional<std::int32_t> Tokenizer::unknown_id() const {
  for (const char* spelling : {"[UNK]", "<unk>"})
    if (const auto found = id(spelling); found && is_special(*found)) return found;
  return std::nullopt;
}

}  // namespace incipit
