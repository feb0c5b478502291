// Every reader of this folder against every kind of bad file: an error of one line that has the file's name,
// and no crash.
#include <functional>
#include <unistd.h>
#include <vector>

#include "formats/format_test_util.h"
#include "formats/gguf_test_util.h"
#include "formats/hf_config.h"
#include "formats/peft_adapter.h"
#include "formats/safetensors.h"
#include "formats/torch_pickle.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;

/// Reads the file at a path and returns the error's message, or "" where there was none.
using Read = std::function<std::string(const fs::path&)>;

template <typename T>
std::string message_of(const Result<T>& result) {
  return result ? "" : result.error().message;
}

struct Reader {
  std::string file_name;
  std::string valid;
  Read read;
};

std::string sized_safetensors() {
  std::vector<float> values(4096, 0.25f);
  return serialize_safetensors({{"a", {64, 64}, values}, {"prompt_embeddings", {4096}, values}});
}

std::string sized_gguf() {
  std::vector<std::string> pairs = tiny_gguf_pairs();
  std::string texts = raw(GgufValueType::text) + raw<std::uint64_t>(100);
  for (int i = 0; i < 100; ++i) texts += gguf_text("token");
  pairs.push_back(gguf_pair("tokenizer.ggml.tokens", GgufValueType::array, texts));
  return gguf_bytes(pairs, {tiny_gguf_words(),
                            {"blk.0.attn_q.weight", {8, 8}, 0, counting(64)},
                            {"blk.0.ffn_up.weight", {32, 64}, 3, std::string(64 * 20, '\x11')},
                            {"blk.0.ffn_down.weight", {256, 8}, 14, std::string(8 * 210, '\x11')}});
}

/// JSON with a text that makes it several KiB long.
std::string padded(std::string json) {
  json.insert(1, R"("padding": ")" + std::string(5000, 'x') + R"(", )");
  return json;
}

std::string adapter_message(const fs::path& file) {
  return message_of(read_adapter_folder(file.parent_path()));
}

std::vector<Reader> readers() {
  const auto open = [](const fs::path& file) { return message_of(TensorStore::open(file)); };
  const auto torch = [](const fs::path& file) { return message_of(read_torch_state_dict(file)); };
  const fs::path golden = golden_adapters();
  return {
      {"model.safetensors", sized_safetensors(), open},
      {"model.gguf", sized_gguf(), open},
      {"model.safetensors.index.json", padded(R"({"weight_map": {"a": "shard.safetensors"}})"), open},
      {"config.json", padded(R"({"model_type": "bert"})"),
       [](const fs::path& file) { return message_of(read_hf_config(file)); }},
      {"adapter_config.json", padded(R"({"peft_type": "PROMPT_TUNING"})"), adapter_message},
      {"adapter_model.safetensors", sized_safetensors(), adapter_message},
      {"adapter_model.bin", *read_file(golden / "prompt_tuning_bin" / "adapter_model.bin"), adapter_message},
      {"zip.bin", *read_file(golden / "prompt_tuning_bin" / "adapter_model.bin"), torch},
      {"legacy.bin", *read_file(golden / "state_dicts" / "views_legacy.bin"), torch}};
}

class BadInput : public FolderTest {
 protected:
  /// Calls check(reader, file) for each reader, in a folder that has all that the reader needs but the file.
  void for_each_reader(const std::function<void(const Reader&, const fs::path&)>& check) const {
    for (const Reader& reader : readers()) {
      SCOPED_TRACE(reader.file_name);
      const std::string folder = "of." + reader.file_name;
      write(folder + "/shard.safetensors", sized_safetensors());
      if (reader.file_name.starts_with("adapter_model"))
        write(folder + "/adapter_config.json", R"({"peft_type": "X"})");
      if (reader.file_name == "adapter_config.json")
        write(folder + "/adapter_model.safetensors", sized_safetensors());
      check(reader, folder_ / folder / reader.file_name);
    }
  }

