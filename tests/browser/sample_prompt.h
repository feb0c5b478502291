#pragma once

#include <random>

#include "incipit/inspect.h"

namespace incipit {

/// A look into a prompt that never was.
PromptInspection sample_prompt(int tokens, bool late, std::mt19937& random);

}  // namespace incipit
