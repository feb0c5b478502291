#include "prompt/demonstration.h"

#include "prompt/template_language.h"

namespace incipit {
namespace {

using Kind = TemplatePart::Kind;

/// {"kind":"text"}, whose quotes keep everything in the text from being read as the language.
std::string quoted_part(std::string_view kind, std::string_view text) {
  std::string source = fmt::format("{{\"{}\":\"", kind);
  for (const char c : text) {
    if (c == '\n') {
      source += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') source += '\\';
    source += c;
  }
  return source + "\"}";
}

}  // namespace

Result<std::string> demonstration_source(std::string_view template_source,
                                         const Demonstration& demonstration) {
  INCIPIT_TRY(const std::vector<TemplatePart> parts, parse_template(template_source));
  std::string source;
  bool has_blank = false;
  for (const TemplatePart& part : parts) {
    if (part.blank_before && part.kind != Kind::mask) source += ' ';
    switch (part.kind) {
      case Kind::words:
        source += quoted_part("text", part.text);
        break;
      case Kind::special:
        source += quoted_part("special", part.text);
        break;
      case Kind::text_a:
        source += quoted_part("text", demonstration.text_a);
        break;
      case Kind::text_b:
        if (!demonstration.text_b)
          return fail("the template asks for a second text (text_b), and a demonstration has one text only");
        source += quoted_part("text", *demonstration.text_b);
        break;
      case Kind::mask:
        has_blank = true;
        source += quoted_part("text", demonstration.word);
        break;
      case Kind::soft:
        return fail("demonstrations cannot be made of a template with virtual tokens");
    }
  }
  if (!has_blank) return fail("the template has no {{mask}} for a demonstration's word");
  return source + quoted_part("text", "\n\n");
}

}  // namespace incipit