  static void expect_refused(const Reader& reader, const fs::path& file) {
    const std::string message = reader.read(file);
    EXPECT_NE(message, "") << "was accepted";
    EXPECT_NE(message.find(reader.file_name), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }

  static void expect_refused_content(const Reader& reader, const fs::path& file, std::string_view content) {
    ASSERT_TRUE(write_file(file, content));
    expect_refused(reader, file);
  }
};

TEST_F(BadInput, TheValidFilesAreAccepted) {
  for_each_reader([](const Reader& reader, const fs::path& file) {
    ASSERT_TRUE(write_file(file, reader.valid));
    EXPECT_EQ(reader.read(file), "");
  });
}

TEST_F(BadInput, Missing) {
  for_each_reader(expect_refused);
}

TEST_F(BadInput, Empty) {
  for_each_reader(
      [](const Reader& reader, const fs::path& file) { expect_refused_content(reader, file, ""); });
}

TEST_F(BadInput, Truncated) {
  for_each_reader([](const Reader& reader, const fs::path& file) {
    ASSERT_GT(reader.valid.size(), 512u);
    const std::size_t step = reader.valid.size() > 4096 ? 1024 : 64;
    for (std::size_t size = 0; size < reader.valid.size(); size += step)
      expect_refused_content(reader, file, std::string_view(reader.valid).substr(0, size));
    expect_refused_content(reader, file, std::string_view(reader.valid).substr(0, reader.valid.size() - 1));
  });
}

TEST_F(BadInput, AnotherKindOfFile) {
  for_each_reader([](const Reader& reader, const fs::path& file) {
    for (const std::string_view content :
         {"[1, 2]", "null", "\"text\"", "plain text", "PK\x03\x04 but no archive"})
      expect_refused_content(reader, file, content);
    expect_refused_content(reader, file, std::string(5000, '\xff'));
    expect_refused_content(reader, file, std::string(5000, '\0'));
  });
}

TEST_F(BadInput, BytesAfterTheEnd) {
  for_each_reader([](const Reader& reader, const fs::path& file) {
    if (reader.file_name == "zip.bin" || reader.file_name == "adapter_model.bin")
      return;  // zip allows a comment
    expect_refused_content(reader, file, reader.valid + "x");
    expect_refused_content(reader, file, reader.valid + std::string(1, '\0'));
  });
}

TEST_F(BadInput, ADirectory) {
  for_each_reader([](const Reader& reader, const fs::path& file) {
    fs::remove(file);
    fs::create_directories(file / "x");
    expect_refused(reader, file);
  });
}

TEST_F(BadInput, NoPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  for_each_reader([](const Reader& reader, const fs::path& file) {
    ASSERT_TRUE(write_file(file, reader.valid));
    fs::permissions(file, fs::perms::none);
    expect_refused(reader, file);
  });
}

TEST_F(BadInput, JsonThatIsNotUtf8OrRepeatsAKey) {
  for_each_reader([](const Reader& reader, const fs::path& file) {
    if (file.extension() != ".json") return;
    for (const char* start :
         {"{\"k\": \"\xff\", ", "{\"\xc3\x28\": 1, ", "{\"k\": 1, \"k\": 1, ", "{\"k\": {\"a\":1,\"a\":1}, "})
      expect_refused_content(reader, file, start + reader.valid.substr(1));
  });
}

/// A change of any one byte may leave the file right, but never crashes and never makes a long or many-lined
/// message.
TEST_F(BadInput, OneByteChanged) {
  for_each_reader([](const Reader& reader, const fs::path& file) {
    const std::size_t head = std::min<std::size_t>(reader.valid.size(), 600);
    for (std::size_t at = 0; at < reader.valid.size(); at += at < head ? 3 : 101) {
      std::string content = reader.valid;
      content[at] = static_cast<char>(content[at] ^ (at % 2 == 0 ? 0x80 : 0x13));
      ASSERT_TRUE(write_file(file, content));
      const std::string message = reader.read(file);
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      EXPECT_LT(message.size(), 1500u);
    }
  });
}

class LyingHeader : public FolderTest {};

TEST_F(LyingHeader, OfSafetensors) {
  const std::string eight(8, '\0');
  const std::pair<std::string, const char*> cases[] = {
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       "inside the tensor before it"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "leaving a hole"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       "its tensors take 4 bytes of data, the file has 8"},
      {R"({})", "its tensors take 0 bytes"},
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", "data_offsets [0, 12] do not fit"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", "data_offsets [8, 0] do not fit"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615]}})", "do not fit"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551624]}})",
       "two non-negative integers"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,-8]}})", "two non-negative integers"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", "two non-negative integers"},
      {R"({"a":{"dtype":"F32","shape":[2]}})", "two non-negative integers"},
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", "shape [3] does not take the 8 bytes"},
      {R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}})", "shape [2] does not take the 8 bytes"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}})",
       "does not take the 8 bytes"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8]}})",
       "does not take the 8 bytes"},
      {R"({"a":{"dtype":"U8","shape":[18446744073709551615,0],"data_offsets":[0,0]}})",
       "does not take the 0 bytes"},
      {R"({"a":{"dtype":"U8","shape":[4611686018427387904,3,0],"data_offsets":[0,0]}})",
       "does not take the 0 bytes"},
      {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})",
       "shape must be a list of non-negative integers"},
      {R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})",
       "shape must be a list of non-negative integers"},
      {R"({"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})",
       "shape must be a list of non-negative integers"},
      {R"({"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}})",
       "tensor \"a\": dtype \"F8_E4M3\" is not supported"},
      {R"({"a":{"dtype":3,"shape":[2],"data_offsets":[0,8]}})", "dtype must be a string"},
      {R"({"a":{"shape":[2],"data_offsets":[0,8]}})", "dtype must be a string"},
      {R"({"a":[0,8]})", "its header entry must be an object"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       "has the key \"a\" twice"},
      {R"({"__metadata__":{"format":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
       "__metadata__"},
      {R"({"__metadata__":"pt","a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "__metadata__"},
      {R"( {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "does not start with '{'"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})", "not valid JSON"},
      {"{\"\xff\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", "not valid JSON"}};
  for (const auto& [header, message] : cases) {
    SCOPED_TRACE(header);
    const auto store = TensorStore::open(write("lying.safetensors", safetensors_bytes(header, eight)));
    expect_error(store, message);
    expect_error(store, "lying.safetensors: ");
  }
}

