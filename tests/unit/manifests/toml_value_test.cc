#include "manifests/toml_value.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "jobs/base/text.h"

namespace manifests {
namespace {

using namespace std::string_literals;

std::string error_of(std::string_view bytes) {
  const auto value = read_toml(bytes, "x.toml");
  return value ? std::string("no error") : render(value.error());
}

TEST(TomlValue, KeepsTheOrderAndPlacesOfTheFile) {
  const auto root = read_toml("zebra = 1\n\n[ant]\nb = \"é\" \na = [true, 1.5]\n", "x.toml");
  ASSERT_TRUE(root);
  ASSERT_EQ(root->table.size(), 2U);
  EXPECT_EQ(root->table[0].key, "zebra");
  EXPECT_EQ(root->table[0].line, 1);
  const Value* ant = root->get("ant");
  ASSERT_NE(ant, nullptr);
  EXPECT_EQ(ant->line, 3);
  ASSERT_EQ(ant->table.size(), 2U);
  EXPECT_EQ(ant->table[0].key, "b");
  EXPECT_EQ(*ant->get_string("b"), "é");
  EXPECT_EQ(ant->table[1].line, 5);
  EXPECT_EQ(ant->table[1].value.column, 5);
  EXPECT_TRUE(ant->get("a")->array[0].boolean);
  EXPECT_EQ(ant->get("a")->array[1].string, "1.5");
  EXPECT_EQ(ant->get("none"), nullptr);
  EXPECT_EQ(ant->get_string("a"), nullptr);
}

TEST(TomlValue, ReadsDatesAsText) {
  const auto root = read_toml("t = 2026-11-21T09:30:00Z\nd = 2026-11-21\nh = 09:30:00\n", "x.toml");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->get("t")->kind, Value::Kind::datetime);
  EXPECT_EQ(root->get("t")->string, "2026-11-21T09:30:00Z");
  EXPECT_EQ(root->get("d")->string, "2026-11-21");
  EXPECT_EQ(root->get("h")->string, "09:30:00");
}

// Letters from U+00A1 to U+0499 reach "unreachable" in the packaged toml++.
TEST(TomlValue, ReadsLettersThatTheParserTakesForImpossible) {
  const auto root = read_toml("a = \"\"\"é\n  ñ Ω ж\\\n   ß\"\"\" # ü\n\"ключ\" = 'ä'\n", "x.toml");
  ASSERT_TRUE(root) << render(root.error());
  EXPECT_EQ(*root->get_string("a"), "é\n  ñ Ω жß");
  EXPECT_EQ(*root->get_string("ключ"), "ä");
  EXPECT_NE(error_of("é = 1"), "no error");
}

TEST(TomlValue, FindsThePlaceEvenWhereTheParserTrips) {
  EXPECT_EQ(error_of("a = 1\n[}]\n"),
            "x.toml:2:2: error: this is not TOML\n 2 | [}]\n   |  ^\n  expected a key with a "
            "value, a table or a comment\n");
}

TEST(TomlValue, AMistakeIsShownWithItsLineAndACaret) {
  const std::string text = error_of("a = 1\nb = \"x\n");
  EXPECT_TRUE(text.starts_with("x.toml:2:")) << text;
  EXPECT_NE(text.find(" 2 | b = \"x\n"), std::string::npos) << text;
  EXPECT_NE(text.find("^\n"), std::string::npos);
}

struct Hostile {
  const char* name;
  std::string bytes;
  const char* message;
};

class TomlGuard : public testing::TestWithParam<Hostile> {};

TEST_P(TomlGuard, RefusesWhatTheParserCannotBear) {
  EXPECT_NE(error_of(GetParam().bytes).find(GetParam().message), std::string::npos)
      << error_of(GetParam().bytes);
}

INSTANTIATE_TEST_SUITE_P(
    All, TomlGuard,
    testing::Values(
        Hostile{"Nul", "a = 1\0b"s, "x.toml:1:6: error: control character 0x00"},
        Hostile{"InvalidUtf8", "a = \"\xff\"", "x.toml:1:6: error: byte 0xff is not valid UTF-8"},
        Hostile{"Overlong", "a = \"\xc0\xaf\"", "byte 0xc0 is not valid UTF-8"},
        Hostile{"Surrogate", "a = \"\xed\xa0\x80\"", "byte 0xed is not valid UTF-8"},
        Hostile{"CutOff", "a = \"\xe2\x82", "byte 0xe2 is not valid UTF-8"},
        Hostile{"Escape", "# \x1b[31m", "control character 0x1b"},
        Hostile{"LoneCarriageReturn", "a = 1\rb = 2", "a carriage return without a line feed"},
        Hostile{"DateThatOverrunsTheLookAhead", "a = 1979" + std::string(116, '_') + "-05-27 00",
                "a bare word is too long"},
        Hostile{"LongNumber", "a = " + std::string(5000, '1'), "a bare word is too long"},
        Hostile{"DeepArrays", "a = " + std::string(100'000, '['), "values are nested too deep"},
        Hostile{"DeepTables",
                [] {
                  std::string text = "a = ";
                  for (int i = 0; i < 50'000; ++i) {
                    text += "{a=";
                  }
                  return text;
                }(),
                "values are nested too deep"},
        Hostile{"DeepKey",
                [] {
                  std::string text = "a";
                  for (int i = 0; i < 100'000; ++i) {
                    text += i % 2 == 0 ? ".a" : " . \"x\"";
                  }
                  return text + " = 1";
                }(),
                "a key has too many parts"},
        Hostile{"TooLarge", std::string(kMaxTomlBytes + 1, '#'), "the file has 1048577 bytes"}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(TomlGuard, LeavesLongTextsInStringsAndCommentsAlone) {
  const std::string lots(5000, '[');
  const auto root = read_toml("# " + lots + "\na = \"" + lots + "\"\nb = '''\n" + lots + "'' " +
                                  std::string(300, '.') + "'''\nc = \"\\\"" + lots + "\"\n",
                              "x.toml");
  ASSERT_TRUE(root) << render(root.error());
  EXPECT_EQ(root->table.size(), 3U);
}

TEST(TomlValue, ParseTomlGivesOneErrorWithThePlace) {
  const auto value = parse_toml("a = ", "issue.md");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().kind, jobs::ErrorKind::invalid_manifest);
  EXPECT_TRUE(value.error().message.starts_with("issue.md:1:")) << value.error().message;
}

RC_GTEST_PROP(TomlValue, QuotedTextReadsBackTheSame, (const std::string& bytes)) {
  const std::string text = jobs::to_valid_utf8(bytes);
  const auto root = read_toml("x = " + toml_quote(bytes), "x.toml");
  RC_ASSERT(root.has_value());
  RC_ASSERT(*root->get_string("x") == text);
}

RC_GTEST_PROP(TomlValue, EveryByteStringIsAValueOrADiagnostic, (const std::string& bytes)) {
  const auto root = read_toml(bytes, "x.toml");
  RC_ASSERT((root.has_value() || !root.error().message.empty()));
}

// Built from what TOML is made of, random text gets further into the parser.
RC_GTEST_PROP(TomlValue, EverySequenceOfTokensIsAValueOrADiagnostic, ()) {
  const auto tokens =
      *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{
          "a",     "0",    "1979-05-27", " ",   "\n", "\r\n",   "\t",     "=",      "[",      "]",
          "[[",    "]]",   "{",          "}",   ",",  ".",      "\"",     "'",      "\"\"\"", "'''",
          "\\",    "#",    "+",          "-",   "_",  ":",      "e",      "x",      "T",      "Z",
          "07:32", "true", "inf",        "nan", "é",  "\u2028", "\ufeff", "\\u0041"}));
  std::string text;
  for (const std::string& token : tokens) {
    text += token;
  }
  const auto root = read_toml(text, "x.toml");
  RC_ASSERT((root.has_value() || !render(root.error()).empty()));
}

}  // namespace
}  // namespace manifests
