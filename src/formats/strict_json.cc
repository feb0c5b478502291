#include "formats/strict_json.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <set>
#include <stdexcept>
#include <vector>

#include "base/file.h"

namespace incipit {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 32;
constexpr std::uint64_t kMaxFileBytes = 64u << 20;

/// Thrown out of nlohmann's parser, which has no other way to stop early, and caught just outside it.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The parser's callback: sees every key and every container as it opens and closes.
class KeyWatch {
 public:
  bool operator()(Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        if (open_.size() == kMaxDepth) throw Refused("is nested too deeply");
        open_.emplace_back();
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        open_.pop_back();
        break;
      case Json::parse_event_t::key: {
        const auto& key = parsed.get_ref<const std::string&>();
        if (!open_.back().insert(key).second)
          throw Refused(fmt::format("has the key {} twice", quote_text(key)));
        break;
      }
      case Json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> open_;
};

tl::unexpected<Error> not_json(std::string_view text, std::size_t byte, const std::filesystem::path& file) {
  const std::string_view before = text.substr(0, byte == 0 ? 0 : std::min(byte - 1, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n');  // npos + 1 is 0, the text's start
  return fail("{}: not valid JSON at line {}, column {}", file.string(), line,
              before.size() - (line_start + 1) + 1);
}

}  // namespace

Result<Json> parse_strict_json(std::string_view text, const std::filesystem::path& file) {
  // nlohmann's lexer takes a NUL byte for the end of the text.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    return not_json(text, nul + 1, file);
  try {
    KeyWatch watch;
    return Json::parse(text.begin(), text.end(), [&watch](int, Json::parse_event_t event, Json& parsed) {
      return watch(event, parsed);
    });
  } catch (const Json::parse_error& error) {
    return not_json(text, error.byte, file);
  } catch (const Refused& refused) {
    return fail("{}: its JSON {}", file.string(), refused.what());
  } catch (const Json::exception&) {
    return fail("{}: its JSON has a number that is out of range", file.string());
  }
}

Result<Json> read_json_object(const std::filesystem::path& file) {
  INCIPIT_TRY(const std::string text, read_file(file, kMaxFileBytes));
  if (text.empty()) return fail("{}: is empty, a JSON object is needed", file.string());
  INCIPIT_TRY(Json json, parse_strict_json(text, file));
  if (!json.is_object())
    return fail("{}: is a JSON {}, an object is needed", file.string(), json.type_name());
  return json;
}

std::string quote_text(std::string_view text) {
  constexpr std::size_t kMaxBytes = 160;
  const bool cut = text.size() > kMaxBytes;
  // A character split by the cut is replaced, like any other bytes that are not UTF-8.
  std::string shown =
      Json(std::string(text.substr(0, kMaxBytes))).dump(-1, ' ', false, Json::error_handler_t::replace);
  if (cut) shown += "…";
  return shown;
}

}  // namespace incipit
