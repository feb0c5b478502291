#include "formats/gguf.h"

#include "formats/gguf_config.h"
#include "formats/gguf_names.h"
#include "formats/gguf_test_util.h"
#include "formats/tensor_store.h"

namespace incipit {
namespace {

using Type = GgufValueType;

class Gguf : public FolderTest {
 protected:
  Result<GgufFile> open(const std::string& bytes) const { return GgufFile::open(write("m.gguf", bytes)); }
  Result<GgufConfig> config(const std::vector<std::string>& pairs, std::vector<GgufSpec> tensors = {}) const {
    tensors.insert(tensors.begin(), tiny_gguf_words());
    INCIPIT_TRY(const GgufFile file, open(gguf_bytes(pairs, tensors)));
    return read_gguf_config(file);
  }
  static std::vector<std::string> with(std::vector<std::string> pairs, const std::string& pair) {
    pairs.push_back(pair);
    return pairs;
  }
};

TEST_F(Gguf, ReadsMetadataOfEveryType) {
  std::string nested = raw(Type::array) + raw<std::uint64_t>(2);
  nested += raw(Type::u8) + raw<std::uint64_t>(1) + "\x07";
  nested += raw(Type::text) + raw<std::uint64_t>(1) + gguf_text("deep");
  for (const std::uint32_t version : {2u, 3u}) {
    const auto file = open(gguf_bytes(
        {gguf_pair("u8", Type::u8, raw<std::uint8_t>(255)), gguf_pair("i8", Type::i8, raw<std::int8_t>(-1)),
         gguf_pair("u16", Type::u16, raw<std::uint16_t>(65535)),
         gguf_pair("i16", Type::i16, raw<std::int16_t>(-2)), gguf_pair("u32", 4294967295u),
         gguf_pair("i32", Type::i32, raw(-3)), gguf_pair("f32", 0.5f),
         gguf_pair("yes", Type::boolean, "\x01"), gguf_pair("text", "some text"),
         gguf_pair("u64", Type::u64, raw(std::uint64_t{1} << 40)),
         gguf_pair("i64", Type::i64, raw(std::int64_t{-4})), gguf_pair("f64", Type::f64, raw(0.25)),
         gguf_pair("texts", Type::array,
                   raw(Type::text) + raw<std::uint64_t>(2) + gguf_text("a") + gguf_text("")),
         gguf_pair("numbers", Type::array,
                   raw(Type::i16) + raw<std::uint64_t>(2) + raw<std::int16_t>(-5) + raw<std::int16_t>(6)),
         gguf_pair("nested", Type::array, nested), gguf_pair("after", 1u)},
        {}, version));
    ASSERT_TRUE(file) << file.error().message;
    const auto integer = [&](const char* key) { return **file->integer(key, INT64_MIN, INT64_MAX); };
    EXPECT_EQ(integer("u8"), 255);
    EXPECT_EQ(integer("i8"), -1);
    EXPECT_EQ(integer("u16"), 65535);
    EXPECT_EQ(integer("i16"), -2);
    EXPECT_EQ(integer("u32"), 4294967295);
    EXPECT_EQ(integer("i32"), -3);
    EXPECT_EQ(integer("u64"), INT64_C(1) << 40);
    EXPECT_EQ(integer("i64"), -4);
    EXPECT_EQ(integer("after"), 1);
    EXPECT_EQ(**file->number("f32"), 0.5);
    EXPECT_EQ(**file->number("f64"), 0.25);
    EXPECT_EQ(**file->number("i32"), -3.0);
    EXPECT_TRUE(**file->boolean("yes"));
    EXPECT_EQ(**file->text("text"), "some text");
    EXPECT_EQ(**file->texts("texts"), (std::vector<std::string_view>{"a", ""}));
    EXPECT_EQ(**file->integers("numbers"), (std::vector<std::int64_t>{-5, 6}));
    EXPECT_EQ(*file->text("absent"), std::nullopt);
    expect_error(file->text("u8"), "m.gguf: u8 must be a text");
    expect_error(file->texts("numbers"), "numbers must be an array of texts");
    expect_error(file->integers("texts"), "texts must be an array of integers");
    expect_error(file->integer("text", 0, 9), "text must be an integer from 0 to 9");
    expect_error(file->integer("u8", 0, 9), "u8 must be an integer from 0 to 9, not 255");
    expect_error(file->boolean("u8"), "u8 must be a truth value");
  }
}

TEST_F(Gguf, ShapesAreOutermostFirstAndAlignmentIsKept) {
  const auto file =
      open(gguf_bytes({}, {{"a", {2, 3}, 0, counting(6)}, {"b", {5}, 1, std::string(10, 'x')}}));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors()[0].shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(file->tensors()[1].bytes.size(), 10u);
  EXPECT_EQ(std::to_integer<char>(file->tensors()[1].bytes[0]), 'x');
  EXPECT_EQ(file->find_tensor("b")->type->name(), "F16");
  EXPECT_EQ(file->find_tensor("c"), nullptr);

  const std::string pair = gguf_pair("general.alignment", 64u);
  const GgufSpec first{"a", {1}, 0, counting(1)}, second{"b", {1}, 0, counting(1, 9.0f)};
  std::string bytes = "GGUF" + raw(3u) + raw<std::uint64_t>(2) + raw<std::uint64_t>(1) + pair +
                      gguf_entry(first, 0) + gguf_entry(second, 64);
  bytes = padded_to(bytes, 64) + padded_to(first.data, 64) + second.data;
  const auto wide = open(bytes);
  ASSERT_TRUE(wide) << wide.error().message;
  EXPECT_EQ(std::memcmp(wide->find_tensor("b")->bytes.data(), second.data.data(), 4), 0);
}

TEST_F(Gguf, FindsTheOneFileOfAFolder) {
  EXPECT_EQ(*find_gguf(folder_), std::nullopt);
  const auto file = write("a.gguf", gguf_bytes({}, {}));
  EXPECT_EQ(*find_gguf(folder_), file);
  EXPECT_EQ(*find_gguf(file), file);
  EXPECT_EQ(*find_gguf(folder_ / "a.safetensors"), std::nullopt);
  write("b.gguf", gguf_bytes({}, {}));
  expect_error(find_gguf(folder_), "has 2 GGUF files, such as a.gguf and b.gguf");
  expect_error(TensorStore::open(folder_), "has 2 GGUF files, such as a.gguf and b.gguf");
  EXPECT_EQ(*find_gguf(file), file);
  write("config.json", "{}");
  EXPECT_EQ(*find_gguf(folder_), std::nullopt) << "a Hugging Face folder";
}

TEST_F(Gguf, ConfigOfLlama) {
  auto pairs = tiny_gguf_pairs();
  const auto plain = config(pairs);
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->vocab_size, 4);
  EXPECT_EQ(plain->num_hidden_layers, 2);
  EXPECT_EQ(plain->num_key_value_heads, 2);
  EXPECT_EQ(plain->head_dim, 4);
  EXPECT_EQ(plain->rope_theta, 10000.0);
  EXPECT_TRUE(plain->tie_word_embeddings);
  EXPECT_EQ(plain->rope_linear_factor, 1.0);
  EXPECT_FALSE(plain->attention_bias);
  EXPECT_FALSE(plain->bos_token_id);
  const HfConfig hf = hf_config(*plain);
  EXPECT_EQ(hf.model_type, "llama");
  EXPECT_EQ(hf.hidden_act, "silu");
  EXPECT_EQ(hf.hidden_size, 8);
  EXPECT_FLOAT_EQ(static_cast<float>(hf.layer_norm_eps), 1e-5f);

