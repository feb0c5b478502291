#include "hub/receipt.h"

#include <algorithm>
#include <exception>
#include <system_error>

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kFileName = "source.json";
constexpr std::uint64_t kMaxBytes = 1 << 20;

bool matches(const json& receipt, const Source& source, const fs::path& folder) {
  if (receipt.at("sha256") != source.sha256) return false;
  return std::ranges::all_of(source.members, [&](const Member& member) {
    std::error_code error;
    const auto bytes = fs::file_size(folder / member.target, error);
    return !error && receipt.at("files").at(member.target) == bytes;
  });
}

}  // namespace

Status write_receipt(const fs::path& folder, const Source& source) {
  json receipt = {{"package", source.package},
                  {"version", source.version},
                  {"file", source.file},
                  {"sha256", source.sha256}};
  for (const Member& member : source.members) {
    std::error_code error;
    const auto bytes = fs::file_size(folder / member.target, error);
    if (error) return fail("{}: {}", (folder / member.target).string(), error.message());
    receipt["files"][member.target] = bytes;
  }
  return write_file(folder / kFileName, receipt.dump(2) + "\n");
}

bool is_whole(const fs::path& folder, const CatalogueItem& item) {
  const Result<std::string> text = read_file(folder / kFileName, kMaxBytes);
  if (!text) return false;
  try {
    const json receipt = json::parse(*text);
    return std::ranges::any_of(item.sources,
                               [&](const Source& source) { return matches(receipt, source, folder); });
  } catch (const std::exception&) {
    return false;  // not one of ours, or damaged: fetched anew
  }
}

}  // namespace incipit
