#include "experiment/trial_file.h"

#include "experiment/field_json.h"
#include "experiment/record_fields.h"

namespace incipit {

using Json = nlohmann::ordered_json;

// Not in an unnamed namespace, where FieldWriter would not find it.
void fields(auto& io, Is<MeasuredTrial> auto& x) {
  io("record", x.record);
  io("trainable_parameters", x.trainable_parameters);
  io("all_parameters", x.all_parameters);
  io("drawn_head", x.drawn_head);
}

std::string trial_to_json(const MeasuredTrial& trial) {
  return FieldWriter::written(trial).dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::optional<MeasuredTrial> trial_from_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  MeasuredTrial trial;
  if (json.is_discarded() || !FieldReader::read(json, trial)) return std::nullopt;
  return trial;
}

}  // namespace incipit
