#include "formats/hf_config.h"

#include "formats/format_test_util.h"

namespace incipit {
namespace {

class HfConfigTest : public FolderTest {
 protected:
  Result<HfConfig> read(std::string_view json) const {
    write("config.json", json);
    return read_hf_config(folder_);
  }
};

TEST_F(HfConfigTest, ReadsRobertaLarge) {
  const auto config = read(R"({
    "architectures": ["RobertaForMaskedLM"], "attention_probs_dropout_prob": 0.2, "bos_token_id": 0, "eos_token_id": 2,
    "hidden_act": "gelu_new", "hidden_dropout_prob": 0.3, "hidden_size": 1024, "initializer_range": 0.03,
    "intermediate_size": 4096, "layer_norm_eps": 1e-05, "max_position_embeddings": 514, "model_type": "roberta",
    "num_attention_heads": 16, "num_hidden_layers": 24, "pad_token_id": 1, "type_vocab_size": 1, "vocab_size": 50265})");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->model_type, "roberta");
  EXPECT_EQ(config->architectures, std::vector<std::string>{"RobertaForMaskedLM"});
  EXPECT_EQ(config->vocab_size, 50265);
  EXPECT_EQ(config->hidden_size, 1024);
  EXPECT_EQ(config->num_hidden_layers, 24);
  EXPECT_EQ(config->num_attention_heads, 16);
  EXPECT_EQ(config->intermediate_size, 4096);
  EXPECT_EQ(config->max_position_embeddings, 514);
  EXPECT_EQ(config->type_vocab_size, 1);
  EXPECT_EQ(config->pad_token_id, 1);
  EXPECT_EQ(config->layer_norm_eps, 1e-5);
  EXPECT_EQ(config->initializer_range, 0.03);
  EXPECT_EQ(config->attention_dropout, 0.2);
  EXPECT_EQ(config->hidden_dropout, 0.3);
  EXPECT_EQ(config->classifier_dropout, 0.3);
  EXPECT_EQ(config->hidden_act, "gelu_new");
  EXPECT_EQ(config->labels, (std::vector<std::string>{"LABEL_0", "LABEL_1"}));
}

TEST_F(HfConfigTest, FillsMissingFieldsAsTransformersDoes) {
  struct Case {
    const char* model_type;
    std::int64_t vocab_size, layers, token_types, pad;
    double classifier_dropout;
  };
  const Case cases[] = {{"bert", 30522, 12, 2, 0, 0.1},
                        {"roberta", 50265, 12, 2, 1, 0.1},
                        {"xlm-roberta", 30522, 12, 2, 1, 0.1},
                        {"camembert", 30522, 12, 2, 1, 0.1},
                        {"distilbert", 30522, 6, 0, 0, 0.2}};
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.model_type);
    const auto config = read(fmt::format(R"({{"model_type": "{}"}})", expected.model_type));
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->vocab_size, expected.vocab_size);
    EXPECT_EQ(config->hidden_size, 768);
    EXPECT_EQ(config->num_hidden_layers, expected.layers);
    EXPECT_EQ(config->num_attention_heads, 12);
    EXPECT_EQ(config->intermediate_size, 3072);
    EXPECT_EQ(config->max_position_embeddings, 512);
    EXPECT_EQ(config->type_vocab_size, expected.token_types);
    EXPECT_EQ(config->pad_token_id, expected.pad);
    EXPECT_EQ(config->layer_norm_eps, 1e-12);
    EXPECT_EQ(config->hidden_dropout, 0.1);
    EXPECT_EQ(config->attention_dropout, 0.1);
    EXPECT_EQ(config->classifier_dropout, expected.classifier_dropout);
    EXPECT_EQ(config->hidden_act, "gelu");
  }
}

TEST_F(HfConfigTest, ReadsDistilBertSpellings) {
  const auto config =
      read(R"({"model_type": "distilbert", "dim": 96, "n_layers": 3, "n_heads": 6, "hidden_dim": 200,
    "dropout": 0.3, "attention_dropout": 0.4, "seq_classif_dropout": 0.5, "activation": "relu",
    "layer_norm_eps": 0.5, "type_vocab_size": 2, "pad_token_id": null})");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->hidden_size, 96);
  EXPECT_EQ(config->num_hidden_layers, 3);
  EXPECT_EQ(config->num_attention_heads, 6);
  EXPECT_EQ(config->intermediate_size, 200);
  EXPECT_EQ(config->hidden_dropout, 0.3);
  EXPECT_EQ(config->attention_dropout, 0.4);
  EXPECT_EQ(config->classifier_dropout, 0.5);
  EXPECT_EQ(config->hidden_act, "relu");
  EXPECT_EQ(config->layer_norm_eps, 1e-12);
  EXPECT_EQ(config->type_vocab_size, 0);
  const auto aliased =
      read(R"({"model_type": "distilbert", "dim": 96, "hidden_size": 48, "num_hidden_layers": 2})");
  ASSERT_TRUE(aliased);
  EXPECT_EQ(aliased->hidden_size, 48);
  EXPECT_EQ(aliased->num_hidden_layers, 2);
}

TEST_F(HfConfigTest, ResolvesClassifierDropout) {
  EXPECT_EQ(read(R"({"model_type": "bert", "classifier_dropout": null, "hidden_dropout_prob": 0})")
                ->classifier_dropout,
            0.0);
  EXPECT_EQ(read(R"({"model_type": "bert", "classifier_dropout": 0.25})")->classifier_dropout, 0.25);
}