TEST_F(LyingHeader, OfItsLength) {
  for (const std::uint64_t length :
       {UINT64_MAX, UINT64_MAX - 7, std::uint64_t{1} << 63, std::uint64_t{100'000'001}})
    expect_error(TensorStore::open(write("l.safetensors", little_endian(length) + "{}")),
                 "at most 100000000 are allowed");
  expect_error(TensorStore::open(write("l.safetensors", little_endian(3) + "{}")),
               "is cut off: its header is 3 bytes");
  expect_error(TensorStore::open(write("l.safetensors", little_endian(0))), "does not start with '{'");
}

/// A GGUF header of these counts, followed by `rest`.
std::string gguf_header(std::uint64_t tensors, std::uint64_t pairs, const std::string& rest,
                        std::uint32_t version = 3) {
  return "GGUF" + raw(version) + raw(tensors) + raw(pairs) + rest;
}

std::string gguf_array(GgufValueType type, std::uint64_t count, const std::string& elements = "") {
  return gguf_pair("k", GgufValueType::array, raw(type) + raw(count) + elements);
}

TEST_F(LyingHeader, OfGguf) {
  const auto type = [](std::uint32_t number) { return static_cast<GgufValueType>(number); };
  std::string deep;
  for (int i = 0; i < 6; ++i) deep += raw(GgufValueType::array) + raw<std::uint64_t>(1);
  const std::pair<std::string, const char*> cases[] = {
      {"GGUX" + gguf_header(0, 0, "").substr(4), "not a GGUF file, which starts with the letters GGUF"},
      {"GGU", "not a GGUF file"},
      {"GGUF", "the format's version"},
      {gguf_header(0, 0, "", 1), "is GGUF version 1, versions 2 and 3 are read"},
      {gguf_header(0, 0, "", 4), "is GGUF version 4, versions 2 and 3 are read"},
      {gguf_header(0, 0, "", 0x03000000u), "is a big-endian GGUF file, only little-endian ones are read"},
      {gguf_header(UINT64_MAX, 0, ""), "the number of tensors"},
      {gguf_header(0, UINT64_MAX, ""), "the number of metadata"},
      {gguf_header(0, 1, ""), "the number of metadata"},
      {gguf_header(0, 1, raw(UINT64_MAX) + std::string(40, 'x')),
       "\"a metadata key\" takes 18446744073709551615 bytes"},
      {gguf_header(0, 1, raw(UINT64_MAX - 30) + std::string(40, 'x')), "\"a metadata key\" takes"},
      {gguf_header(0, 1, gguf_pair("", 1u)), "has a metadata key that is empty"},
      {gguf_header(0, 2, gguf_pair("k", 1u) + gguf_pair("k", 2u)), "has the metadata key \"k\" twice"},
      {gguf_header(0, 1, gguf_pair("k", type(13), std::string(8, '\0'))),
       "\"k\" is of type 13, types are 0 to 12"},
      {gguf_header(0, 1, gguf_pair("k", GgufValueType::u64, "1234")), "\"k\" takes 8 bytes"},
      {gguf_header(0, 1, gguf_pair("k", GgufValueType::boolean, "\x02")),
       "\"k\" is 2, a truth value is 0 or 1"},
      {gguf_header(0, 1, gguf_pair("k", GgufValueType::text, raw<std::uint64_t>(9) + "short")),
       "\"k\" takes 9 bytes"},
      {gguf_header(0, 1, gguf_array(GgufValueType::u32, UINT64_MAX / 4 + 2)), "\"k\" is 4611686018427387905"},
      {gguf_header(0, 1, gguf_array(GgufValueType::text, 5, std::string(32, '\0'))),
       "\"k\" is 5, the 32 bytes left hold at most 4"},
      {gguf_header(0, 1, gguf_array(GgufValueType::text, 2, gguf_text("a") + raw<std::uint64_t>(3))),
       "\"k\" takes 3 bytes"},
      {gguf_header(0, 1, gguf_array(type(99), 0)), "\"k\" is of type 99"},
      {gguf_header(0, 1, gguf_pair("k", GgufValueType::array, deep + std::string(99, '\0'))),
       "\"k\" has arrays in arrays more than 4 deep"},
      {gguf_header(0, 1, gguf_pair("general.alignment", 24u)),
       "general.alignment must be a power of two, at most 1048576, not 24"},
      {gguf_header(0, 1, gguf_pair("general.alignment", 0u)), "general.alignment must be a power of two"},
      {gguf_header(0, 1, gguf_pair("general.alignment", "32")), "general.alignment must be a power of two"},
      {gguf_header(0, 1, gguf_pair("general.alignment", 0x80000000u)),
       "general.alignment must be a power of two"}};
  for (const auto& [bytes, message] : cases) {
    SCOPED_TRACE(message);
    const auto file = GgufFile::open(write("lying.gguf", bytes));
    expect_error(file, message);
    expect_error(file, "lying.gguf: ");
  }
}

