#include "infer/text_stream.h"

#include <algorithm>
#include <string_view>

namespace incipit {
namespace {

constexpr std::size_t kContext = 5;  // tokens before new ones that decide how these are spelt
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // what decoders make of an unfinished character

/// Bytes at the end of `text` that could begin `stop`.
std::size_t overlap(std::string_view text, std::string_view stop) {
  for (std::size_t size = std::min(text.size(), stop.size() - 1); size > 0; --size)
    if (text.ends_with(stop.substr(0, size))) return size;
  return 0;
}

/// The start of the character that `at` lies in.
std::size_t character_start(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

}  // namespace

TextStream::TextStream(const Tokenizer& tokenizer, std::span<const std::int32_t> before,
                       std::span<const std::string> stop)
    : tokenizer_(tokenizer), stop_(stop) {
  const auto context = before.last(std::min(before.size(), kContext));
  ids_.assign(context.begin(), context.end());
  done_ = ids_.size();
}

/// What the ids from done_ on add to the text: what all of ids_ say without what those before them say.
Result<std::string> TextStream::decode_new(bool last) {
  INCIPIT_TRY(const std::string before,
              tokenizer_.decode({ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(done_)}, true));
  INCIPIT_TRY(const std::string all, tokenizer_.decode(ids_, true));
  if (!last && (all.size() <= before.size() || all.ends_with(kReplacement))) return std::string();
  std::string added = all.size() > before.size() ? all.substr(before.size()) : std::string();
  // The ids just spelt are the context of the next.
  const std::size_t keep = std::min(ids_.size(), std::max(kContext, ids_.size() - done_));
  ids_.erase(ids_.begin(), ids_.end() - static_cast<std::ptrdiff_t>(keep));
  done_ = ids_.size();
  return added;
}

std::string TextStream::release(bool last) {
  std::size_t end = std::string::npos;
  for (const std::string& stop : stop_) end = std::min(end, held_.find(stop));
  if (end != std::string::npos) {
    stopped_ = true;
  } else {
    end = held_.size();
    for (const std::string& stop : stop_)
      if (!last) end = std::min(end, held_.size() - overlap(held_, stop));
    end = character_start(held_, end);
  }
  std::string certain = held_.substr(0, end);
  held_.erase(0, end);
  return certain;
}

Result<std::string> TextStream::feed(std::int32_t id) {
  if (id >= tokenizer_.vocab_size()) return std::string();  // a row that fills up the model's matrix
  ids_.push_back(id);
  INCIPIT_TRY(const std::string added, decode_new(false));
  held_ += added;
  return release(false);
}

Result<std::string> TextStream::finish() {
  if (stopped_) return std::string();
  if (done_ < ids_.size()) {
    INCIPIT_TRY(const std::string added, decode_new(true));
    held_ += added;
  }
  return release(true);
}

}  // namespace incipit
