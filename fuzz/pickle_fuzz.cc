// The pickle machine alone: the readers of torch files spend their time on zip archives.
#include "formats/pickle_machine.h"
#include "fuzz_check.h"

using namespace incipit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pickle = read_pickle(std::as_bytes(std::span(data, size)));
  require_one_line(pickle);
  if (!pickle) return 0;
  require(pickle->bytes_read <= size, "no more is read than there is");
  require(pickle->root < pickle->objects.size(), "the root is an object");
  for (const PickleObject& object : pickle->objects)
    for (const std::size_t member : object.members)
      require(member < pickle->objects.size(), "members are objects");
  return 0;
}
