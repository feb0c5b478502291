#include "formats/pickle_stack.h"

#include <algorithm>
#include <utility>

namespace incipit {
namespace {

constexpr std::size_t kMaxBytes = 4u << 20;
constexpr std::size_t kMaxObjects = 200'000;

}  // namespace

PickleBytes::PickleBytes(std::span<const std::byte> bytes)
    : bytes_(bytes.first(std::min(bytes.size(), kMaxBytes))) {}

Result<std::span<const std::byte>> PickleBytes::take(std::size_t count) {
  if (count > bytes_.size() - at_)
    return bytes_.size() == kMaxBytes ? fail("its pickle is longer than {} bytes", kMaxBytes)
                                      : fail("its pickle is cut off at byte {}", bytes_.size());
  const auto taken = bytes_.subspan(at_, count);
  at_ += count;
  return taken;
}

Result<std::uint64_t> PickleBytes::number(std::size_t count) {
  INCIPIT_TRY(const auto taken, take(count));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= std::to_integer<std::uint64_t>(taken[i]) << (8 * i);
  return value;
}

Result<std::string> PickleBytes::line() {
  const auto rest = bytes_.subspan(at_);
  const auto length =
      static_cast<std::size_t>(std::find(rest.begin(), rest.end(), std::byte{'\n'}) - rest.begin());
  INCIPIT_TRY(const auto taken, take(length + 1));
  return std::string(reinterpret_cast<const char*>(taken.data()), length);
}

Status PickleStack::push(PickleObject object) {
  if (objects_.size() == kMaxObjects) return fail("its pickle has more than {} objects", kMaxObjects);
  stack_.push_back(objects_.size());
  objects_.push_back(std::move(object));
  return {};
}

Status PickleStack::push_integer(Kind kind, std::int64_t value) {
  PickleObject object;
  object.kind = kind;
  object.integer = value;
  return push(std::move(object));
}

Status PickleStack::push_text(Kind kind, std::string text) {
  PickleObject object;
  object.kind = kind;
  object.text = std::move(text);
  return push(std::move(object));
}

Status PickleStack::push_container(Kind kind, std::vector<std::size_t> members) {
  PickleObject object;
  object.kind = kind;
  object.members = std::move(members);
  return push(std::move(object));
}

Result<std::size_t> PickleStack::pop() {
  if (available() == 0) return fail("its pickle pops an empty stack");
  const std::size_t index = stack_.back();
  stack_.pop_back();
  return index;
}

Result<std::vector<std::size_t>> PickleStack::pop_many(std::size_t count) {
  if (available() < count) return fail("its pickle pops an empty stack");
  const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<std::size_t> members(first, stack_.end());
  stack_.erase(first, stack_.end());
  return members;
}

Result<std::vector<std::size_t>> PickleStack::pop_to_mark() {
  if (marks_.empty()) return fail("its pickle lacks a mark");
  INCIPIT_TRY(auto members, pop_many(available()));
  marks_.pop_back();
  return members;
}

Result<PickleObject*> PickleStack::top(Kind kind) {
  if (available() == 0 || at(stack_.back()).kind != kind)
    return fail("its pickle puts something into what cannot hold it");
  return &at(stack_.back());
}

Status PickleStack::put(std::uint64_t slot) {
  if (available() == 0) return fail("its pickle remembers an empty stack");
  memory_[slot] = stack_.back();
  return {};
}

Status PickleStack::get(std::uint64_t slot) {
  const auto found = memory_.find(slot);
  if (found == memory_.end()) return fail("its pickle recalls what it never put");
  stack_.push_back(found->second);
  return {};
}

}  // namespace incipit
