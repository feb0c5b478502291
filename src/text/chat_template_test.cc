#include "text/chat_template.h"

#include <vector>

#include <gtest/gtest.h>

namespace incipit {
namespace {

const std::vector<ChatMessage> kChat = {{"system", "Be <brief>."}, {"user", " Hi 你好 "}};

Result<std::string> render(const std::string& source) {
  return render_chat({source, "<s>", "</s>"}, kChat);
}

/// In the manner of ChatML.
TEST(ChatTemplate, MarksEachTurn) {
  const auto text = render(
      "{{ bos_token }}{% for m in messages %}{{ '<|start|>' + m['role'] + '\n' + m['content'] + '<|end|>' + "
      "'\n' }}"
      "{% endfor %}{% if add_generation_prompt %}{{ '<|start|>assistant\n' }}{% endif %}");
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text,
            "<s><|start|>system\nBe <brief>.<|end|>\n<|start|>user\n Hi 你好 <|end|>\n<|start|>assistant\n");
}

/// In the manner of Llama 2: the system's part inside the first turn, Python's methods, blocks on lines of
/// their own, which leave no blank behind.
TEST(ChatTemplate, BlocksLeaveNoBlanksAndStringsHavePythonsMethods) {
  const auto text = render(
      "{% set ns = namespace(system='') %}\n"
      "{%- for m in messages %}\n"
      "    {% if m.role == 'system' %}\n"
      "        {% set ns.system = '<<' ~ m.content.strip() ~ '>> ' %}\n"
      "        {% continue %}\n"
      "    {% endif %}\n"
      "{{ bos_token }}[{{ ns.system + m.content.strip().upper() }}]{{ tools is none }}\n"
      "{% endfor %}");
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, "<s>[<<Be <brief>.>> HI 你好]True\n");
}

TEST(ChatTemplate, ARefusalAndAMistakeAreErrors) {
  const auto message = [](const std::string& source) {
    const auto text = render(source);
    return text ? "accepted: " + *text : text.error().message;
  };
  EXPECT_NE(message("{{ raise_exception('no system') }}").find("refuses this chat: no system"),
            std::string::npos);
  EXPECT_NE(message("{% for %}").find("chat template: syntax error"), std::string::npos);
  EXPECT_NE(message("{% include '/etc/passwd' %}").find("unknown statement include"), std::string::npos);
  EXPECT_NE(message("\xFF").find("not valid UTF-8"), std::string::npos);
}

TEST(ChatTemplate, RunawaysAreStopped) {
  for (const std::string source :
       {"{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
        "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{{ 'ab' * 10000000000 }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}"}) {
    const auto text = render(source);
    ASSERT_FALSE(text) << source;
    EXPECT_NE(text.error().message.find("takes too long or makes too much"), std::string::npos)
        << text.error().message;
  }
  EXPECT_NE(render("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").error().message.find("recursion limit"),
            std::string::npos);
}

}  // namespace
}  // namespace incipit
