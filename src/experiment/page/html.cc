#include "experiment/page/html.h"

#include "base/utf8.h"

namespace incipit {
namespace {

bool is_control(char32_t code_point) {
  return (code_point < 0x20 && code_point != U'\n' && code_point != U'\t') ||
         (code_point >= 0x7F && code_point < 0xA0);
}

}  // namespace

Markup text(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (const char32_t code_point : decode_utf8(utf8)) {
    if (code_point == U'&')
      out += "&amp;";
    else if (code_point == U'<')
      out += "&lt;";
    else if (code_point == U'>')
      out += "&gt;";
    else if (code_point == U'"')
      out += "&quot;";
    else if (code_point == U'\'')
      out += "&#39;";
    else
      append_utf8(is_control(code_point) ? U'\uFFFD' : code_point, out);
  }
  return Markup(std::move(out));
}

Attributes::Attributes(std::initializer_list<std::pair<std::string_view, std::string_view>> list) {
  for (const auto& [name, value] : list)
    written_.append(" ").append(name).append("=\"").append(text(value).html()).append("\"");
}

Markup element(std::string_view name, const Attributes& attributes, const Markup& content) {
  std::string html;
  html.append("<").append(name).append(attributes.written_).append(">");
  html.append(content.html()).append("</").append(name).append(">");
  return Markup(std::move(html));
}

std::string shortened(std::string_view utf8, std::size_t most) {
  const std::u32string points = decode_utf8(utf8);
  std::string out;
  for (std::size_t i = 0; i < points.size() && i < most; ++i) append_utf8(points[i], out);
  return points.size() > most ? out + "…" : out;
}

}  // namespace incipit
