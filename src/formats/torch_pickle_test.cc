#include "formats/torch_pickle.h"

#include <cmath>
#include <cstring>

#include <nlohmann/json.hpp>

#include "formats/format_test_util.h"

namespace incipit {
namespace {

using namespace std::string_view_literals;
using Json = nlohmann::json;

std::string text(std::string_view value) {
  return fmt::format("X{}{}", little_endian(value.size()).substr(0, 4), value);
}

std::string integer(std::int32_t value) {
  return fmt::format("J{}", little_endian(static_cast<std::uint32_t>(value)).substr(0, 4));
}

/// The pickle of {"t": tensor}, a view of storage "0" of F32.
std::string one_tensor(std::int32_t storage_size, std::int32_t offset, std::string_view shape,
                       std::string_view strides, std::string_view before = "\x80\x02}") {
  return std::string(before) + text("t") + "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") +
         "ctorch\nFloatStorage\n" + text("0") + text("cpu") + integer(storage_size) + "tQ" + integer(offset) +
         std::string(shape) + std::string(strides) + "\x89" + "ccollections\nOrderedDict\n)RtRs.";
}

/// The list of one storage, "0", and its elements.
std::string storage_of(std::vector<float> values) {
  return "\x80\x02]" + text("0") + "a." + little_endian(values.size()) +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

class TorchPickle : public FolderTest {
 protected:
  Result<std::map<std::string, TorchTensor>> read(std::string_view pickle,
                                                  std::string_view rest = "\x80\x02].") const {
    return read_torch_state_dict(write("old.bin", legacy_torch_bytes(pickle, rest)));
  }
};

TEST_F(TorchPickle, ReadsViewsInRowMajorOrder) {
  const Json expected = Json::parse(*read_file(golden_adapters() / "expected.json")).at("state_dicts");
  const std::pair<const char*, const char*> files[] = {
      {"views.bin", "views"}, {"views_legacy.bin", "views"}, {"module.bin", "module"}};
  for (const auto& [name, key] : files) {
    SCOPED_TRACE(name);
    const auto tensors = read_torch_state_dict(golden_adapters() / "state_dicts" / name);
    ASSERT_TRUE(tensors) << tensors.error().message;
    const Json& wanted = expected.at(key);
    ASSERT_EQ(tensors->size(), wanted.size());
    for (const auto& [tensor_name, tensor] : *tensors) {
      SCOPED_TRACE(tensor_name);
      EXPECT_EQ(Json(tensor.shape), wanted.at(tensor_name).at("shape"));
      double weighted = 0.0;
      for (std::size_t i = 0; i < tensor.bytes.size() / sizeof(float); ++i) {
        float value;
        std::memcpy(&value, tensor.bytes.data() + i * sizeof(float), sizeof(float));
        weighted += static_cast<double>(i + 1) * value;
      }
      EXPECT_NEAR(weighted, wanted.at(tensor_name).at("weighted").get<double>(),
                  1e-9 * (1.0 + std::abs(weighted)));
    }
  }
}

TEST_F(TorchPickle, RefusesOtherGlobalsByName) {
  expect_error(read_torch_state_dict(golden_adapters() / "state_dicts" / "parameter.bin"),
               "parameter.bin: the global \"torch._utils._rebuild_parameter\" is refused");
  expect_error(read_torch_state_dict(golden_adapters() / "state_dicts" / "integers.bin"),
               "integers.bin: the global \"torch.LongStorage\" is refused");
  expect_error(read("\x80\x02"
                    "cos\nsystem\nX\x02\0\0\0id\x85R."sv),
               "old.bin: the global \"os.system\" is refused");
}

TEST_F(TorchPickle, RefusesDamagedAndCompressedArchives) {
  std::string bytes = *read_file(golden_adapters() / "state_dicts" / "views.bin");
  const float value = 1.0f / 7.0f;  // the second element of its storage
  const std::size_t at = bytes.find(std::string_view(reinterpret_cast<const char*>(&value), sizeof(value)));
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  expect_error(read_torch_state_dict(write("x.bin", bytes)), "x.bin: damaged zip archive: ");
  expect_error(read_torch_state_dict(golden_adapters() / "state_dicts" / "compressed.bin"),
               "compressed.bin: a zip archive that is compressed");
}

TEST_F(TorchPickle, ReadsAHandMadeFile) {
  const auto tensors = read(one_tensor(4, 1, "K\x03\x85", "K\x01\x85"), storage_of({1, 2, 3, 4}));
  ASSERT_TRUE(tensors) << tensors.error().message;
  float values[3];
  ASSERT_EQ(tensors->at("t").bytes.size(), sizeof(values));
  std::memcpy(values, tensors->at("t").bytes.data(), sizeof(values));
  EXPECT_EQ(values[0], 2.0f);
  EXPECT_EQ(values[2], 4.0f);
  // An axis of one element may have any stride, and an empty tensor lies anywhere.
  EXPECT_TRUE(read(one_tensor(4, 3, "K\x01\x85", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85"),
                   storage_of({1, 2, 3, 4})));
  EXPECT_TRUE(read(one_tensor(4, 4, "K\0K\x03\x86"sv, "K\x03K\x01\x86"), storage_of({1, 2, 3, 4})));
}

TEST_F(TorchPickle, RefusesViewsOutsideTheirStorage) {
  const std::pair<std::string, std::string> shapes[] = {
      {"K\x05\x85", "K\x01\x85"},                                                      // one too many
      {"K\x02\x85", "K\x04\x85"},                                                      // a stride too long
      {"K\x05K\x01\x86", std::string("K\0K\0\x86", 5)},                                // expanded
      {"J\xff\xff\xff\xff\x85", "K\x01\x85"},                                          // a negative size
      {"K\x02\x85", "J\xff\xff\xff\xff\x85"},                                          // a negative stride
      {"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85", "K\x02\x85"},                   // product overflows
      {"\x8a\x05\0\0\0\0\x01\x8a\x05\0\0\0\0\x01\x86", std::string("K\0K\0\x86", 5)},  // so does the count
  };
  for (const auto& [shape, strides] : shapes)
    expect_error(read(one_tensor(4, 0, shape, strides), storage_of({1, 2, 3, 4})), "old.bin: ");
  expect_error(read(one_tensor(4, -1, "K\x01\x85", "K\x01\x85"), storage_of({1, 2, 3, 4})),
               "do not fit its storage");
  expect_error(read(one_tensor(4, 5, "K\x01\x85", "K\x01\x85"), storage_of({1, 2, 3, 4})),
               "do not fit its storage");
  expect_error(read(one_tensor(5, 0, "K\x01\x85", "K\x01\x85"), storage_of({1, 2, 3, 4})),
               "tensor \"t\": its storage \"0\" has 16 bytes, not 5 elements of f32");
  expect_error(read(one_tensor(4, 0, "K\x04\x85", "K\x01\x85")), "its storage \"0\" is not in the file");
  expect_error(read(one_tensor(4, 0, "K\x04\x85", "K\x01K\x01\x86"), storage_of({1, 2, 3, 4})), "wrong type");
}

TEST_F(TorchPickle, RefusesWhatIsNotADictOfTensors) {
  expect_error(read("\x80\x02]."), "something other than a dict");
  expect_error(read("\x80\x02}K\x01K\x02s."), "a tensor's name must be a string");
  expect_error(read("\x80\x02}" + text("n") + "K\x02s."), "tensor \"n\": is not a tensor");
  expect_error(read_torch_state_dict(write("x.bin", "not torch at all")), "x.bin: not a torch.save file");
  expect_error(read_torch_state_dict(write("x.bin", "")), "x.bin: not a torch.save file");
  expect_error(read(one_tensor(4, 0, "K\x04\x85", "K\x01\x85"), storage_of({1, 2, 3, 4}) + "x"),
               "1 bytes follow its last storage");
  expect_error(read("\x80\x02}.", storage_of({1})), "a storage that no tensor names");
}

}  // namespace
}  // namespace incipit
