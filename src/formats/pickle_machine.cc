#include "formats/pickle_machine.h"

#include <string_view>
#include <utility>

#include "formats/pickle_stack.h"
#include "formats/strict_json.h"

namespace incipit {
namespace {

using Kind = PickleObject::Kind;

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::pair<std::string_view, DType> kStorages[] = {{"torch.FloatStorage", DType::f32},
                                                            {"torch.HalfStorage", DType::f16},
                                                            {"torch.BFloat16Storage", DType::bf16}};

/// What is copied out of an object that the pickle may name many times over has to be small.
constexpr std::size_t kMaxDimensions = 8;
constexpr std::size_t kMaxKeyBytes = 64;

std::optional<DType> storage_dtype(std::string_view global) {
  for (const auto& [name, dtype] : kStorages)
    if (name == global) return dtype;
  return std::nullopt;
}

bool is_known_global(std::string_view name) {
  return name == kOrderedDict || name == kRebuildTensor || storage_dtype(name);
}

/// The stack machine that a pickle's opcodes are written for; their names are those of Python's pickletools.
class Machine {
 public:
  explicit Machine(std::span<const std::byte> bytes) : bytes_(bytes) {}

  Result<Pickle> run() {
    for (;;) {
      const std::size_t at = bytes_.position();
      INCIPIT_TRY(const std::uint64_t opcode, bytes_.number(1));
      if (opcode == '.') break;
      if (Status status = step(static_cast<unsigned char>(opcode)); !status)
        return fail("{} (byte {} of its pickle)", status.error().message, at);
    }
    INCIPIT_TRY(const std::size_t root, stack_.pop());
    return Pickle{stack_.take_objects(), root, bytes_.position()};
  }

 private:
  Status step(unsigned char opcode) {
    switch (opcode) {
      case 0x80:
        return protocol();
      case 'N':
        return stack_.push({});
      case 0x88:
        return stack_.push_integer(Kind::boolean, 1);
      case 0x89:
        return stack_.push_integer(Kind::boolean, 0);
      case 'K':
        return push_number(1);
      case 'M':
        return push_number(2);
      case 'J':
        return push_number(4);
      case 0x8a:
        return long1();
      case 'X':
        return binunicode();
      case 'c':
        return global();
      case '(':
        stack_.push_mark();
        return {};
      case ')':
        return stack_.push_container(Kind::tuple, {});
      case ']':
        return stack_.push_container(Kind::list, {});
      case '}':
        return stack_.push_container(Kind::dict, {});
      case 0x85:
        return tuple_of(1);
      case 0x86:
        return tuple_of(2);
      case 0x87:
        return tuple_of(3);
      case 't':
        return tuple_to_mark();
      case 'q':
        return put(1);
      case 'r':
        return put(4);
      case 'h':
        return get(1);
      case 'j':
        return get(4);
      case 'a':
        return extend(Kind::list, 1);
      case 'e':
        return extend_to_mark(Kind::list);
      case 's':
        return extend(Kind::dict, 2);
      case 'u':
        return extend_to_mark(Kind::dict);
      case 'Q':
        return persistent_id();
      case 'R':
        return reduce();
      case 'b':
        return build();
      default:
        return fail("pickle opcode 0x{:02x} is not one that a state_dict of dense tensors needs", opcode);
    }
  }

  Status protocol() {
    INCIPIT_TRY(const std::uint64_t version, bytes_.number(1));
    if (version != 2) return fail("its pickle has protocol {}, 2 is read", version);
    return {};
  }

  Status push_number(std::size_t count) {
    INCIPIT_TRY(const std::uint64_t value, bytes_.number(count));
    const bool is_signed = count == 4;
    return stack_.push_integer(
        Kind::integer, is_signed ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value));
  }

  Status long1() {
    INCIPIT_TRY(const std::uint64_t count, bytes_.number(1));
    if (count > 8) return fail("its pickle has an integer of {} bytes, at most 8 are read", count);
    INCIPIT_TRY(std::uint64_t value, bytes_.number(count));
    const bool negative = count > 0 && count < 8 && (value >> (8 * count - 1)) != 0;
    if (negative) value |= ~std::uint64_t{0} << (8 * count);
    return stack_.push_integer(Kind::integer, static_cast<std::int64_t>(value));
  }

  Status binunicode() {
    INCIPIT_TRY(const std::uint64_t size, bytes_.number(4));
    INCIPIT_TRY(const auto taken, bytes_.take(size));
    return stack_.push_text(Kind::text, {reinterpret_cast<const char*>(taken.data()), taken.size()});
  }

  Status global() {
    INCIPIT_TRY(const std::string module, bytes_.line());
    INCIPIT_TRY(const std::string name, bytes_.line());
    std::string full = module + "." + name;
    if (!is_known_global(full))
      return fail("the global {} is refused: only a dict of dense F32, F16 or BF16 tensors is read",
                  quote_text(full));
    return stack_.push_text(Kind::global, std::move(full));
  }

  Status tuple_of(std::size_t count) {
    INCIPIT_TRY(auto members, stack_.pop_many(count));
    return stack_.push_container(Kind::tuple, std::move(members));
  }

