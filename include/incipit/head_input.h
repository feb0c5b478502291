#pragma once

#include <optional>
#include <string_view>

namespace incipit {

/// What a head reads of the last hidden states: row 0 of the sequence (virtual token 1 under prompt tuning,
/// as PEFT does), the [CLS] row, the mean of all rows but the virtual tokens', the template's blank, or the
/// last of the rows that mean takes. Causal models have mean, mask and last, and only they have last.
enum class HeadInput { first, cls, mean, mask, last };

std::string_view name_of(HeadInput input);
std::optional<HeadInput> head_input_by_name(std::string_view name);

}  // namespace incipit
