#include "formats/end_tokens.h"

#include <limits>
#include <system_error>

#include "formats/strict_json.h"

namespace incipit {
namespace {

using Json = nlohmann::json;

std::optional<std::int32_t> id_of(const Json& value) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMost) return std::nullopt;
  return value.get<std::int32_t>();
}

}  // namespace

Result<std::optional<std::vector<std::int32_t>>> read_end_tokens(const Json& json,
                                                                 const std::filesystem::path& file) {
  const auto found = json.find("eos_token_id");
  if (found == json.end() || found->is_null()) return std::nullopt;
  const Json all = found->is_array() ? *found : Json::array({*found});
  std::vector<std::int32_t> ids;
  for (const Json& value : all) {
    const std::optional<std::int32_t> id = id_of(value);
    if (!id) return fail("{}: eos_token_id must be a token id or a list of them", file.string());
    ids.push_back(*id);
  }
  return ids;
}

Result<std::optional<std::vector<std::int32_t>>> generation_end_tokens(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "generation_config.json";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return std::nullopt;
  INCIPIT_TRY(const Json json, read_json_object(file));
  return read_end_tokens(json, file);
}

}  // namespace incipit
