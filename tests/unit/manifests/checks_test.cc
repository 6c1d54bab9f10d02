#include "manifests/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manifests/report.h"
#include "tests/unit/manifests/folder.h"

namespace manifests {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecretInManifest : public testing::TestWithParam<const char*> {};

TEST_P(SecretInManifest, Invariant12_IsRefusedAndNeverRepeated) {
  const Folder folder(GetParam());
  const std::string errors = folder.errors();
  EXPECT_FALSE(errors.empty());
  EXPECT_THAT(errors, HasSubstr("[redacted]"));
  EXPECT_THAT(errors, Not(HasSubstr("hunter2")));
}

INSTANTIATE_TEST_SUITE_P(
    All, SecretInManifest,
    testing::Values(
        "[notify.n]\nkind = \"webhook\"\nurl = \"https://a\"\ntoken = \"hunter2\"\n",
        "[notify.n]\nkind = \"webhook\"\nurl = \"https://a\"\n\"api-key\" = 'hunter2'\n",
        "[notify]\nn = { kind = \"webhok\", token = \"hunter2\", url = \"x\" }\n",
        "[notify.n]\nkind = \"webhook\"\nurl = \"https://me:hunter2@a/b\"\n",
        "[notify.n]\nkind = \"webhook\"\nurl = \"https://me:x/hunter2@a/b\"\n",
        "[[repo]]\nname = \"a\"\nremote = \"https://hunter2@example.org/x\"\n",
        "[[repo]]\nname = \"a\"\nremote = \"ssh://git:hunter2@example.org/x\"\n",
        "[agent.a]\ncommand = [\"a\"]\nenv = { API_TOKEN = \"hunter2\" }\n",
        "password = \"hunter2\n", "token = hunter2\n"));

TEST(Checks, GoodValuesPass) {
  for (const char* good : {"main", "release/1.x", "feature-x", "ü"}) {
    EXPECT_EQ(check_branch(good), std::nullopt) << good;
  }
  for (const char* good :
       {"https://example.org/a.git", "ssh://git@example.org:22/a", "git@example.org:a/b.git",
        "/srv/a.git", "../a", "file:///srv/a.git", "C/with:colon"}) {
    EXPECT_EQ(check_remote(good), std::nullopt) << good;
  }
  EXPECT_FALSE(is_url("./a:b"));
  EXPECT_FALSE(is_url("/a:b"));
  EXPECT_TRUE(is_url("host:path"));
  for (const char* good : {"a", "acme/shop", "a.b_c-d/e"}) {
    EXPECT_EQ(check_repo_name(good), std::nullopt) << good;
  }
  for (const char* good : {"*", "**/x", ".github/**", "a?c", "docs/", "[id].ts"}) {
    EXPECT_EQ(check_glob(good), std::nullopt) << good;
  }
}

TEST(Checks, SizesReadBack) {
  EXPECT_EQ(parse_size("2GiB"), 2LL << 30);
  EXPECT_EQ(parse_size("2 MB"), 2'000'000);
  EXPECT_EQ(parse_size("7"), 7);
  for (const char* bad : {"", "GiB", "-1", "1.5GiB", "1XB", "1GiBB", "9999999999999999999999"}) {
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
  }
  for (const std::int64_t bytes : {0LL, 1LL, 1000LL, 1024LL, 64LL << 20, (1LL << 40) + 1}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  }
}

TEST(Report, SecretNames) {
  for (const char* name : {"token", "API_TOKEN", "api-key", "Password", "client_secret"}) {
    EXPECT_TRUE(names_a_secret(name)) << name;
  }
  for (const char* name :
       {"token_env", "token_file", "per_turn_tokens", "MAX_TOKENS", "TOKENIZERS_PARALLELISM"}) {
    EXPECT_FALSE(names_a_secret(name)) << name;
  }
}

}  // namespace
}  // namespace manifests
