// The template language.
#include "fuzz_check.h"
#include "prompt/template_language.h"

using namespace incipit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string source(reinterpret_cast<const char*>(data), size);
  const auto parts = parse_template(source);
  require_one_line(parts);
  if (!parts) return 0;
  for (const TemplatePart& part : *parts)
    require(part.count >= 0 && part.column >= 1 && part.column <= size, "a part stands in the template");
  return 0;
}
