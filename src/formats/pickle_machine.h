#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "incipit/result.h"

#include "tensor/dtype.h"

namespace incipit {

/// An object that a pickle described. Containers name their members by index into Pickle::objects, so that
/// cycles and deep nesting are harmless.
struct PickleObject {
  enum class Kind { none, boolean, integer, text, list, tuple, dict, global, storage, tensor };

  /// A run of elements in the file, as a persistent id names it.
  struct Storage {
    std::string key;
    DType dtype = DType::f32;
    std::int64_t element_count = 0;
  };
  /// A view of a storage, in elements.
  struct Tensor {
    std::size_t storage = 0;  // its object
    std::int64_t offset = 0;
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;
  };

  Kind kind = Kind::none;
  std::int64_t integer = 0;          // integer, boolean
  std::string text;                  // text; global: "module.name"
  std::vector<std::size_t> members;  // list, tuple; dict: key, value, key, value, …
  std::optional<Storage> storage;    // storage
  std::optional<Tensor> tensor;      // tensor
};

struct Pickle {
  std::deque<PickleObject> objects;
  std::size_t root = 0;
  std::size_t bytes_read = 0;  // up to and with its STOP

  const PickleObject& at(std::size_t index) const { return objects[index]; }
};

/// Reads a pickle of protocol 2, torch.save's default, as it makes of a state_dict. It is data to this
/// reader, never a program: the globals that a dict of dense tensors needs are known by name, and any other
/// is refused by its name. At most 4 MB and 200,000 objects are read. The error is one line without a file
/// name.
Result<Pickle> read_pickle(std::span<const std::byte> bytes);

}  // namespace incipit