TEST_F(HfConfigTest, NamesLabelsAsTransformersDoes) {
  const auto labels = [&](std::string_view fields) {
    const auto config = read(fmt::format(R"({{"model_type": "bert", {}}})", fields));
    EXPECT_TRUE(config) << config.error().message;
    return config ? config->labels : std::vector<std::string>();
  };
  using Labels = std::vector<std::string>;
  EXPECT_EQ(labels(R"("id2label": {"1": "b", "0": "a"})"), (Labels{"a", "b"}));
  EXPECT_EQ(labels(R"("id2label": {"1": "b", "0": "a"}, "num_labels": 2)"), (Labels{"a", "b"}));
  EXPECT_EQ(labels(R"("id2label": {"1": "b", "0": "a"}, "num_labels": 3)"),
            (Labels{"LABEL_0", "LABEL_1", "LABEL_2"}));
  EXPECT_EQ(labels(R"("id2label": {"0": 5, "1": "six"})"), (Labels{"5", "six"}));
  EXPECT_EQ(labels(R"("id2label": null, "num_labels": 1)"), (Labels{"LABEL_0"}));
  EXPECT_EQ(labels(R"("label2id": {"a": 0})"), (Labels{"LABEL_0", "LABEL_1"}));
  Labels twelve;
  for (int i = 0; i < 12; ++i) twelve.push_back(fmt::format("l{}", i));
  EXPECT_EQ(
      labels(R"("id2label": {"10":"l10","11":"l11","0":"l0","1":"l1","2":"l2","3":"l3","4":"l4","5":"l5",
                      "6":"l6","7":"l7","8":"l8","9":"l9"})"),
      twelve);
}

TEST_F(HfConfigTest, ReadsAnUnknownTypeAsFarAsItGoes) {
  const auto config = read(R"({"model_type": "gemma", "hidden_size": 576, "num_attention_heads": 9,
    "position_embedding_type": "rope", "vocab_size": "many", "architectures": ["GemmaForCausalLM"]})");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->model_type, "gemma");
  EXPECT_EQ(config->hidden_size, 576);
  EXPECT_EQ(config->vocab_size, 0);
}

TEST_F(HfConfigTest, NamesTheFieldAtFault) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("hidden_size": "768")", "hidden_size must be an integer from 1 to 2147483648, not \"768\""},
      {R"("hidden_size": 768.0)", "hidden_size must be an integer"},
      {R"("hidden_size": null)", "hidden_size must be an integer from 1 to 2147483648, not null"},
      {R"("hidden_size": [1])", "hidden_size must be an integer from 1 to 2147483648, not array"},
      {R"("hidden_size": 0)", "hidden_size must be"},
      {R"("hidden_size": -768)", "hidden_size must be"},
      {R"("hidden_size": 770)", "hidden_size 770 must be a multiple of num_attention_heads 12"},
      {R"("vocab_size": 3000000000)", "vocab_size must be"},
      {R"("vocab_size": 18446744073709551615)", "vocab_size must be"},
      {R"("vocab_size": 99999999999999999999999)", "vocab_size must be"},
      {R"("num_hidden_layers": 0)", "num_hidden_layers must be"},
      {R"("num_attention_heads": false)", "num_attention_heads must be"},
      {R"("pad_token_id": -1)", "pad_token_id must be an integer from 0"},
      {R"("pad_token_id": 30522)", "pad_token_id 30522 must be below vocab_size 30522"},
      {R"("layer_norm_eps": 0)", "layer_norm_eps must be above 0"},
      {R"("layer_norm_eps": "1e-5")", "layer_norm_eps must be a number"},
      {R"("hidden_dropout_prob": 1.5)", "hidden_dropout_prob must be a number from 0 to 1, not 1.5"},
      {R"("hidden_dropout_prob": null)", "hidden_dropout_prob must be a number"},
      {R"("hidden_act": 3)", "hidden_act must be a string"},
      {R"("architectures": "BertModel")", "architectures must be a list of strings"},
      {R"("architectures": [1])", "architectures must be a list of strings"},
      {R"("position_embedding_type": "relative_key")",
       "position_embedding_type \"relative_key\" is not supported"},
      {R"("id2label": ["a", "b"])", "id2label must be an object"},
      {R"("id2label": {})", "id2label must be an object of at least one label"},
      {R"("id2label": {"1": "a", "2": "b"})", "id2label must name the ids 0 to 1"},
      {R"("id2label": {"0": "a", "00": "b"})", "id2label must name the ids 0 to 1"},
      {R"("id2label": {"0": "a", "x": "b"})", "id2label must name the ids 0 to 1"},
      {R"("id2label": {"0": "a", "1": null})", "id2label must name the ids 0 to 1"},
      {R"("num_labels": 0)", "num_labels must be"},
      {R"("num_labels": 2000000000)", "num_labels must be at most"}};
  for (const auto& [field, message] : cases) {
    SCOPED_TRACE(field);
    const auto config = read(fmt::format(R"({{"model_type": "bert", {}}})", field));
    expect_error(config, message);
    expect_error(config, "config.json: ");
  }
  expect_error(read(R"({"hidden_size": 768})"), "config.json: model_type is missing");
  expect_error(read(R"({"model_type": 3})"), "config.json: model_type must be a string");
  expect_error(read(R"({"model_type": "roberta", "pad_token_id": null})"), "pad_token_id must be an integer");
}

}  // namespace
}  // namespace incipit
