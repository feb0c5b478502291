#include "incipit/predict.h"

#include "backbone/backbone.h"
#include "prompt/template.h"

namespace incipit {
namespace {

/// What tokenizing needs of a model.
struct TextSide {
  const Tokenizer& tokenizer;
  const PositionRule& positions;
  std::int64_t num_layers;
  bool is_causal;
};

Result<Template> template_of(const TextSide& side, const TokenizeOptions& options) {
  if (options.template_text.empty()) return Template(options.num_virtual_tokens, options.insert_layer);
  return Template::create(options.template_text, options.num_virtual_tokens, options.insert_layer,
                          side.tokenizer, side.is_causal);
}

Result<TokenizedView> tokenize_for(const TextSide& side, const Example& example,
                                   const TokenizeOptions& options) {
  if (options.insert_layer < 0 || options.insert_layer >= side.num_layers)
    return fail("insert layer {}: the model has layers 0 to {}", options.insert_layer, side.num_layers - 1);
  INCIPIT_TRY(const Template input_template, template_of(side, options));
  const std::int64_t room = input_template.room(side.positions);
  if (options.num_virtual_tokens < 0 || room < 3)
    return fail("{} virtual tokens leave no room for text: the model has {} positions", input_template.rows(),
                side.positions.usable);
  INCIPIT_TRY(const TemplatedExample templated,
              input_template.apply(side.tokenizer, side.positions, example.text_a, example.text_b,
                                   options.max_length == 0 ? room : options.max_length));
  TokenizedView view;
  view.truncated = templated.truncated;
  for (std::size_t i = 0; i < templated.token.size(); ++i) {
    const std::int32_t id = templated.token[i];
    TokenView token;
    token.id = id >= 0 ? id : -1;
    token.piece = id >= 0 ? side.tokenizer.token(id).value_or("?") : fmt::format("<v{}>", -id);
    token.position = id >= 0 || templated.entry[i] == 0 ? templated.position[i] : -1;
    token.entry_layer = templated.entry[i];
    token.token_type = templated.token_type[i];
    view.tokens.push_back(std::move(token));
  }
  return view;
}

}  // namespace

Result<TokenizedView> tokenize(const Model& model, const Example& example, const TokenizeOptions& options) {
  const BackboneSpec& spec = model.backbone().spec();
  return tokenize_for({model.tokenizer(), spec.positions, spec.num_layers, spec.is_causal}, example, options);
}

Result<TokenizedView> tokenize(const GgufInfo& model, const Example& example,
                               const TokenizeOptions& options) {
  PositionRule positions;  // those of every architecture that comes as GGUF
  positions.usable = model.model.max_positions;
  return tokenize_for({model.tokenizer, positions, model.model.num_layers, true}, example, options);
}

Result<TemplateCheck> check_template(const Tokenizer& tokenizer, const std::string& template_text) {
  INCIPIT_TRY(const Template checked, Template::create(template_text, 0, 0, tokenizer, false));
  return TemplateCheck{checked.fixed_tokens(), checked.unknown_tokens()};
}

}  // namespace incipit
