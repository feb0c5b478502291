#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "incipit/result.h"

#include "formats/pickle_machine.h"

namespace incipit {

/// The bytes of a pickle, read from front to back; at most 4 MB of them.
class PickleBytes {
 public:
  explicit PickleBytes(std::span<const std::byte> bytes);

  std::size_t position() const { return at_; }
  Result<std::span<const std::byte>> take(std::size_t count);
  /// A little-endian unsigned integer of `count` <= 8 bytes.
  Result<std::uint64_t> number(std::size_t count);
  /// Up to a newline, which is read but not returned.
  Result<std::string> line();

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

/// What a pickle's opcodes work on: the objects made so far, a stack of them with marks, and the numbered
/// memory. Every operation that the stack does not allow is an error.
class PickleStack {
 public:
  using Kind = PickleObject::Kind;

  Status push(PickleObject object);
  Status push_integer(Kind kind, std::int64_t value);
  Status push_text(Kind kind, std::string text);
  Status push_container(Kind kind, std::vector<std::size_t> members);
  void push_mark() { marks_.push_back(stack_.size()); }

  Result<std::size_t> pop();
  /// In the order they were pushed.
  Result<std::vector<std::size_t>> pop_many(std::size_t count);
  Result<std::vector<std::size_t>> pop_to_mark();
  /// The object on top, which must be of this kind. Valid for as long as this stack is.
  Result<PickleObject*> top(Kind kind);

  /// Remembers the object on top; pushes a remembered one.
  Status put(std::uint64_t slot);
  Status get(std::uint64_t slot);

  PickleObject& at(std::size_t object) { return objects_[object]; }
  std::deque<PickleObject> take_objects() { return std::move(objects_); }

 private:
  /// Objects above the newest mark: the ones that may be popped.
  std::size_t available() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }

  std::deque<PickleObject> objects_;
  std::vector<std::size_t> stack_;  // objects
  std::vector<std::size_t> marks_;  // heights of the stack
  std::unordered_map<std::uint64_t, std::size_t> memory_;
};

}  // namespace incipit
