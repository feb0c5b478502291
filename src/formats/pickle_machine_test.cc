#include "formats/pickle_machine.h"

#include <string_view>

#include "formats/format_test_util.h"

namespace incipit {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using Kind = PickleObject::Kind;

Result<Pickle> parse(std::string_view text) {
  return read_pickle(std::as_bytes(std::span(text)));
}

TEST(PickleMachine, ReadsPlainObjects) {
  // pickletools' view: {'a': [1, 258, -2, 10 ** 12], 'b': (True, None)}
  const auto pickle = parse(
      "\x80\x02}q\0(X\x01\0\0\0aq\x01]q\x02("
      "K\x01M\x02\x01J\xfe\xff\xff\xff\x8a\x06\0\x10\xa5\xd4\xe8\0eX\x01\0\0\0bq"
      "\x03\x88N\x86q\x04u.rest"sv);
  ASSERT_TRUE(pickle) << pickle.error().message;
  const PickleObject& root = pickle->at(pickle->root);
  ASSERT_EQ(root.kind, Kind::dict);
  ASSERT_EQ(root.members.size(), 4u);
  EXPECT_EQ(pickle->at(root.members[0]).text, "a");
  const PickleObject& list = pickle->at(root.members[1]);
  ASSERT_EQ(list.kind, Kind::list);
  ASSERT_EQ(list.members.size(), 4u);
  EXPECT_EQ(pickle->at(list.members[1]).integer, 258);
  EXPECT_EQ(pickle->at(list.members[2]).integer, -2);
  EXPECT_EQ(pickle->at(list.members[3]).integer, 1'000'000'000'000);
  const PickleObject& tuple = pickle->at(root.members[3]);
  ASSERT_EQ(tuple.kind, Kind::tuple);
  EXPECT_EQ(pickle->at(tuple.members[1]).kind, Kind::none);
}

TEST(PickleMachine, StopsAtStop) {
  const auto pickle = parse("\x80\x02K\x07.more");
  ASSERT_TRUE(pickle);
  EXPECT_EQ(pickle->bytes_read, 5u);
  EXPECT_EQ(pickle->at(pickle->root).integer, 7);
}

TEST(PickleMachine, ReadsANegativeLong) {
  const auto pickle = parse("\x80\x02\x8a\x02\x00\xff."sv);
  ASSERT_TRUE(pickle);
  EXPECT_EQ(pickle->at(pickle->root).integer, -256);
  EXPECT_EQ(parse("\x80\x02\x8a\0."sv)->objects[0].integer, 0);
}

TEST(PickleMachine, SurvivesCyclesAndDepth) {
  EXPECT_TRUE(parse("\x80\x02]q\0h\0a."sv)) << "a list that holds itself";
  std::string deep = "\x80\x02)";
  for (int i = 0; i < 100000; ++i) deep += '\x85';
  EXPECT_TRUE(parse(deep + "."));
}

TEST(PickleMachine, RefusesWhatItDoesNotNeed) {
  const std::pair<std::string_view, const char*> cases[] = {
      {"\x80\x02"
       "cos\nsystem\n."sv,
       "the global \"os.system\" is refused"},
      {"\x80\x02"
       "cbuiltins\neval\nX\x01\0\0\0"
       "1\x85R."sv,
       "the global \"builtins.eval\" is refused"},
      {"\x80\x04]."sv, "protocol 4, 2 is read"},
      {"\x80\x02G\0\0\0\0\0\0\0\0."sv, "pickle opcode 0x47"},
      {"\x80\x02(i__main__\nX\n."sv, "pickle opcode 0x69"},
      {"\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\x01."sv, "an integer of 9 bytes"},
      {"\x80\x02."sv, "pops an empty stack"},
      {"\x80\x02\x85."sv, "pops an empty stack"},
      {"\x80\x02K\x01(\x85."sv, "pops an empty stack"},
      {"\x80\x02t."sv, "lacks a mark"},
      {"\x80\x02q\0."sv, "remembers an empty stack"},
      {"\x80\x02h\0."sv, "recalls what it never put"},
      {"\x80\x02]K\x01K\x01s."sv, "cannot hold it"},
      {"\x80\x02}K\x01"
       "a."sv,
       "cannot hold it"},
      {"\x80\x02}(K\x01u."sv, "a key without a value"},
      {"\x80\x02NQ."sv, "a persistent id that is not a whole storage"},
      {"\x80\x02)Q."sv, "a persistent id that is not a whole storage"},
      {"\x80\x02N)R."sv, "neither a dict nor a tensor"},
      {"\x80\x02"
       "ctorch\nFloatStorage\n)R."sv,
       "neither a dict nor a tensor"},
      {"\x80\x02"
       "ctorch._utils\n_rebuild_tensor_v2\n)R."sv,
       "arguments of the wrong type"},
      {"\x80\x02}Nb."sv, "sets attributes"},
      {"\x80\x02X\xff\xff\xff\xff"
       "abc"sv,
       "cut off"},
      {"\x80\x02"
       "ctorch"sv,
       "cut off"},
      {"\x80\x02K"sv, "cut off"},
      {""sv, "cut off"}};
  for (const auto& [bytes, message] : cases) expect_error(parse(bytes), message);
}

TEST(PickleMachine, BoundsItsMemory) {
  expect_error(parse("\x80\x02" + std::string(200'001, 'N') + "."), "more than 200000 objects");
  const std::string key = fmt::format("X{}{}", little_endian(65).substr(0, 4), std::string(65, 'k'));
  expect_error(parse("\x80\x02(X\x07\0\0\0storagectorch\nFloatStorage\n"s + key + "NK\x01tQ."),
               "not a whole storage");
  expect_error(
      parse("\x80\x02"
            "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"
            "0NK\x01tQK\0(KKKKKKKKKKKKKKKKKKtq\0h\0NNtR."sv),
      "arguments of the wrong type or size");
  std::string long_one = "\x80\x02N";
  while (long_one.size() < (5u << 20)) long_one.append("q\0"sv);
  expect_error(parse(long_one + "."), "longer than 4194304 bytes");
}

}  // namespace
}  // namespace incipit
