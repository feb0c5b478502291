#pragma once

#include <cstdint>

#include "incipit/train.h"

namespace incipit {

/// The factor on the learning rate at a 0-based step. As transformers' get_linear_schedule_with_warmup and
/// get_cosine_schedule_with_warmup have it, with a warm-up that need not be whole: `warmup_steps` 34.5 is
/// what PEFT's example passes.
double schedule_factor(Schedule schedule, std::int64_t step, double warmup_steps, std::int64_t total_steps);

}  // namespace incipit
