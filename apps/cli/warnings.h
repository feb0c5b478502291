#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "incipit/dataset.h"
#include "incipit/metrics.h"
#include "incipit/predict.h"

namespace incipit::cli {

/// Hashes of the texts, sorted, each once, as Adapter::set_provenance takes them.
std::vector<std::uint64_t> hash_texts(std::span<const Example> examples);

/// How many of the examples are among an adapter's training texts.
std::int64_t count_overlap(std::span<const Example> examples, std::span<const std::uint64_t> training_texts);
void warn_of_overlap(const std::string& adapter, std::int64_t overlap, std::int64_t count);

/// Says so when a model's vocabulary lacks over a tenth of a template's words. Fails where the template is
/// wrong.
Status warn_of_unknown_words(const Tokenizer& tokenizer, const std::string& template_text);

/// Says loudly that (nearly) every prediction is the same class, if so. `where`: an adapter or an epoch.
void warn_of_collapse(const Metrics& metrics, std::span<const std::string> labels, const std::string& where);

}  // namespace incipit::cli