  Status tuple_to_mark() {
    INCIPIT_TRY(auto members, stack_.pop_to_mark());
    return stack_.push_container(Kind::tuple, std::move(members));
  }

  Status put(std::size_t slot_bytes) {
    INCIPIT_TRY(const std::uint64_t slot, bytes_.number(slot_bytes));
    return stack_.put(slot);
  }

  Status get(std::size_t slot_bytes) {
    INCIPIT_TRY(const std::uint64_t slot, bytes_.number(slot_bytes));
    return stack_.get(slot);
  }

  Status extend_by(Kind kind, const std::vector<std::size_t>& members) {
    INCIPIT_TRY(auto* container, stack_.top(kind));
    if (kind == Kind::dict && members.size() % 2 != 0) return fail("its pickle has a key without a value");
    container->members.insert(container->members.end(), members.begin(), members.end());
    return {};
  }

  Status extend(Kind kind, std::size_t count) {
    INCIPIT_TRY(const auto members, stack_.pop_many(count));
    return extend_by(kind, members);
  }

  Status extend_to_mark(Kind kind) {
    INCIPIT_TRY(const auto members, stack_.pop_to_mark());
    return extend_by(kind, members);
  }

  /// ('storage', class, key, location, element count), and None after it in files of torch before 1.6. The
  /// location is where the tensor was, say cuda:0; its bytes are the same.
  Status persistent_id() {
    INCIPIT_TRY(const std::size_t index, stack_.pop());
    const PickleObject& id = stack_.at(index);
    const auto member = [&](std::size_t i) -> const PickleObject& { return stack_.at(id.members[i]); };
    const bool shaped = id.kind == Kind::tuple && (id.members.size() == 5 || id.members.size() == 6) &&
                        member(0).kind == Kind::text && member(0).text == "storage" &&
                        member(1).kind == Kind::global && storage_dtype(member(1).text) &&
                        member(2).kind == Kind::text && member(2).text.size() <= kMaxKeyBytes &&
                        member(4).kind == Kind::integer && member(4).integer >= 0 &&
                        (id.members.size() == 5 || member(5).kind == Kind::none);
    if (!shaped)
      return fail("its pickle has a persistent id that is not a whole storage of F32, F16 or BF16");
    PickleObject made;
    made.kind = Kind::storage;
    made.storage = {member(2).text, *storage_dtype(member(1).text), member(4).integer};
    return stack_.push(std::move(made));
  }

  Status reduce() {
    INCIPIT_TRY(const std::size_t arguments_index, stack_.pop());
    INCIPIT_TRY(const std::size_t callable_index, stack_.pop());
    const PickleObject& arguments = stack_.at(arguments_index);
    const PickleObject& callable = stack_.at(callable_index);
    if (callable.kind == Kind::global && arguments.kind == Kind::tuple) {
      if (callable.text == kOrderedDict && arguments.members.empty())
        return stack_.push_container(Kind::dict, {});
      if (callable.text == kRebuildTensor) return rebuild_tensor(arguments.members);
    }
    return fail("its pickle makes an object that is neither a dict nor a tensor");
  }

  /// Its arguments: storage, offset, size, stride, requires_grad, backward_hooks, and in new releases
  /// metadata.
  Status rebuild_tensor(const std::vector<std::size_t>& arguments) {
    const bool shaped = (arguments.size() == 6 || arguments.size() == 7) &&
                        stack_.at(arguments[0]).kind == Kind::storage &&
                        stack_.at(arguments[1]).kind == Kind::integer;
    const auto shape = shaped ? integers(arguments[2]) : std::nullopt;
    const auto strides = shaped ? integers(arguments[3]) : std::nullopt;
    if (!shape || !strides || shape->size() != strides->size())
      return fail("its pickle calls _rebuild_tensor_v2 with arguments of the wrong type or size");
    PickleObject made;
    made.kind = Kind::tensor;
    made.tensor = {arguments[0], stack_.at(arguments[1]).integer, *shape, *strides};
    return stack_.push(std::move(made));
  }

  std::optional<std::vector<std::int64_t>> integers(std::size_t tuple) {
    if (stack_.at(tuple).kind != Kind::tuple) return std::nullopt;
    if (stack_.at(tuple).members.size() > kMaxDimensions) return std::nullopt;
    std::vector<std::int64_t> values;
    for (const std::size_t member : stack_.at(tuple).members) {
      if (stack_.at(member).kind != Kind::integer) return std::nullopt;
      values.push_back(stack_.at(member).integer);
    }
    return values;
  }

  /// Sets attributes; a state_dict's only one is _metadata, which says nothing about its tensors.
  Status build() {
    INCIPIT_TRY(const std::size_t state, stack_.pop());
    INCIPIT_TRY(const PickleObject* target, stack_.top(Kind::dict));
    if (stack_.at(state).kind != Kind::dict || target == &stack_.at(state))
      return fail("its pickle sets attributes in a way that no state_dict needs");
    return {};
  }

  PickleBytes bytes_;
  PickleStack stack_;
};

}  // namespace

Result<Pickle> read_pickle(std::span<const std::byte> bytes) {
  return Machine(bytes).run();
}

}  // namespace incipit