TEST_F(LyingHeader, OfAGgufTensor) {
  const std::string data = counting(8);  // one aligned piece of 32 bytes
  const auto with = [&](const std::string& entries, std::uint64_t count = 1, int pieces = 1) {
    std::string bytes = padded_to(gguf_header(count, 0, entries), 32);
    for (int i = 0; i < pieces; ++i) bytes += data;
    return bytes;
  };
  const auto entry = [](std::vector<std::uint64_t> shape, std::uint32_t type = 0, std::uint64_t offset = 0) {
    return gguf_entry({"t", std::move(shape), type, ""}, offset);
  };
  const auto second = [](std::uint64_t offset) { return gguf_entry({"u", {8}, 0, ""}, offset); };
  EXPECT_TRUE(GgufFile::open(write("right.gguf", with(entry({8}) + second(32), 2, 2))));
  EXPECT_TRUE(GgufFile::open(write("right.gguf", with(entry({8}, 0, 32) + second(0), 2, 2))))
      << "in any order";
  const std::pair<std::string, const char*> cases[] = {
      {with(entry({8}) + entry({8}, 0, 32), 2, 2), "has tensor \"t\" twice"},
      {with(entry({})), "tensor \"t\" has 0 dimensions, 1 to 4 are allowed"},
      {with(entry({1, 1, 1, 1, 8})), "tensor \"t\" has 5 dimensions, 1 to 4 are allowed"},
      {with(entry({8, 0})), "tensor \"t\": dimension 1 is 0, at least 1"},
      {with(entry({UINT64_MAX})), "tensor \"t\": dimension 0 is 18446744073709551615"},
      {with(entry({std::uint64_t{1} << 32, std::uint64_t{1} << 32})), "is larger than any file"},
      {with(entry({std::uint64_t{1} << 62})), "is larger than any file"},
      {with(entry({8}, 16)),
       "tensor \"t\" is of type IQ2_XXS, which is not supported; supported are F32, F16"},
      {with(entry({8}, 10)), "is of type Q2_K, which is not supported"},
      {with(entry({8}, 4)), "is of type number 4, which is not supported"},
      {with(entry({8}, UINT32_MAX)), "is of type number 4294967295, which is not supported"},
      {with(entry({8}, 2)), "tensor \"t\" has rows of 8 weights, Q4_0 needs a multiple of 32"},
      {with(entry({128, 2}, 12)), "tensor \"t\" has rows of 128 weights, Q4_K needs a multiple of 256"},
      {with(entry({8}, 0, 32)), "tensor \"t\" begins at byte 32 of the data, leaving a hole; 0 is right"},
      {with(entry({8}, 0, UINT64_MAX)), "leaving a hole; 0 is right"},
      {with(entry({8}) + second(16), 2, 2),
       "tensor \"u\" begins at byte 16 of the data, inside the one before it or its padding; 32 is right"},
      {with(entry({7}) + second(28), 2, 2), "tensor \"u\" begins at byte 28"},
      {with(entry({8}) + second(64), 2, 3), "leaving a hole; 32 is right"},
      {with(entry({9})), "is cut off: tensor \"t\" takes 36 bytes at byte 0 of the data, which has 32"},
      {with(entry({8}), 1, 0), "is cut off: tensor \"t\" takes 32 bytes at byte 0 of the data, which has 0"},
      {with(entry({8}), 1, 2), "its contents end at byte"},
      {gguf_header(1, 0, entry({8})), "is cut off: its data begins at byte"},
      {gguf_header(1, 0, gguf_text("t") + raw(1u) + raw<std::uint64_t>(8) + raw(0u)), "\"t\" takes"}};
  for (const auto& [bytes, message] : cases) {
    SCOPED_TRACE(message);
    const auto file = GgufFile::open(write("lying.gguf", bytes));
    expect_error(file, message);
    expect_error(file, "lying.gguf: ");
  }
}

}  // namespace
}  // namespace incipit
