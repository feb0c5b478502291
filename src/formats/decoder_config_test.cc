#include "formats/decoder_config.h"

#include "formats/format_test_util.h"

namespace incipit {
namespace {

class DecoderConfigTest : public FolderTest {
 protected:
  Result<HfConfig> read(std::string_view type, std::string_view fields) const {
    write("config.json",
          fmt::format(R"({{"model_type": "{}"{}{}}})", type, fields.empty() ? "" : ", ", fields));
    return read_hf_config(folder_);
  }
};

TEST_F(DecoderConfigTest, FillsMissingFieldsAsTransformersDoes) {
  struct Case {
    const char* model_type;
    std::int64_t vocab_size, hidden, inner, layers, heads, key_value_heads, head_dim, positions;
    const char* act;
    bool tied, attention_bias;
    std::int64_t window;  // of the first layer; -1: none are kept
  };
  const Case cases[] = {{"gpt2", 50257, 768, 3072, 12, 12, 12, 64, 1024, "gelu_new", true, true, -1},
                        {"llama", 32000, 4096, 11008, 32, 32, 32, 128, 2048, "silu", false, false, -1},
                        {"mistral", 32000, 4096, 14336, 32, 32, 8, 128, 131072, "silu", false, false, 4096},
                        {"qwen2", 151936, 4096, 22016, 32, 32, 32, 128, 32768, "silu", false, true, 0}};
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.model_type);
    const auto config = read(expected.model_type, "");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->vocab_size, expected.vocab_size);
    EXPECT_EQ(config->hidden_size, expected.hidden);
    EXPECT_EQ(config->intermediate_size, expected.inner);
    EXPECT_EQ(config->num_hidden_layers, expected.layers);
    EXPECT_EQ(config->num_attention_heads, expected.heads);
    EXPECT_EQ(config->num_key_value_heads, expected.key_value_heads);
    EXPECT_EQ(config->head_dim, expected.head_dim);
    EXPECT_EQ(config->max_position_embeddings, expected.positions);
    EXPECT_EQ(config->hidden_act, expected.act);
    EXPECT_EQ(config->tie_word_embeddings, expected.tied);
    EXPECT_EQ(config->attention_bias, expected.attention_bias);
    EXPECT_EQ(config->attention_windows.empty(), expected.window < 0);
    if (expected.window >= 0) {
      EXPECT_EQ(config->attention_windows.front(), expected.window);
    }
    EXPECT_EQ(config->rope.type, "default");
    EXPECT_EQ(config->rope.theta, 10000);
    EXPECT_EQ(config->classifier_dropout, 0);
  }
}

TEST_F(DecoderConfigTest, ReadsGpt2) {
  const auto config =
      read("gpt2", R"("n_embd": 60, "n_layer": 3, "n_head": 5, "n_positions": 100, "n_inner": 70,
    "layer_norm_epsilon": 1e-4, "activation_function": "relu", "resid_pdrop": 0.2, "embd_pdrop": 0.3,
    "attn_pdrop": 0.4, "scale_attn_by_inverse_layer_idx": true, "scale_attn_weights": false)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->hidden_size, 60);
  EXPECT_EQ(config->intermediate_size, 70);
  EXPECT_EQ(config->max_position_embeddings, 100);
  EXPECT_EQ(config->head_dim, 12);
  EXPECT_EQ(config->layer_norm_eps, 1e-4);
  EXPECT_EQ(config->hidden_act, "relu");
  EXPECT_EQ(config->hidden_dropout, 0.2);
  EXPECT_EQ(config->embedding_dropout, 0.3);
  EXPECT_EQ(config->attention_dropout, 0.4);
  EXPECT_TRUE(config->scale_attn_by_inverse_layer_idx);
  EXPECT_FALSE(config->scale_attn_weights);
  EXPECT_EQ(read("gpt2", R"("hidden_size": 48, "n_inner": null)")->intermediate_size, 192);
}

TEST_F(DecoderConfigTest, ReadsLlamaOfOldAndNewReleases) {
  const auto old = read("llama", R"("hidden_size": 576, "num_attention_heads": 9, "num_key_value_heads": 3,
    "head_dim": 32, "rms_norm_eps": 1e-5, "rope_theta": 100000, "attention_bias": true, "mlp_bias": true,
    "tie_word_embeddings": true, "pad_token_id": -1, "rope_scaling": {"type": "linear", "factor": 4.0})");
  ASSERT_TRUE(old) << old.error().message;
  EXPECT_EQ(old->num_key_value_heads, 3);
  EXPECT_EQ(old->head_dim, 32);
  EXPECT_EQ(old->rms_norm_eps, 1e-5);
  EXPECT_TRUE(old->attention_bias && old->mlp_bias && old->tie_word_embeddings);
  EXPECT_EQ(old->rope.type, "linear");
  EXPECT_EQ(old->rope.theta, 100000);
  EXPECT_EQ(old->rope.factor, 4);
  const auto now = read("llama", R"("num_key_value_heads": null, "rope_parameters": {"rope_type": "llama3",
    "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192})");
  ASSERT_TRUE(now) << now.error().message;
  EXPECT_EQ(now->num_key_value_heads, 32);
  EXPECT_EQ(now->rope.type, "llama3");
  EXPECT_EQ(now->rope.theta, 500000);
  EXPECT_EQ(now->rope.factor, 8);
  EXPECT_EQ(now->rope.high_freq_factor, 4);
  EXPECT_EQ(now->rope.original_max_position_embeddings, 8192);
}

