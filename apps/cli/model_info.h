#pragma once

#include <string>

#include "incipit/adapter.h"
#include "incipit/model.h"

namespace incipit::cli {

/// What `incipit info` says of a model and of an adapter, for people and as a JSON object.
std::string model_text(const Model& model);
std::string model_json(const Model& model);
std::string adapter_text(const AdapterInfo& info);
std::string adapter_json(const AdapterInfo& info);

}  // namespace incipit::cli
