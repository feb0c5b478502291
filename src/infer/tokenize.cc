#include "incipit/predict.h"

#include "backbone/backbone.h"
#include "prompt/template.h"

namespace incipit {

Result<TokenizedView> tokenize(const Model& model, const Example& example, std::int64_t num_virtual_tokens,
                               std::int64_t insert_layer, std::int64_t max_length) {
  const BackboneSpec& spec = model.backbone().spec();
  if (insert_layer < 0 || insert_layer >= spec.num_layers)
    return fail("insert layer {}: the model has layers 0 to {}", insert_layer, spec.num_layers - 1);
  const Template input_template(num_virtual_tokens, insert_layer);
  const std::int64_t room = input_template.room(spec.positions);
  if (num_virtual_tokens < 0 || room < 3)
    return fail("{} virtual tokens leave no room for text: the model has {} positions", num_virtual_tokens,
                spec.positions.usable);
  INCIPIT_TRY(const TemplatedExample templated,
              input_template.apply(model.tokenizer(), spec.positions, example.text_a, example.text_b,
                                   max_length == 0 ? room : max_length));
  TokenizedView view;
  view.truncated = templated.truncated;
  for (std::size_t i = 0; i < templated.token.size(); ++i) {
    const std::int32_t id = templated.token[i];
    TokenView token;
    token.id = id >= 0 ? id : -1;
    token.piece = id >= 0 ? model.tokenizer().token(id).value_or("?") : fmt::format("<v{}>", -id);
    token.position = templated.entry[i] == 0 ? templated.position[i] : -1;
    token.entry_layer = templated.entry[i];
    token.token_type = templated.token_type[i];
    view.tokens.push_back(std::move(token));
  }
  return view;
}

}  // namespace incipit
