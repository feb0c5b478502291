#include "formats/torch_pickle.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "formats/pickle_machine.h"
#include "formats/strict_json.h"
#include "formats/tensor_values.h"
#include "formats/torch_zip.h"

namespace incipit {
namespace {

namespace fs = std::filesystem;
using Kind = PickleObject::Kind;
using Bytes = std::span<const std::byte>;
using Storages = std::map<std::string, Bytes>;
using StateDict = std::map<std::string, TorchTensor>;

constexpr std::string_view kHowToConvert =
    "load it with torch and save it with safetensors.torch.save_file as adapter_model.safetensors";
/// Tensors may share a storage; together they may be this many times the file's size and no more.
constexpr std::uint64_t kMaxSharing = 16;

Bytes bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

Result<Pickle> pickle_of(Bytes bytes, const fs::path& file) {
  Result<Pickle> pickle = read_pickle(bytes);
  if (!pickle) return fail("{}: {}", file.string(), pickle.error().message);
  return pickle;
}

/// Elements of a view, which must lie inside its storage and be no more than the storage has.
Result<std::uint64_t> element_count(const PickleObject::Tensor& view, const PickleObject::Storage& storage) {
  std::uint64_t count = 1;
  bool fits = view.offset >= 0 && view.offset <= storage.element_count;
  for (const std::int64_t size : view.shape) {
    const auto product = size < 0 ? std::nullopt : checked_multiply(count, static_cast<std::uint64_t>(size));
    fits = fits && product;
    count = product.value_or(0);
  }
  if (fits && count == 0) return count;
  auto last = static_cast<std::uint64_t>(std::max<std::int64_t>(view.offset, 0));
  for (std::size_t i = 0; fits && i < view.shape.size(); ++i) {
    const auto steps = static_cast<std::uint64_t>(view.shape[i] - 1);
    const auto reach = view.strides[i] < 0
                           ? std::nullopt
                           : checked_multiply(steps, static_cast<std::uint64_t>(view.strides[i]));
    fits = reach && !__builtin_add_overflow(last, *reach, &last);
  }
  const auto available = static_cast<std::uint64_t>(storage.element_count);
  if (!fits || last >= available || count > available)
    return fail("shape {}, strides {} and offset {} do not fit its storage of {} elements",
                shape_text(view.shape), shape_text(view.strides), view.offset, available);
  return count;
}

/// Copies the view's `count` elements in row-major order.
std::string gather(PickleObject::Tensor view, std::size_t element, std::uint64_t count, Bytes storage) {
  std::string out(count * element, '\0');
  for (std::size_t axis = 0; axis < view.shape.size(); ++axis)
    if (view.shape[axis] == 1) view.strides[axis] = 0;  // never stepped along, so that it may be anything
  std::vector<std::int64_t> index(view.shape.size(), 0);
  std::int64_t at = view.offset;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::memcpy(out.data() + i * element, storage.data() + static_cast<std::size_t>(at) * element, element);
    for (std::size_t axis = index.size(); axis-- > 0;) {  // an odometer: the last axis turns fastest
      at += view.strides[axis];
      if (++index[axis] < view.shape[axis]) break;
      at -= view.strides[axis] * view.shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

Result<TorchTensor> resolve(const PickleObject& object, const Pickle& pickle, const Storages& storages) {
  if (object.kind != Kind::tensor) return fail("is not a tensor");
  const PickleObject::Tensor& view = *object.tensor;
  const PickleObject::Storage& storage = *pickle.at(view.storage).storage;
  const auto found = storages.find(storage.key);
  if (found == storages.end()) return fail("its storage {} is not in the file", quote_text(storage.key));
  const std::size_t element = size_of(storage.dtype);
  if (checked_multiply(static_cast<std::uint64_t>(storage.element_count), element) != found->second.size())
    return fail("its storage {} has {} bytes, not {} elements of {}", quote_text(storage.key),
                found->second.size(), storage.element_count, name_of(storage.dtype));
  INCIPIT_TRY(const std::uint64_t count, element_count(view, storage));
  return TorchTensor{storage.dtype, view.shape, gather(view, element, count, found->second)};
}

Result<StateDict> tensors_of(const Pickle& pickle, const Storages& storages, std::uint64_t file_size,
                             const fs::path& file) {
  const PickleObject& root = pickle.at(pickle.root);
  if (root.kind != Kind::dict) return fail("{}: holds something other than a dict of tensors", file.string());
  StateDict tensors;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i + 1 < root.members.size(); i += 2) {
    const PickleObject& key = pickle.at(root.members[i]);
    if (key.kind != Kind::text) return fail("{}: a tensor's name must be a string", file.string());
    Result<TorchTensor> tensor = resolve(pickle.at(root.members[i + 1]), pickle, storages);
    if (!tensor)
      return fail("{}: tensor {}: {}", file.string(), quote_text(key.text), tensor.error().message);
    total += tensor->bytes.size();
    if (total > kMaxSharing * file_size)
      return fail("{}: its tensors share storages more than {} times over", file.string(), kMaxSharing);
    if (!tensors.emplace(key.text, std::move(*tensor)).second)
      return fail("{}: names tensor {} twice", file.string(), quote_text(key.text));
  }
  return tensors;
}

/// A zip archive with one folder that holds data.pkl, byteorder (since torch 2.1) and data/KEY for each
/// storage.
Result<StateDict> read_zip(Bytes bytes, const fs::path& file) {
  INCIPIT_TRY(const auto files, read_stored_zip(bytes, file));
  const auto pickled = std::find_if(files.begin(), files.end(), [](const auto& entry) {
    const std::size_t slash = entry.first.find('/');
    return slash != std::string::npos && entry.first.substr(slash) == "/data.pkl";
  });
  if (pickled == files.end())
    return fail("{}: not a torch.save file: its zip archive has no data.pkl", file.string());
  const std::string folder = pickled->first.substr(0, pickled->first.find('/'));
  if (const auto order = files.find(folder + "/byteorder"); order != files.end() && order->second != "little")
    return fail("{}: its byte order is {}, \"little\" is read; {}", file.string(), quote_text(order->second),
                kHowToConvert);
  INCIPIT_TRY(const Pickle pickle, pickle_of(bytes_of(pickled->second), file));
  Storages storages;
  const std::string data = folder + "/data/";
  for (const auto& [path, content] : files)
    if (path.starts_with(data)) storages.emplace(path.substr(data.size()), bytes_of(content));
  return tensors_of(pickle, storages, bytes.size(), file);
}

// Before torch 1.6: five pickles (a magic number, a version, the system's byte order, the object, the
// storages' keys), then for each storage in that order its element count in 8 bytes and its elements.
constexpr std::string_view kLegacyMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);

/// Bytes of each storage that the pickle names.
std::map<std::string, std::size_t> element_sizes(const Pickle& pickle) {
  std::map<std::string, std::size_t> sizes;
  for (const PickleObject& object : pickle.objects)
    if (object.kind == Kind::storage) sizes.emplace(object.storage->key, size_of(object.storage->dtype));
  return sizes;
}

Result<Storages> legacy_storages(const Pickle& keys, const Pickle& pickle, Bytes data, const fs::path& file) {
  const PickleObject& list = keys.at(keys.root);
  if (list.kind != Kind::list) return fail("{}: its list of storages is missing", file.string());
  const auto sizes = element_sizes(pickle);
  Storages storages;
  for (const std::size_t member : list.members) {
    const auto size = sizes.find(keys.at(member).text);
    if (size == sizes.end()) return fail("{}: holds a storage that no tensor names", file.string());
    std::uint64_t count = 0;
    const bool counted = data.size() >= sizeof(count);
    if (counted) {
      std::memcpy(&count, data.data(), sizeof(count));
      data = data.subspan(sizeof(count));
    }
    const auto bytes = checked_multiply(count, size->second);
    if (!counted || !bytes || *bytes > data.size())
      return fail("{}: is cut off inside storage {}", file.string(), quote_text(size->first));
    storages.emplace(size->first, data.first(*bytes));
    data = data.subspan(*bytes);
  }
  if (!data.empty()) return fail("{}: {} bytes follow its last storage", file.string(), data.size());
  return storages;
}

bool says_little_endian(const Pickle& system) {
  const PickleObject& dict = system.at(system.root);
  for (std::size_t i = 0; dict.kind == Kind::dict && i + 1 < dict.members.size(); i += 2)
    if (system.at(dict.members[i]).text == "little_endian")
      return system.at(dict.members[i + 1]).integer == 1;
  return false;
}

Result<StateDict> read_legacy(Bytes bytes, const fs::path& file) {
  Bytes rest = bytes.subspan(kLegacyMagic.size());
  Pickle pickles[4];  // version, system, object, keys
  for (Pickle& pickle : pickles) {
    INCIPIT_TRY(pickle, pickle_of(rest, file));
    rest = rest.subspan(pickle.bytes_read);
  }
  if (!says_little_endian(pickles[1]))
    return fail("{}: was not saved on a little-endian machine; {}", file.string(), kHowToConvert);
  INCIPIT_TRY(const Storages storages, legacy_storages(pickles[3], pickles[2], rest, file));
  return tensors_of(pickles[2], storages, bytes.size(), file);
}

}  // namespace

Result<StateDict> read_torch_state_dict(const fs::path& file) {
  INCIPIT_TRY(const MappedFile map, MappedFile::open(file));
  const std::string_view text(reinterpret_cast<const char*>(map.bytes().data()), map.bytes().size());
  if (text.starts_with("PK\x03\x04")) return read_zip(map.bytes(), file);
  if (text.starts_with(kLegacyMagic)) return read_legacy(map.bytes(), file);
  return fail("{}: not a torch.save file, or one of an unknown format; {}", file.string(), kHowToConvert);
}

}  // namespace incipit
