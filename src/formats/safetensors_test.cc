#include "formats/safetensors.h"

#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "formats/format_test_util.h"

namespace incipit {
namespace {

std::vector<float> counting(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.5f);
  return values;
}

class Safetensors : public FolderTest {};

TEST_F(Safetensors, WritesTheFormatOfThePythonPackage) {
  const std::vector<float> values = {1.0f, -2.0f, 0.5f};
  // safetensors.torch.save({"b": [[1.0]], "a.x": [-2.0, 0.5]}, {"format": "pt"})
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"a.x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
      R"("b":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]}} )";
  const float data[] = {-2.0f, 0.5f, 1.0f};
  const std::string expected =
      safetensors_bytes(header, std::string_view(reinterpret_cast<const char*>(data), sizeof(data)));
  const std::span<const float> all = values;
  EXPECT_EQ(serialize_safetensors({{"b", {1, 1}, all.first(1)}, {"a.x", {2}, all.subspan(1)}}), expected);
}

TEST_F(Safetensors, WritesFilesOfTheKnownSizes) {
  const std::vector<float> values = counting(16 * 4096);
  const std::span<const float> all = values;
  EXPECT_EQ(serialize_safetensors({{"prompt_embeddings", {16, 4096}, all}}).size(), 262264u);
  EXPECT_EQ(serialize_safetensors({{"prompt_embeddings", {2, 4096}, all.first(2 * 4096)}}).size(), 32888u);
}

TEST_F(Safetensors, ReadsBackWhatItWrites) {
  const std::vector<float> values = counting(6);
  const auto path =
      write("a.safetensors", serialize_safetensors({{"m", {2, 3}, values}, {"empty", {0, 3}, {}}}));
  const auto store = TensorStore::open(path);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(store->path(), path);
  ASSERT_EQ(store->tensors().size(), 2u);
  EXPECT_EQ(store->tensors()[0].name, "empty");
  EXPECT_EQ(store->tensors()[1].element_count(), 6);
  EXPECT_EQ(store->find("none"), nullptr);
  const auto matrix = store->matrix("m", -1, 3);
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(matrix->rows(), 2);
  EXPECT_TRUE(std::equal(values.begin(), values.end(), matrix->data()));
  EXPECT_EQ(store->matrix("empty", 0, 3)->size(), 0);
}

TEST_F(Safetensors, NamesTheTensorAndBothShapes) {
  const std::vector<float> values = counting(6);
  const auto path =
      write("a.safetensors", serialize_safetensors({{"m", {2, 3}, values}, {"v", {6}, values}}));
  const auto store = TensorStore::open(path);
  ASSERT_TRUE(store);
  expect_error(store->matrix("m", 3, -1), "a.safetensors: tensor \"m\" has shape [2, 3], [3, -1] is needed");
  expect_error(store->matrix("v", 2, 3), "tensor \"v\" has shape [6], [2, 3] is needed");
  expect_error(store->vector("m", 6), "tensor \"m\" has shape [2, 3], [6] is needed");
  expect_error(store->vector("w", 6), "a.safetensors: has no tensor \"w\"");
  EXPECT_EQ(store->vector("v", -1)->cols(), 6);
}

TEST_F(Safetensors, ConvertsHalfPrecisionAndRefusesIntegers) {
  const std::string header =
      R"({"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1,1],)"
      R"("data_offsets":[4,6]},"i":{"dtype":"I64","shape":[1],"data_offsets":[6,14]}})";
  const std::string data("\x00\x3c\x00\xc0\x40\x40\x01\x00\x00\x00\x00\x00\x00\x00", 14);
  const auto store = TensorStore::open(write("a.safetensors", safetensors_bytes(header, data)));
  ASSERT_TRUE(store) << store.error().message;
  const auto half = store->vector("h", 2);
  ASSERT_TRUE(half);
  EXPECT_EQ(half->data()[0], 1.0f);
  EXPECT_EQ(half->data()[1], -2.0f);
  EXPECT_EQ(store->matrix("b", 1, 1)->data()[0], 3.0f);
  expect_error(store->vector("i", 1), "tensor \"i\" is i64, a floating type is needed");
}

TEST_F(Safetensors, FindsANonFiniteValueAnywhere) {
  const std::size_t count = 700'000;  // several blocks for each of two threads
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{4097}, count / 2, count - 1}) {
      std::vector<float> values(count, std::numeric_limits<float>::max());
      values[at] = bad;
      const auto store =
          TensorStore::open(write("a.safetensors", serialize_safetensors({{"w", {1, 700000}, values}})));
      ASSERT_TRUE(store);
      expect_error(store->matrix("w", 1, -1), fmt::format("at element {}", at));
    }
  }
}

class Shards : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    write("one.safetensors", serialize_safetensors({{"a", {2}, first_}, {"extra", {2}, first_}}));
    write("two.safetensors", serialize_safetensors({{"b", {3}, second_}, {"a", {3}, second_}}));
  }

  Result<TensorStore> open_with_map(std::string_view weight_map) const {
    write("model.safetensors.index.json",
          fmt::format(R"({{"metadata": {{}}, "weight_map": {}}})", weight_map));
    return TensorStore::open(folder_);
  }

  std::vector<float> first_ = {1.0f, 2.0f};
  std::vector<float> second_ = {3.0f, 4.0f, 5.0f};
};

TEST_F(Shards, TakesEachTensorFromTheShardThatIsNamed) {
  const auto store = open_with_map(R"({"b": "two.safetensors", "a": "one.safetensors"})");
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_EQ(store->tensors().size(), 2u);
  EXPECT_EQ(store->vector("a", 2)->data()[1], 2.0f);
  EXPECT_EQ(store->vector("b", 3)->data()[2], 5.0f);
  EXPECT_TRUE(TensorStore::open(folder_ / "model.safetensors.index.json"));
}

TEST_F(Shards, NamesATensorThatItsShardLacks) {
  const auto store = open_with_map(R"({"b": "one.safetensors", "a": "one.safetensors"})");
  expect_error(store, "one.safetensors: lacks tensor \"b\"");
  expect_error(store, "model.safetensors.index.json");
}

TEST_F(Shards, RefusesFilesOutsideTheFolder) {
  for (const char* name : {"../one.safetensors", "/etc/passwd", "..", ".", "", "a/b", "a\\\\b", "a\\u0000b"})
    expect_error(open_with_map(fmt::format(R"({{"a": "{}"}})", name)), "must be the plain name of a file");
  expect_error(open_with_map(R"({"a": 3})"), "weight_map of tensor \"a\" must be the plain name");
  expect_error(open_with_map("{}"), "weight_map must be an object");
  expect_error(open_with_map("[]"), "weight_map must be an object");
  expect_error(open_with_map(R"({"a": "three.safetensors"})"), "three.safetensors: No such file");
}

TEST_F(Shards, SaysWhatAFolderLacks) {
  expect_error(TensorStore::open(folder_), "has neither model.safetensors nor model.safetensors.index.json");
  write("pytorch_model.bin", "x");
  expect_error(TensorStore::open(folder_), "has only pytorch_model.bin");
}

}  // namespace
}  // namespace incipit
