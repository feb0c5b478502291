#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "incipit/adapter.h"
#include "incipit/dataset.h"
#include "incipit/model.h"
#include "incipit/result.h"

namespace incipit {

/// An example as a demonstration.
struct WrittenDemonstration {
  std::string source;             // in the template language
  std::vector<std::int32_t> ids;  // of it
};

/// Writes examples as demonstrations for one adapter: its template, with the label's heaviest word (the first
/// of equals) in the blank. Immutable and thread-safe.
class DemonstrationWriter {
 public:
  /// Fails where the adapter has no verbalizer. The model must outlive it.
  static Result<DemonstrationWriter> create(const Model& model, const Adapter& adapter);

  /// Of an example with a label.
  Result<WrittenDemonstration> write(const Example& example) const;
  /// Tokens that demonstrations may have where nobody says: half of the longest sequence.
  std::int64_t usual_tokens() const { return max_length_ / 2; }

 private:
  DemonstrationWriter(const Model& model, std::string template_text, std::int64_t max_length)
      : model_(&model), template_text_(std::move(template_text)), max_length_(max_length) {}

  const Model* model_;
  std::string template_text_;
  std::int64_t max_length_;
  std::vector<std::string> words_;  // [labels]
};

}  // namespace incipit
