#include <cstring>

#include "formats/format_test_util.h"
#include "formats/tensor_store.h"

namespace incipit {
namespace {

std::filesystem::path golden(const char* name) {
  return std::filesystem::path(INCIPIT_SOURCE_DIR) / "tests" / "golden" / "gguf" / name;
}

/// Bit for bit what the gguf package makes of the same blocks: extreme and subnormal scales, negative zeros.
TEST(GgufGolden, EveryTypeIsDequantisedAsByItsPackage) {
  const auto file = TensorStore::open(golden("types.gguf"));
  ASSERT_TRUE(file) << file.error().message;
  const auto expected = TensorStore::open(golden("types.safetensors"));
  ASSERT_TRUE(expected) << expected.error().message;
  ASSERT_EQ(expected->tensors().size(), 11u);
  for (const StoredTensor& tensor : expected->tensors()) {
    SCOPED_TRACE(tensor.name);
    const StoredTensor* stored = file->find(tensor.name);
    ASSERT_NE(stored, nullptr);
    EXPECT_EQ(stored->shape, tensor.shape);
    const bool is_matrix = tensor.shape.size() == 2;
    const auto values = is_matrix ? file->matrix(tensor.name, -1, -1) : file->vector(tensor.name, -1);
    ASSERT_TRUE(values) << values.error().message;
    ASSERT_EQ(values->values().size_bytes(), tensor.bytes.size());
    for (std::int64_t i = 0; i < values->size(); ++i) {
      std::uint32_t ours = 0, theirs = 0;
      std::memcpy(&ours, values->data() + i, 4);
      std::memcpy(&theirs, tensor.bytes.data() + 4 * i, 4);
      ASSERT_EQ(ours, theirs) << "element " << i;
    }
  }
}

}  // namespace
}  // namespace incipit
