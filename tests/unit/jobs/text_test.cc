#include "jobs/base/text.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jobs {
namespace {

using std::string_literals::operator""s;

constexpr const char* kBad = "\xEF\xBF\xBD";

TEST(Text, WhatIsForgottenHoldsNoMemory) {
  std::string text(100'000, 'x');
  forget(text);
  EXPECT_TRUE(text.empty());
  EXPECT_LT(text.capacity(), 100U);
}

TEST(Text, ValidUtf8PassesUnchanged) {
  const std::string text =
      "plain, gr\xC3\xBC\xC3\x9F"
      "e, \xE2\x82\xAC, \xF0\x9F\x8E\x89\n\t";
  EXPECT_EQ(to_valid_utf8(text), text);
}

TEST(Text, EveryInvalidByteIsReplaced) {
  EXPECT_EQ(to_valid_utf8("a\xFF\xFE"
                          "b"),
            "a"s + kBad + kBad + "b");
  EXPECT_EQ(to_valid_utf8("\xC3"), kBad);                          // cut off
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), std::string(kBad) + kBad);  // overlong '/'
  EXPECT_EQ(to_valid_utf8("\xE0\x80\xAF"), std::string(kBad) + kBad + kBad);
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), std::string(kBad) + kBad + kBad);  // surrogate
  EXPECT_EQ(to_valid_utf8("\xF4\x90\x80\x80"),
            std::string(kBad) + kBad + kBad + kBad);  // beyond U+10FFFF
  EXPECT_EQ(to_valid_utf8("a\0b"s), "a"s + kBad + "b");
}

TEST(Text, ValidUtf8IsIdempotentOnEveryTwoBytes) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string bytes{static_cast<char>(a), static_cast<char>(b)};
      const std::string once = to_valid_utf8(bytes);
      ASSERT_EQ(to_valid_utf8(once), once) << a << " " << b;
      ASSERT_EQ(once.find('\0'), std::string::npos);
    }
  }
}

TEST(Text, Invariant11_OneLineHoldsNoControlOfTheTerminal) {
  EXPECT_EQ(one_line("\x1b]0;owned\x07 hi"), "\\x1b]0;owned\\x07 hi");
  EXPECT_EQ(one_line("a\tb\nc\r\nd"), "a b c d");
  EXPECT_EQ(one_line("a\rb"), "a\\x0db");
  EXPECT_EQ(one_line("\xC2\x9B"
                     "31m"),
            "\\u009b31m");                                     // C1: a one-character CSI
  EXPECT_EQ(one_line("x\xE2\x80\xAEy"), "x\\u202ey");          // right-to-left override
  EXPECT_EQ(one_line("x\xE2\x80\x8By"), "x\\u200by");          // zero-width space
  EXPECT_EQ(one_line("x\xF3\xA0\x81\x81y"), "x\\U000e0041y");  // invisible tag letter
  for (int c = 0; c < 256; ++c) {
    for (const char shown : one_line(std::string(1, static_cast<char>(c)))) {
      const auto byte = static_cast<unsigned char>(shown);
      ASSERT_TRUE(byte >= 0x20 && byte != 0x7F) << c;
    }
  }
}

TEST(Text, OneLineIsCutAtACharacter) {
  EXPECT_EQ(one_line("abcdef", 6), "abcdef");
  EXPECT_EQ(one_line("abcdefg", 6), "abc...");
  EXPECT_EQ(one_line("\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC", 6),
            "\xC3\xBC...");                           // not in the middle of the second one
  EXPECT_EQ(one_line("ab\x1b\x1b\x1b", 8), "ab...");  // nor of an escape
  EXPECT_EQ(one_line("abcdef", 2), "..");
  EXPECT_LE(one_line(std::string(10 << 20, 'x')).size(), 200U);
}

TEST(Text, PrintableKeepsLines) {
  EXPECT_EQ(printable("a\n\tb\r\nc\x1b[2J"), "a\n\tb\nc\\x1b[2J");
}

TEST(Text, SlugIsSafeEverywhere) {
  EXPECT_EQ(slug("Fix: the Parser (again)!"), "fix-the-parser-again");
  EXPECT_EQ(slug("--force"), "force");
  EXPECT_EQ(slug("../../etc/passwd"), "etc-passwd");
  EXPECT_EQ(slug("\xF0\x9F\x8E\x89"), "issue");
  EXPECT_EQ(slug(""), "issue");
  EXPECT_EQ(slug("abc def", 4), "abc");
}

TEST(Text, Invariant11_SafeComponents) {
  for (const char* good : {"a", "shop.git", "a b", ".hidden",
                           "gr\xC3\xBC"
                           "n",
                           "..."}) {
    EXPECT_TRUE(is_safe_component(good)) << good;
  }
  for (const std::string& bad : {""s, "."s, ".."s, "a/b"s, "-rf"s, "a\0b"s, "a\nb"s, "\x7F"s,
                                 "\xFF"s, std::string(101, 'a')}) {
    EXPECT_FALSE(is_safe_component(bad)) << bad;
  }
}

TEST(Text, Invariant11_PathComponentIsSafeAndUnique) {
  const std::vector<std::string> names{
      "acme/shop", "acme_shop",           "acme-shop",          "../..", "-rf", "", ".",
      "a\nb",      std::string(500, 'x'), std::string(501, 'x')};
  std::vector<std::string> seen;
  for (const std::string& name : names) {
    const std::string component = path_component(name);
    EXPECT_TRUE(is_safe_component(component)) << component;
    EXPECT_EQ(std::count(seen.begin(), seen.end(), component), 0) << component;
    seen.push_back(component);
  }
  EXPECT_EQ(path_component("acme/shop").substr(0, 10), "acme_shop-");
}

TEST(Text, Fnv1aIsTheKnownFunction) {
  EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325U);
  EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8U);
}

TEST(Text, DidYouMean) {
  const std::vector<std::string> known{"tick", "status", "fix-forward", "labels", "poll"};
  EXPECT_EQ(did_you_mean("tikc", known), "tick");
  EXPECT_EQ(did_you_mean("Lables", known), "labels");
  EXPECT_EQ(did_you_mean("fix_forward", known), "fix-forward");
  EXPECT_EQ(did_you_mean("statuss", known), "status");
  EXPECT_EQ(did_you_mean("banana", known), "");
  EXPECT_EQ(did_you_mean("", known), "");
  EXPECT_EQ(did_you_mean(std::string(100000, 'a'), known), "");
}

TEST(Text, Trimmed) {
  EXPECT_EQ(trimmed(" \t a b \r\n"), "a b");
  EXPECT_EQ(trimmed(" \n "), "");
}

TEST(Text, TailTakesWholeLines) {
  EXPECT_EQ(tail("a\nb\nc\n", 2, 100), "b\nc\n");
  EXPECT_EQ(tail("a\nb\nc", 2, 100), "b\nc");
  EXPECT_EQ(tail("a\nb\nc", 9, 100), "a\nb\nc");
  EXPECT_EQ(tail("aaaa\nbb\ncc\n", 9, 7), "bb\ncc\n");
  EXPECT_EQ(tail("\n\n\n", 2, 100), "\n\n");
  EXPECT_EQ(tail("", 3, 3), "");
  EXPECT_EQ(tail("abcdef", 1, 3), "def");
  EXPECT_EQ(tail("\xC3\xBC\xC3\xBC", 1, 3), "\xC3\xBC");
  EXPECT_EQ(tail("abc", 0, 9), "");
}

}  // namespace
}  // namespace jobs
