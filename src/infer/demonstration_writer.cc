#include "infer/demonstration_writer.h"

#include <algorithm>

#include "prompt/demonstration.h"
#include "prompt/fixed_words.h"
#include "prompt/template.h"
#include "score/label_words.h"

namespace incipit {

Result<DemonstrationWriter> DemonstrationWriter::create(const Model& model, const Adapter& adapter) {
  const AdapterInfo& info = adapter.info();
  if (info.verbalizer.empty()) return fail("demonstrations need a verbalizer, whose words fill the blank");
  DemonstrationWriter writer(model, info.template_text, info.max_length);
  INCIPIT_TRY(const LabelWords words,
              read_label_words(info.verbalizer, info.labels, adapter.input_template().blank_before_mask(),
                               model.tokenizer()));
  for (const std::vector<LabelWord>& label : words)
    writer.words_.push_back(
        std::max_element(label.begin(), label.end(), [](const LabelWord& a, const LabelWord& b) {
          return a.weight < b.weight;
        })->filling);
  return writer;
}

Result<WrittenDemonstration> DemonstrationWriter::write(const Example& example) const {
  const auto located = [&](const Error& error) {
    return fail("demonstration {}: {}", example.id, error.message);
  };
  auto source = demonstration_source(
      template_text_, {example.text_a, example.text_b, words_[static_cast<std::size_t>(example.label)]});
  if (!source) return located(source.error());
  auto ids = encode_fixed(*source, model_->tokenizer());
  if (!ids) return located(ids.error());
  return WrittenDemonstration{std::move(*source), std::move(*ids)};
}

}  // namespace incipit
