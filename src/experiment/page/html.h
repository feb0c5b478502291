#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace incipit {

/// A piece of HTML or SVG. Texts get into it through text(), element() and attributes only, which escape
/// them, so that no text of a user can become markup.
class Markup {
 public:
  Markup() = default;
  /// Of a file that the build embeds.
  static Markup trusted(std::string_view html) { return Markup(std::string(html)); }

  const std::string& html() const { return html_; }
  bool empty() const { return html_.empty(); }
  Markup& operator+=(const Markup& other) {
    html_ += other.html_;
    return *this;
  }
  friend Markup operator+(Markup a, const Markup& b) { return std::move(a += b); }

 private:
  friend Markup text(std::string_view utf8);
  friend class Attributes;
  friend Markup element(std::string_view name, const class Attributes& attributes, const Markup& content);
  explicit Markup(std::string html) : html_(std::move(html)) {}

  std::string html_;
};

/// Escaped for text and for quoted attributes; control characters and what is not UTF-8 become U+FFFD.
Markup text(std::string_view utf8);

/// Names come from the code, values may be anything.
class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<std::string_view, std::string_view>> list);

 private:
  friend Markup element(std::string_view name, const Attributes& attributes, const Markup& content);
  std::string written_;
};

Markup element(std::string_view name, const Attributes& attributes, const Markup& content = {});
inline Markup element(std::string_view name, const Markup& content) {
  return element(name, Attributes(), content);
}
inline Markup element(std::string_view name, std::string_view content) {
  return element(name, text(content));
}

/// <div class="…">, the most frequent one.
inline Markup div(std::string_view css_class, const Markup& content) {
  return element("div", {{"class", css_class}}, content);
}
inline Markup span(std::string_view css_class, std::string_view content) {
  return element("span", {{"class", css_class}}, text(content));
}

/// The first `most` characters, with '…' where there are more.
std::string shortened(std::string_view utf8, std::size_t most);

}  // namespace incipit
