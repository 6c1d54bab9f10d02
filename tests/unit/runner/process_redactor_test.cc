#include <cctype>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "runner/process/redactor.h"

namespace runner::process {
namespace {

std::string in_chunks(Redactor redactor, const std::string& text, std::size_t size) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); at += size) {
    result += redactor.feed(text.substr(at, size));
  }
  return result + redactor.finish();
}

TEST(Redactor, Invariant12_FindsASecretHoweverItIsCut) {
  Redactor redactor;
  redactor.add_secret("aab-secret-aab");
  redactor.add_secret("aab-secret-aab-longer");
  const std::string text = "xaab-secret-aab-longer aab-secret-aab-long aaab-secret-aab";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EXPECT_EQ(in_chunks(redactor, text, size), "x[redacted] [redacted]-long a[redacted]") << size;
  }
}

TEST(Redactor, KnowsHowASecretIsWrittenElsewhere) {
  Redactor redactor;
  redactor.add_secret("p\"ss/w+rd of mine\n");
  EXPECT_EQ(redactor.redact("p\"ss/w+rd of mine"), "[redacted]");
  EXPECT_EQ(redactor.redact(R"({"a":"p\"ss/w+rd of mine"})"), R"({"a":"[redacted]"})");
  EXPECT_EQ(redactor.redact("?p=p%22ss%2Fw%2Brd%20of%20mine&x"), "?p=[redacted]&x");
  EXPECT_EQ(redactor.redact("cCJzcy93K3JkIG9mIG1pbmU=").find("cCJz"), std::string::npos);
}

// git sends a token as base64 of "x-access-token:<token>": it does not begin where base64 does.
TEST(Redactor, Invariant12_FindsASecretInsideLongerBase64) {
  Redactor redactor;
  redactor.add_secret("ghp_0123456789abcdef");
  for (const char* header :
       {"eC1hY2Nlc3MtdG9rZW46Z2hwXzAxMjM0NTY3ODlhYmNkZWY=", "dTpnaHBfMDEyMzQ1Njc4OWFiY2RlZg==",
        "dXNlcjpnaHBfMDEyMzQ1Njc4OWFiY2RlZjo="}) {
    const std::string shown = redactor.redact(header);
    EXPECT_NE(shown.find("[redacted]"), std::string::npos) << shown;
    EXPECT_LT(shown.size(), 40U) << shown;
  }
}

TEST(Redactor, Invariant12_KnowsTheVariantsOfJsonAndUrls) {
  Redactor redactor;
  redactor.add_secret("p/ss&w\xC3\xB6rd");
  for (const char* text : {"p\\/ss&w\xC3\xB6rd", "p/ss\\u0026w\xC3\xB6rd", "p/ss&w\\u00f6rd",
                           "p%2fss%26w%c3%b6rd", "p%2Fss%26w%C3%B6rd"}) {
    EXPECT_EQ(redactor.redact(text), "[redacted]") << text;
  }
}

TEST(Redactor, KnowsTheLinesOfASecretOfSeveralLines) {
  Redactor redactor;
  redactor.add_secret("-----BEGIN KEY-----\nMIIEvQIBADANBg\nab\n-----END KEY-----\n");
  EXPECT_EQ(redactor.redact("it is MIIEvQIBADANBg, ab"), "it is [redacted], ab");
}

TEST(Redactor, LeavesVeryShortValuesAlone) {
  Redactor redactor;
  redactor.add_secret("1");
  redactor.add_secret("");
  EXPECT_EQ(redactor.redact("1 + 1"), "1 + 1");
}

TEST(Redactor, LooksSecretByName) {
  for (const char* name :
       {"GITHUB_TOKEN", "db_password", "API_KEY", "AWS_SECRET_ACCESS", "SENTRY_DSN"}) {
    EXPECT_TRUE(looks_secret(name)) << name;
  }
  for (const char* name : {"PATH", "HOME", "LANG", "CI"}) {
    EXPECT_FALSE(looks_secret(name)) << name;
  }
}

TEST(Redactor, Invariant12_KnowsHexadecimalDigits) {
  Redactor redactor;
  redactor.add_secret("gh:p/0");
  EXPECT_EQ(redactor.redact("x67683a702f30y"), "x[redacted]y");
  EXPECT_EQ(redactor.redact("67683A702F30"), "[redacted]");
}

TEST(Redactor, Invariant12_FindsASecretOverSeveralLines) {
  Redactor redactor;
  redactor.add_secret("ghp_0123456789abcdef");
  EXPECT_EQ(redactor.redact("it: ghp_01234567\n89abcdef\nend"), "it: [redacted]\nend");
  EXPECT_EQ(redactor.redact("ghp_01234567\r\n89abcdef"), "[redacted]");
  EXPECT_EQ(redactor.redact("g\nh\np\n_\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc\nd\ne\nf\n"),
            "[redacted]\n");
  EXPECT_EQ(redactor.redact("Z2hwXzAxMjM0\nNTY3ODlhYmNkZWY="), "[redacted]Y=");
  EXPECT_EQ(redactor.redact("ghp_01234567\n\n89abcdef"), "ghp_01234567\n\n89abcdef")
      << "an empty line is not how a line is wrapped";
}

std::string in_form(const std::string& secret, int form) {
  std::string out;
  for (const char c : secret) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = form == 0 || (form == 3 && std::isalnum(byte) != 0);
    const std::string hex = form == 1 ? fmt::format("{:02x}", byte) : fmt::format("{:02X}", byte);
    out += plain ? std::string(1, c) : (form == 3 ? "%" : "") + hex;
  }
  return out;
}

RC_GTEST_PROP(RedactorProperty, Invariant12_NoFormOfASecretComesThrough, ()) {
  const auto letter = rc::gen::elementOf(std::string("abcdefgh012345/+:"));
  const std::string secret = *rc::gen::container<std::string>(12, letter);
  const std::string form = in_form(secret, *rc::gen::inRange(0, 4));
  std::string wrapped;
  for (const char c : form) {
    wrapped += wrapped.empty() || *rc::gen::inRange(0, 5) != 0 ? "" : "\n";
    wrapped += c;
  }
  Redactor redactor;
  redactor.add_secret(secret);
  const auto size = *rc::gen::inRange<std::size_t>(1, 40);
  std::string shown = in_chunks(redactor, "before " + wrapped + " after", size);
  RC_ASSERT(shown.starts_with("before "));
  RC_ASSERT(shown.ends_with(" after"));
  std::erase(shown, '\n');
  RC_ASSERT(shown.find(form) == std::string::npos);
  RC_ASSERT(shown.find("[redacted]") != std::string::npos);
}

RC_GTEST_PROP(RedactorProperty, CutsNeverChangeTheResult, (const std::string& text)) {
  Redactor redactor;
  redactor.add_secret("abab");
  redactor.add_secret("babba");
  std::string narrowed;  // a small alphabet, so that secrets occur
  for (const char c : text) {
    narrowed += "ab"[static_cast<unsigned char>(c) % 2];
  }
  const std::string whole = redactor.redact(narrowed);
  for (std::size_t size = 1; size < 6; ++size) {
    RC_ASSERT(in_chunks(redactor, narrowed, size) == whole);
  }
  RC_ASSERT(whole.find("abab") == std::string::npos);
}

}  // namespace
}  // namespace runner::process
