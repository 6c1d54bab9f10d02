#include <gtest/gtest.h>

#include "runner/forge/address.h"
#include "runner/forge/api.h"
#include "runner/forge/http_api.h"

namespace runner::forge {
namespace {

TEST(ForgeAddress, Invariant11_NoNameLeavesItsSegment) {
  const std::string_view parts[] = {"repos", "acme", "../x?y#z", "labels", "a/b c", ".."};
  EXPECT_EQ(path_of(parts), "/repos/acme/..%2Fx%3Fy%23z/labels/a%2Fb%20c/%2E%2E");
  const std::pair<std::string_view, std::string_view> query[] = {{"state", "open"},
                                                                 {"labels", "a&b=\xc3\xa4,c"}};
  EXPECT_EQ(query_of(query), "?state=open&labels=a%26b%3D%C3%A4%2Cc");
}

TEST(ForgeAddress, OriginAndHost) {
  EXPECT_EQ(origin_of("https://api.github.com/repos?x"), "https://api.github.com");
  EXPECT_EQ(origin_of("http://127.0.0.1:81"), "http://127.0.0.1:81");
  EXPECT_EQ(origin_of("ftp://a/b"), "");
  EXPECT_EQ(origin_of("/repos"), "");
  EXPECT_EQ(host_of("https://u:p@example.com:8443/x"), "example.com");
  EXPECT_EQ(host_of("http://[::1]:80/x"), "[::1]");
}

TEST(ForgeAddress, TheNextPageOfALinkHeader) {
  EXPECT_EQ(next_link(R"(<https://h/a?page=1>; rel="prev", <https://h/a?page=3>; rel="next")"),
            "https://h/a?page=3");
  EXPECT_EQ(next_link(R"(<https://h/a?q=a,b>; rel="next"; title="x")"), "https://h/a?q=a,b");
  EXPECT_EQ(next_link(R"(<https://h/a>; rel=next)"), "https://h/a");
  EXPECT_EQ(next_link(R"(<https://h/a>; rel="last")"), "");
  EXPECT_EQ(next_link(R"(<https://h/a>; rel=nextish)"), "");
  EXPECT_EQ(next_link("rubbish"), "");
  EXPECT_EQ(next_link("<unclosed"), "");
  EXPECT_EQ(next_link(""), "");
}

TEST(ForgeAddress, Invariant12_NothingOfAnotherOriginGetsTheCredential) {
  const std::string_view root = "https://h:8443/api/v3";
  EXPECT_EQ(on_same_origin(root, "https://h:8443/x?page=2"), "https://h:8443/x?page=2");
  EXPECT_EQ(on_same_origin(root, "/x"), "https://h:8443/x");
  for (const char* other :
       {"http://h:8443/x", "https://h/x", "https://h:8443@evil/x", "//evil/x",
        "https://h:8443.evil/x", "x", "", "https://h:8443/x\r\nHost: y", "/\\evil/x"}) {
    EXPECT_EQ(on_same_origin(root, other), std::nullopt) << other;
  }
}

TEST(ForgeAddress, WhereGitHubsApiIs) {
  EXPECT_EQ(github_api_options("https://api.github.com").graphql, "https://api.github.com/graphql");
  EXPECT_EQ(github_api_options("https://github.com").root, "https://api.github.com");
  const ApiOptions enterprise = github_api_options("https://git.example.com/api/v3");
  EXPECT_EQ(enterprise.root, "https://git.example.com/api/v3");
  EXPECT_EQ(enterprise.graphql, "https://git.example.com/api/graphql");
}

}  // namespace
}  // namespace runner::forge
