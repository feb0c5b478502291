#include <algorithm>
#include <cstdint>
#include <cstring>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "formats/safetensors.h"

namespace incipit {
namespace {

/// A JSON string; bytes that are not UTF-8 are replaced, for no reader would take them.
std::string json_string(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string header_of(const std::vector<OutputTensor>& sorted) {
  std::string header = R"({"__metadata__":{"format":"pt"})";
  std::size_t offset = 0;
  for (const OutputTensor& tensor : sorted) {
    const std::size_t end = offset + tensor.values.size_bytes();
    header += fmt::format(R"(,{}:{{"dtype":"F32","shape":[{}],"data_offsets":[{},{}]}})",
                          json_string(tensor.name), fmt::join(tensor.shape, ","), offset, end);
    offset = end;
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');  // data starts at a multiple of 8
  return header;
}

}  // namespace

std::string serialize_safetensors(std::vector<OutputTensor> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const OutputTensor& a, const OutputTensor& b) { return a.name < b.name; });
  const std::string header = header_of(tensors);
  std::string file;
  for (int shift = 0; shift < 64; shift += 8)
    file += static_cast<char>((static_cast<std::uint64_t>(header.size()) >> shift) & 0xff);
  file += header;
  for (const OutputTensor& tensor : tensors)
    file.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes());
  return file;
}

}  // namespace incipit