TEST_F(DecoderConfigTest, ReadsWindowsByLayer) {
  using Windows = std::vector<std::int64_t>;
  const auto windows = [&](std::string_view type, std::string_view fields) {
    const auto config = read(type, fields);
    EXPECT_TRUE(config) << config.error().message;
    return config ? config->attention_windows : Windows();
  };
  EXPECT_EQ(windows("mistral", R"("num_hidden_layers": 2, "sliding_window": 5)"), (Windows{5, 5}));
  EXPECT_EQ(windows("mistral", R"("num_hidden_layers": 2, "sliding_window": null)"), (Windows{0, 0}));
  EXPECT_EQ(windows("qwen2", R"("num_hidden_layers": 3, "sliding_window": 5, "max_window_layers": 1)"),
            (Windows{0, 0, 0}));
  EXPECT_EQ(windows("qwen2", R"("num_hidden_layers": 3, "sliding_window": 5, "max_window_layers": 1,
                                "use_sliding_window": true)"),
            (Windows{0, 5, 5}));
  EXPECT_EQ(windows("qwen2", R"("num_hidden_layers": 2, "sliding_window": 5, "use_sliding_window": true,
                                "layer_types": ["sliding_attention", "full_attention"])"),
            (Windows{5, 0}));
}

TEST_F(DecoderConfigTest, NamesWhatIsWrong) {
  struct Case {
    const char *type, *fields, *message;
  };
  const Case cases[] = {
      {"llama", R"("rope_scaling": {"rope_type": "yarn", "factor": 4.0})",
       "rope_type must be default, linear or llama3, not \"yarn\""},
      {"llama", R"("rope_scaling": {"type": "dynamic", "factor": 4.0})", "rope_type must be"},
      {"llama", R"("rope_parameters": {"type": "linear"})", "rope_type linear needs a factor"},
      {"llama", R"("rope_parameters": {"type": "linear", "factor": -1})", "factor must be a number"},
      {"llama", R"("rope_parameters": {"rope_type": "llama3", "factor": 8.0})", "needs low_freq_factor"},
      {"llama", R"("rope_parameters": 3)", "rope_parameters must be an object"},
      {"llama", R"("rope_parameters": {"partial_rotary_factor": 0.5})",
       "partial_rotary_factor is not supported"},
      {"llama", R"("rope_theta": 0)", "rope_theta must be"},
      {"llama", R"("num_attention_heads": 9, "hidden_size": 576, "num_key_value_heads": 2)",
       "num_attention_heads 9 must be a multiple of num_key_value_heads 2"},
      {"llama", R"("hidden_size": 4097)", "hidden_size 4097 must be a multiple of num_attention_heads 32"},
      {"llama", R"("head_dim": 33)", "head_dim 33 must be even"},
      {"llama", R"("num_hidden_layers": 5000)", "num_hidden_layers must be at most 4096"},
      {"llama", R"("attention_bias": 1)", "attention_bias must be true or false"},
      {"llama", R"("rms_norm_eps": 0)", "rms_norm_eps must be above 0"},
      {"gpt2", R"("layer_norm_epsilon": 0)", "layer_norm_epsilon must be above 0"},
      {"gpt2", R"("add_cross_attention": true)", "add_cross_attention is not supported"},
      {"gpt2", R"("n_embd": "x")", "n_embd must be an integer"},
      {"mistral", R"("sliding_window": 0)", "sliding_window must be an integer from 1"},
      {"qwen2", R"("layer_types": ["full_attention"])",
       "layer_types names 1 layers, num_hidden_layers is 32"},
      {"qwen2", R"("num_hidden_layers": 1, "layer_types": ["sliding_attention"])",
       "no sliding_window is used"},
      {"qwen2", R"("num_hidden_layers": 1, "layer_types": ["chunked_attention"])", "\"chunked_attention\""}};
  for (const Case& wrong : cases) {
    SCOPED_TRACE(wrong.fields);
    const auto config = read(wrong.type, wrong.fields);
    expect_error(config, wrong.message);
    expect_error(config, "config.json: ");
  }
}

}  // namespace
}  // namespace incipit
