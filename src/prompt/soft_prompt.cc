#include "prompt/soft_prompt.h"

#include <algorithm>

namespace incipit {

void SoftPrompt::emit(MatrixView destination) const {
  for (std::int64_t i = 0; i < rows(); ++i)
    std::copy_n(table_.value.row(i), table_.value.cols(), destination.row(i));
}

void SoftPrompt::absorb(ConstMatrixView d_rows) {
  for (std::int64_t i = 0; i < rows(); ++i)
    for (std::int64_t j = 0; j < table_.value.cols(); ++j) table_.gradient.row(i)[j] += d_rows.row(i)[j];
}

std::vector<Parameter*> SoftPrompt::parameters() {
  if (rows() == 0) return {};
  return {&table_};
}

std::vector<const Parameter*> SoftPrompt::parameters() const {
  if (rows() == 0) return {};
  return {&table_};
}

std::unique_ptr<PromptMethod> SoftPrompt::clone() const {
  return std::unique_ptr<PromptMethod>(new SoftPrompt(table_.clone()));
}

}  // namespace incipit
