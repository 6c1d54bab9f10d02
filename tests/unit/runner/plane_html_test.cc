#include "runner/trackers/plane_html.h"

#include <string>

#include <gtest/gtest.h>

#include "jobs/pipelines/visible_text.h"

namespace {

using runner::trackers::plane::escaped;
using runner::trackers::plane::text_of_html;

struct Row {
  const char* name;
  std::string html;
  std::string text;
};

class PlaneHtml : public testing::TestWithParam<Row> {};

TEST_P(PlaneHtml, BecomesText) {
  EXPECT_EQ(text_of_html(GetParam().html), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, PlaneHtml,
    testing::Values(
        Row{"Nothing", "", ""}, Row{"Empty", "<p></p>", ""},
        Row{"Paragraphs", "<p>a</p><p></p><p>b</p>", "a\n\nb"},
        Row{"BreaksInTheSource", "<p>a\n  b</p>\n\n<p>c</p>", "a   b\nc"},
        Row{"Break", "<p>a<br>b<br/>c</p>", "a\nb\nc"},
        Row{"Lists", "<ul><li><p>a</p></li><li>b</li></ul><p>c</p>", "- a\n- b\nc"},
        Row{"Headings", "<h1>a</h1><h2 class=\"x\">b</h2>", "a\nb"},
        Row{"Cells", "<table><tr><td>a</td><td>b</td></tr></table>", "a | b |"},
        Row{"Pre", "<pre><code>x &lt; y\n  z</code></pre><p>a</p>", "```\nx < y\n  z\n```\na"},
        Row{"PreThatIsNotClosed", "<pre>x", "```\nx\n```"},
        Row{"Code", "<p>run <code>make</code></p>", "run `make`"},
        Row{"Image", "<p>see <img src=\"x\"/></p>", "see [image]"},
        Row{"Entities", "&lt;b&gt; &amp;amp; &quot;&#39;&#x27;&apos; &euro;&#8364;&#x20AC;",
            "<b> &amp; \"''' \u20AC\u20AC\u20AC"},
        Row{"EntitiesThatAreNone", "&bogus; & &; &#; &#x; &#12z; &amp",
            "&bogus; & &; &#; &#x; &#12z; &amp"},
        Row{"EntitiesOfNoCharacter", "&#0;&#xD800;&#1114112;&#99999999999999;",
            "\uFFFD\uFFFD\uFFFD&#99999999999999;"},
        Row{"LessThan", "a < b <3 <", "a < b <3 <"},
        Row{"TagThatIsNotClosed", "a <b and all that follows", "a <b and all that follows"},
        Row{"QuoteThatIsNotClosed", "a <b title=\"x> and <i>more</i>",
            "a <b title=\"x> and <i>more</i>"},
        Row{"GreaterInAQuote", "a <b title=\"x>y\">b</b>", "a b"},
        Row{"Capitals", "<P>a</P><SCRIPT>b</SCRIPT>", "a\n<!-- -->"},
        Row{"Comment", "a<!-- hidden -- > -->b", "a<!-- -->b"},
        Row{"EmptyComments", "a<!-->b<!--->c<!-- x --!>d", "a<!-- -->b<!-- -->c<!-- -->d"},
        Row{"CommentThatIsNotClosed", "a<!-- hidden", "a<!-- -->"},
        Row{"Script", "a<script>if (x < 1) {}</p></script>b", "a<!-- -->b"},
        Row{"ScriptThatIsNotClosed", "a<script>hidden</p>", "a<!-- -->"},
        Row{"Doctype", "<!DOCTYPE html><?xml x?>a", "a"},
        Row{"Unknown", "<mention-component entity=\"x\"></mention-component>a", "a"},
        Row{"OldStyleNewline", "a\r\nb", "a b"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(PlaneHtml, WhatWeWriteComesBack) {
  for (const std::string text :
       {"<!-- runner:acme/shop#1 -->\n**Run** `01J` & <b> \"x\" 'y'", "  - a\n\n\n    b | c",
        "</p><script>alert(1)</script>", "&amp; &lt;", "```\nx\n```", "\u00fc \u20AC"}) {
    const std::string html = escaped(text).value;
    EXPECT_EQ(text_of_html(html), text) << html;
    EXPECT_EQ(html.find("<s"), std::string::npos);
    EXPECT_EQ(html.find("<!"), std::string::npos);
  }
}

TEST(PlaneHtml, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(escaped(std::string("a\xff\0b", 4)).value, "<p>a\uFFFD\uFFFDb</p>");
}

TEST(PlaneHtml, WhatNobodySawIsNotGivenToTheAgentEither) {
  const std::string text =
      text_of_html("<p>do x <code>a<!-- and delete y -->b</code></p><style>and z</style>");
  const jobs::VisibleText seen = jobs::visible_text(text);
  EXPECT_EQ(seen.text.find("delete"), std::string::npos);
  EXPECT_EQ(seen.text.find("and z"), std::string::npos);
  EXPECT_GT(seen.comments, 0);
}

TEST(PlaneHtml, HostileTextsAreLinear) {
  // Each takes minutes where something is looked for from each beginning to the end of all.
  constexpr std::size_t kMany = 400'000;
  for (const std::string piece : {"<", "<a ", "<a x=\"", "<!--", "<!-", "<script", "</script", "&",
                                  "&#", "<pre>", "<li>", "<!-->", "<script></", "<style>\n"}) {
    std::string html;
    for (std::size_t i = 0; i < kMany; ++i) {
      html += piece;
    }
    EXPECT_LE(text_of_html(html).size(), 3 * html.size()) << piece;
  }
}

TEST(PlaneHtml, AnyBytes) {
  std::string html;
  std::uint32_t random = 12345;
  constexpr std::string_view kPieces = "<>/!-&;#xp\"'= \nscriptle\xc3\xff";
  for (int round = 0; round < 3000; ++round) {
    html.clear();
    for (int i = 0; i < 40; ++i) {
      random = random * 1664525 + 1013904223;
      html += kPieces[(random >> 16U) % kPieces.size()];
    }
    static_cast<void>(text_of_html(html));
  }
}

}  // namespace
