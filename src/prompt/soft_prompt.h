#pragma once

#include "prompt/prompt_method.h"

namespace incipit {

/// Rows that are themselves the parameters (Lester et al. 2021, "The Power of Scale for Parameter-Efficient
/// Prompt Tuning"; as rows that join at a middle layer, Liu et al. 2022, "Late Prompt Tuning").
class SoftPrompt final : public PromptMethod {
 public:
  /// Zeros until initialised.
  SoftPrompt(std::int64_t rows, std::int64_t hidden_size) : table_("prompt_embeddings", rows, hidden_size) {}

  std::int64_t rows() const override { return table_.value.rows(); }
  void emit(MatrixView destination) const override;
  void absorb(ConstMatrixView d_rows) override;
  std::vector<Parameter*> parameters() override;
  std::vector<const Parameter*> parameters() const override;
  std::unique_ptr<PromptMethod> clone() const override;

 private:
  explicit SoftPrompt(Parameter table) : table_(std::move(table)) {}

  Parameter table_;  // [rows, hidden]
};

}  // namespace incipit