  for (const std::string& more :
       {gguf_pair("llama.attention.head_count_kv", 1u), gguf_pair("llama.rope.freq_base", 5e5f),
        gguf_pair("llama.rope.dimension_count", 4u), gguf_pair("llama.rope.scaling.type", "linear"),
        gguf_pair("llama.rope.scaling.factor", 4.0f), gguf_pair("tokenizer.ggml.bos_token_id", 1u),
        gguf_pair("tokenizer.ggml.eos_token_id", 2u), gguf_pair("tokenizer.ggml.padding_token_id", 3u)})
    pairs.push_back(more);
  const auto full = config(pairs, {{"output.weight", {8, 4}, 0, counting(32)},
                                   {"rope_freqs.weight", {2}, 0, raw(1.0f) + raw(8.0f)},
                                   {"blk.0.attn_q.bias", {8}, 0, counting(8)}});
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_EQ(full->num_key_value_heads, 1);
  EXPECT_EQ(full->rope_theta, 5e5);
  EXPECT_EQ(full->rope_linear_factor, 4.0);
  EXPECT_EQ(full->rope_factors, (std::vector<float>{1.0f, 8.0f}));
  EXPECT_TRUE(full->attention_bias);
  EXPECT_FALSE(full->tie_word_embeddings);
  EXPECT_EQ(full->bos_token_id, 1);
  EXPECT_EQ(full->eos_token_id, 2);
  EXPECT_EQ(full->pad_token_id, 3);
}

/// A chat model's turns end by a token of their own, which ends what it generates as well.
TEST_F(Gguf, ATextEndsByEitherEndToken) {
  const auto end_tokens = [&](const std::vector<std::string>& more) {
    auto pairs = tiny_gguf_pairs();
    pairs.insert(pairs.end(), more.begin(), more.end());
    const auto made = config(pairs);
    EXPECT_TRUE(made) << made.error().message;
    return hf_config(*made).end_tokens;
  };
  const std::string eos = gguf_pair("tokenizer.ggml.eos_token_id", 2u);
  const std::string eot = gguf_pair("tokenizer.ggml.eot_token_id", 3u);
  EXPECT_EQ(end_tokens({}), std::vector<std::int32_t>{});
  EXPECT_EQ(end_tokens({eos}), std::vector<std::int32_t>{2});
  EXPECT_EQ(end_tokens({eot}), std::vector<std::int32_t>{3});
  EXPECT_EQ(end_tokens({eot, eos}), (std::vector<std::int32_t>{2, 3}));
}

TEST_F(Gguf, ConfigNamesWhatIsWrong) {
  const auto refused = [&](const std::string& pair, std::string_view message,
                           std::vector<GgufSpec> more = {}) {
    SCOPED_TRACE(message);
    auto pairs = tiny_gguf_pairs();
    const std::string key = pair.substr(0, 8 + *reinterpret_cast<const std::uint64_t*>(pair.data()));
    std::erase_if(pairs, [&](const std::string& old) { return old.starts_with(key); });
    expect_error(config(with(pairs, pair), std::move(more)), message);
  };
  refused(gguf_pair("general.architecture", "mamba"),
          "m.gguf: general.architecture \"mamba\" is not supported; supported are gpt2, llama, qwen2");
  refused(gguf_pair("llama.block_count", 0u), "llama.block_count must be an integer from 1 to");
  refused(gguf_pair("llama.block_count", "two"), "llama.block_count must be an integer from 1 to");
  refused(gguf_pair("llama.embedding_length", 16u),
          "token_embd.weight has shape [4, 8], [vocabulary, 16] is right");
  refused(gguf_pair("llama.attention.head_count", 3u),
          "llama.embedding_length 8 must be a multiple of llama.attention.head_count 3");
  refused(gguf_pair("llama.attention.head_count_kv", 3u),
          "must be a multiple of llama.attention.head_count_kv 3");
  refused(gguf_pair("llama.attention.value_length", 5u), "llama.attention.value_length 5 must be");
  refused(gguf_pair("llama.attention.layer_norm_rms_epsilon", -1.0f),
          "layer_norm_rms_epsilon must be above 0");
  refused(gguf_pair("llama.rope.dimension_count", 2u), "llama.rope.dimension_count is 2, only the whole of");
  refused(gguf_pair("llama.rope.scaling.type", "yarn"), "llama.rope.scaling.type \"yarn\" is not supported");
  refused(gguf_pair("llama.rope.scaling.type", "linear"), "llama.rope.scaling.factor is missing");
  refused(gguf_pair("llama.expert_count", 8u),
          "llama.expert_count is 8: a mixture of experts is not supported");
  refused(gguf_pair("split.count", 3u), "is one of 3 parts");
  refused(gguf_pair("tokenizer.ggml.bos_token_id", 4u), "bos_token_id must be an integer from 0 to 3, not 4");
  for (const char* name : {"eos", "eot"}) {
    const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
    const std::string wanted = key + " must be an integer from 0 to 3";
    refused(gguf_pair(key, 4u), wanted + ", not 4");
    refused(gguf_pair(key, 4294967295u), wanted + ", not 4294967295");
    refused(gguf_pair(key, "</s>"), wanted);
    refused(gguf_pair(key, 2.0f), wanted);
  }
  refused(gguf_pair("x", 1u), "tensor rope_freqs.weight has shape [3], [2] is right",
          {{"rope_freqs.weight", {3}, 0, counting(3, 1.0f)}});
  refused(gguf_pair("x", 1u), "tensor rope_freqs.weight holds 0",
          {{"rope_freqs.weight", {2}, 0, counting(2)}});
  for (const std::string& pair : tiny_gguf_pairs()) {
    auto pairs = tiny_gguf_pairs();
    std::erase(pairs, pair);
    expect_error(config(pairs), "is missing");
  }
  expect_error(read_gguf_config(*open(gguf_bytes(tiny_gguf_pairs(), {}))),
               "tensor token_embd.weight is missing");
}

TEST(GgufNames, AreThoseOfTransformers) {
  const auto name = [](const char* architecture, const char* tensor) {
    return hf_tensor_name(architecture, tensor).name;
  };
  EXPECT_EQ(name("llama", "token_embd.weight"), "model.embed_tokens.weight");
  EXPECT_EQ(name("llama", "output_norm.weight"), "model.norm.weight");
  EXPECT_EQ(name("llama", "output.weight"), "lm_head.weight");
  EXPECT_EQ(name("llama", "blk.12.attn_q.weight"), "model.layers.12.self_attn.q_proj.weight");
  EXPECT_EQ(name("llama", "blk.0.attn_output.weight"), "model.layers.0.self_attn.o_proj.weight");
  EXPECT_EQ(name("llama", "blk.0.attn_norm.weight"), "model.layers.0.input_layernorm.weight");
  EXPECT_EQ(name("llama", "blk.0.ffn_norm.weight"), "model.layers.0.post_attention_layernorm.weight");
  EXPECT_EQ(name("llama", "blk.0.ffn_gate.weight"), "model.layers.0.mlp.gate_proj.weight");
  EXPECT_EQ(name("qwen2", "blk.3.attn_k.bias"), "model.layers.3.self_attn.k_proj.bias");
  EXPECT_EQ(name("qwen2", "blk.3.ffn_up.weight"), "model.layers.3.mlp.up_proj.weight");
  EXPECT_EQ(name("gpt2", "position_embd.weight"), "transformer.wpe.weight");
  EXPECT_EQ(name("gpt2", "blk.3.attn_qkv.bias"), "transformer.h.3.attn.c_attn.bias");
  EXPECT_EQ(name("gpt2", "blk.3.ffn_down.weight"), "transformer.h.3.mlp.c_proj.weight");
  EXPECT_EQ(name("gpt2", "output_norm.bias"), "transformer.ln_f.bias");
  for (const char* kept :
       {"rope_freqs.weight", "blk.attn_q.weight", "blk..attn_q.weight", "blk.1x.attn_q.weight",
        "blk.1.attn_q.scale", "blk.1.attn_q", "x", "", ".", "blk.", "blk.1", "output.weight.weight"})
    EXPECT_EQ(name("llama", kept), kept);
  EXPECT_EQ(name("mamba", "output.weight"), "output.weight");
  EXPECT_FALSE(hf_tensor_name("gpt2", "blk.0.attn_qkv.bias").transposed);
  EXPECT_TRUE(hf_tensor_name("gpt2", "blk.0.attn_qkv.weight").transposed);
}

/// Of head_dim 4, the file has the rows 0, 2, 1, 3 of each head.
TEST_F(Gguf, LlamasQueryAndKeyRowsAreSetRight) {
  const auto reordered = [](std::size_t heads, std::size_t cols) {
    std::string data;
    for (std::size_t head = 0; head < heads; ++head)
      for (const std::size_t row : {0, 2, 1, 3})
        data += counting(cols, static_cast<float>((head * 4 + row) * cols));
    return data;
  };
  for (const bool llama : {true, false}) {
    const std::string architecture = llama ? "llama" : "qwen2";
    auto pairs = tiny_gguf_pairs(architecture);
    pairs.push_back(gguf_pair(architecture + ".attention.head_count_kv", 1u));
    const auto stored = [&](std::size_t heads, std::size_t cols) {
      return llama ? reordered(heads, cols) : counting(heads * 4 * cols);
    };
    const auto path =
        write(architecture + ".gguf", gguf_bytes(pairs, {tiny_gguf_words(),
                                                         {"blk.0.attn_q.weight", {8, 8}, 0, stored(2, 8)},
                                                         {"blk.0.attn_q.bias", {8}, 0, stored(2, 1)},
                                                         {"blk.0.attn_k.weight", {8, 4}, 0, stored(1, 8)},
                                                         {"blk.0.attn_v.weight", {8, 4}, 0, counting(32)}}));
    const auto store = TensorStore::open(path);
    ASSERT_TRUE(store) << store.error().message;
    const auto expect_counting = [](const Result<Matrix>& values) {
      ASSERT_TRUE(values) << values.error().message;
      for (std::int64_t i = 0; i < values->size(); ++i) EXPECT_EQ(values->data()[i], static_cast<float>(i));
    };
    expect_counting(store->matrix("model.layers.0.self_attn.q_proj.weight", 8, 8));
    expect_counting(store->vector("model.layers.0.self_attn.q_proj.bias", 8));
    expect_counting(store->matrix("model.layers.0.self_attn.k_proj.weight", 4, 8));
    expect_counting(store->matrix("model.layers.0.self_attn.v_proj.weight", 4, 8));
    expect_counting(store->matrix("model.embed_tokens.weight", 4, 8));
  }
  const auto odd = TensorStore::open(write(
      "odd.gguf",
      gguf_bytes(tiny_gguf_pairs(), {tiny_gguf_words(), {"blk.0.attn_q.weight", {8, 6}, 0, counting(48)}})));
  expect_error(odd, "tensor \"blk.0.attn_q.weight\" has 6 rows, 2 heads need a multiple of 4");
}

TEST_F(Gguf, Gpt2sConvolutionsAreTransposedBack) {
  std::string transposed;  // of the 40 x 3 matrix that counts up
  for (int row = 0; row < 3; ++row)
    for (int col = 0; col < 40; ++col) transposed += raw(static_cast<float>(col * 3 + row));
  const auto store = TensorStore::open(
      write("m.gguf", gguf_bytes(tiny_gguf_pairs("gpt2"), {tiny_gguf_words(),
                                                           {"blk.0.ffn_up.weight", {40, 3}, 0, transposed},
                                                           {"blk.0.ffn_up.bias", {3}, 0, counting(3)}})));
  ASSERT_TRUE(store) << store.error().message;
  const auto weight = store->matrix("transformer.h.0.mlp.c_fc.weight", 40, 3);
  ASSERT_TRUE(weight) << weight.error().message;
  for (std::int64_t i = 0; i < 120; ++i) EXPECT_EQ(weight->data()[i], static_cast<float>(i));
  EXPECT_TRUE(store->vector("transformer.h.0.mlp.c_fc.bias", 3));
  expect_error(
      TensorStore::open(
          write("odd.gguf", gguf_bytes(tiny_gguf_pairs("gpt2"),
                                       {tiny_gguf_words(), {"blk.0.ffn_up.weight", {3}, 0, counting(3)}}))),
      "tensor \"blk.0.ffn_up.weight\" has 1 dimensions, 2 are right");
}

TEST_F(Gguf, NotANumberIsNamed) {
  std::string block = std::string(2, '\0') + std::string(32, '\x01');
  block[1] = '\x7c';  // infinity
  const auto store = TensorStore::open(
      write("m.gguf", gguf_bytes(tiny_gguf_pairs(), {tiny_gguf_words(), {"x", {32, 2}, 8, block + block}})));
  ASSERT_TRUE(store) << store.error().message;
  expect_error(store->matrix("x", 2, 32), "m.gguf: tensor \"x\" holds inf at element 0");
  expect_error(store->matrix("x", 2, 64), "tensor \"x\" has shape [2, 32], [2, 64] is needed");
}

}  // namespace
}  // namespace incipit
