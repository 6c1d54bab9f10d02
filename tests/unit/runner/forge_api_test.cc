// The Api over a client that answers from a script: no network, no waiting.
#include <algorithm>
#include <functional>
#include <mutex>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/runner/forge_fixture.h"

namespace runner::forge {
namespace {

TEST_F(ForgeApi, AsksWithCredentialAndVersion) {
  client.answer = [](const http::Request&) { return ok("[]"); };
  const auto reply = make()->get("/repos/acme/shop/issues");
  ASSERT_TRUE(reply) << reply.error().text();
  EXPECT_EQ(reply->body, "[]");
  ASSERT_EQ(client.sent.size(), 1U);
  EXPECT_EQ(client.sent[0].url, "https://api.github.com/repos/acme/shop/issues");
  EXPECT_EQ(client.sent[0].bearer, kToken);
  EXPECT_EQ(header_of(client.sent[0], "Accept"), "application/vnd.github+json");
  EXPECT_NE(header_of(client.sent[0], "X-GitHub-Api-Version"), "");
}

TEST_F(ForgeApi, AMissingTokenIsDeniedAndNothingIsSent) {
  TokenCredential nothing{{.source = jobs::SecretRef::Source::env, .name = "NO_SUCH"},
                          [](const std::string&) { return std::nullopt; }};
  const auto api = make_api(github_api_options("https://h"), {client, nothing, traffic, &cache});
  const auto reply = api->get("/user");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::denied);
  EXPECT_NE(reply.error().text().find("NO_SUCH"), std::string::npos);
  EXPECT_TRUE(client.sent.empty());
}

TEST_F(ForgeApi, Invariant16_WhatHasNotChangedIsAskedConditionally) {
  client.answer = [](const http::Request& request) -> http::Answer {
    if (header_of(request, "If-None-Match") == "W/\"1\"") {
      return {.status = 304, .body = "", .headers = {}};
    }
    return ok("[1]",
              {{"etag", "W/\"1\""}, {"link", "<https://api.github.com/x?page=2>; rel=\"next\""}});
  };
  const auto first = make()->get("/x");
  const auto second = make()->get("/x");
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->kept);
  EXPECT_TRUE(second->kept);
  EXPECT_EQ(second->body, "[1]");
  EXPECT_EQ(second->next, "https://api.github.com/x?page=2");
}

TEST_F(ForgeApi, AnAnswerToOneCredentialIsNotUsedForAnother) {
  client.answer = [](const http::Request&) { return ok("[1]", {{"etag", "\"1\""}}); };
  ASSERT_TRUE(make()->get("/x"));
  TokenCredential other{{.source = jobs::SecretRef::Source::env, .name = "OTHER"},
                        [](const std::string&) { return std::optional<std::string>("other"); }};
  ASSERT_TRUE(
      make_api(github_api_options("https://api.github.com"), {client, other, traffic, &cache})
          ->get("/x"));
  EXPECT_EQ(header_of(client.sent[1], "If-None-Match"), "");
}

TEST_F(ForgeApi, AllPagesOrAnError) {
  client.answer = [](const http::Request& request) -> http::Answer {
    if (request.url.ends_with("page=2")) {
      return ok("[2]");
    }
    return ok("[1]", {{"link", "<https://api.github.com/x?page=2>; rel=\"next\""}});
  };
  const auto pages = make()->get_all("/x");
  ASSERT_TRUE(pages);
  ASSERT_EQ(pages->size(), 2U);
  EXPECT_EQ((*pages)[1].body, "[2]");
  const auto few = make()->get_all("/x", 1);
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().kind, ErrorKind::transient);
}

TEST_F(ForgeApi, PagesThatGoRoundEnd) {
  client.answer = [](const http::Request&) {
    return ok("[1]", {{"link", "<https://api.github.com/x>; rel=\"next\""}});
  };
  EXPECT_FALSE(make()->get_all("https://api.github.com/x"));
}

TEST_F(ForgeApi, Invariant12_APageOnAnotherHostIsNotAsked) {
  client.answer = [](const http::Request&) {
    return ok("[1]", {{"link", "<https://evil.example/x>; rel=\"next\""}});
  };
  const auto pages = make()->get_all("/x");
  ASSERT_FALSE(pages);
  EXPECT_EQ(pages.error().kind, ErrorKind::denied);
  EXPECT_EQ(client.sent.size(), 1U);
}

TEST_F(ForgeApi, TroubleIsTriedAgainAndWaitedForByTheClock) {
  int left = 2;
  client.answer = [&](const http::Request&) -> http::Answer {
    return left-- > 0 ? http::Answer{.status = 502, .body = "", .headers = {}} : ok("[]");
  };
  ASSERT_TRUE(make()->get("/x"));
  EXPECT_EQ(client.sent.size(), 3U);
  EXPECT_EQ(clock.slept(), (std::vector<jobs::Duration>{milliseconds(250), milliseconds(500)}));
}

TEST_F(ForgeApi, AWriteWithAnUnknownOutcomeIsNotSentTwice) {
  client.answer = [](const http::Request&) -> http::Answer {
    return {.status = 502, .body = "", .headers = {}};
  };
  const auto api = make();
  EXPECT_FALSE(api->send({.method = "POST", .path = "/x", .body = "{}"}));
  EXPECT_EQ(client.sent.size(), 1U);
  EXPECT_FALSE(api->send({.method = "PUT", .path = "/x", .body = "{}", .repeatable = true}));
  EXPECT_EQ(client.sent.size(), 4U);
}

TEST_F(ForgeApi, WritesAreASecondApart) {
  client.answer = [](const http::Request&) { return ok("{}"); };
  const auto api = make();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(api->send({.path = "/x", .body = "{}"}));
  }
  EXPECT_EQ(clock.slept(), (std::vector<jobs::Duration>{seconds(1), seconds(1)}));
}

TEST_F(ForgeApi, WhileLimitedNothingIsSentAndTheNextTickKnows) {
  client.answer = [](const http::Request&) -> http::Answer {
    return {.status = 403,
            .body = R"({"message":"API rate limit exceeded"})",
            .headers = {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1790001800"}}};
  };
  const auto api = make();
  const auto first = api->get("/x");
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind, ErrorKind::rate_limited);
  EXPECT_EQ(first.error().until, kNow + minutes(30));
  EXPECT_FALSE(api->get("/y"));
  EXPECT_EQ(client.sent.size(), 1U);

  Traffic next_tick{clock, [this](jobs::Duration wait) { clock.sleep(wait); }};
  const auto later = make_api(github_api_options("https://api.github.com"),
                              {client, credential, next_tick, &cache});
  const auto again = later->get("/x");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::rate_limited);
  EXPECT_EQ(client.sent.size(), 1U);
  clock.sleep(minutes(30));
  client.answer = [](const http::Request&) { return ok("[]"); };
  EXPECT_TRUE(later->get("/x"));
}

TEST_F(ForgeApi, TheLastAllowedRequestIsFollowedByNone) {
  client.answer = [](const http::Request&) {
    return ok("[]", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1790000060"}});
  };
  const auto api = make();
  EXPECT_TRUE(api->get("/x"));
  EXPECT_FALSE(api->get("/x"));
  EXPECT_EQ(client.sent.size(), 1U);
}

TEST_F(ForgeApi, LimitsWithoutATimeGrow) {
  client.answer = [](const http::Request&) -> http::Answer {
    return {.status = 403,
            .body = R"({"message":"You have exceeded a secondary rate limit"})",
            .headers = {}};
  };
  const auto api = make();
  EXPECT_EQ(api->get("/x").error().until, kNow + minutes(1));
  clock.sleep(minutes(1));
  EXPECT_EQ(api->get("/x").error().until, kNow + minutes(3));
}

TEST_F(ForgeApi, ABudgetForTheTick) {
  client.answer = [](const http::Request&) { return ok("[]"); };
  traffic.set_limits("api.github.com", {.requests_per_tick = 2});
  const std::vector<std::string> paths{"/a", "/b", "/c", "/d"};
  const auto replies = make()->get(paths);
  EXPECT_TRUE(replies[0] && replies[1]);
  ASSERT_FALSE(replies[2]);
  EXPECT_EQ(replies[2].error().kind, ErrorKind::rate_limited);
  EXPECT_EQ(client.sent.size(), 2U);
}

TEST_F(ForgeApi, PointsOfAMinuteAreKeptToByWaiting) {
  client.answer = [](const http::Request&) { return ok("[]"); };
  traffic.set_limits("api.github.com", {.per_host = 4, .points_per_minute = 10});
  const std::vector<std::string> paths(25, "/a");
  for (const auto& reply : make()->get(paths)) {
    EXPECT_TRUE(reply);
  }
  EXPECT_EQ(client.sent.size(), 25U);
  EXPECT_LE(client.most_at_once, 4U);
  EXPECT_GE(clock.now() - kNow, minutes(2));
}

TEST_F(ForgeApi, Invariant12_ATokenThatIsSaidBackStaysHere) {
  client.answer = [](const http::Request& request) -> http::Answer {
    return {.status = 403, .body = R"({"message":"no: )" + request.bearer + R"("})", .headers = {}};
  };
  const auto reply = make()->get("/x");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().text().find(kToken), std::string::npos) << reply.error().text();
  EXPECT_NE(reply.error().text().find("[redacted]"), std::string::npos);
}

TEST_F(ForgeApi, ARenamedRepositoryIsToldByItsNewName) {
  client.answer = [](const http::Request& request) -> http::Answer {
    if (request.url == "https://api.github.com/repositories/42") {
      return ok(R"({"id":42,"full_name":"acme/new"})");
    }
    return {.status = 301,
            .body = R"({"message":"Moved Permanently"})",
            .headers = {{"location", "https://api.github.com/repositories/42/issues"}}};
  };
  const auto reply = make()->get("/repos/acme/old/issues");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::not_found);
  EXPECT_NE(reply.error().text().find("acme/new"), std::string::npos) << reply.error().text();
}

TEST_F(ForgeApi, ARedirectElsewhereIsNotFollowed) {
  client.answer = [](const http::Request&) -> http::Answer {
    return {.status = 301, .body = "", .headers = {{"location", "https://evil/repositories/42"}}};
  };
  const auto reply = make()->get("/x");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::denied);
  EXPECT_EQ(client.sent.size(), 1U);
}

TEST_F(ForgeApi, GraphqlLimitsAreErrorsInA200) {
  client.answer = [](const http::Request&) {
    return ok(R"({"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]})",
              {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1790000600"}});
  };
  const std::string body = R"({"query":"{viewer{login}}"})";
  const auto replies = make()->query(std::span(&body, 1));
  ASSERT_FALSE(replies[0]);
  EXPECT_EQ(replies[0].error().kind, ErrorKind::rate_limited);
  EXPECT_EQ(replies[0].error().until, kNow + minutes(10));
  EXPECT_EQ(client.sent[0].url, "https://api.github.com/graphql");
  EXPECT_EQ(client.sent[0].body, body);
  // The two kinds of requests are limited apart.
  client.answer = [](const http::Request&) { return ok("[]"); };
  EXPECT_TRUE(make()->get("/x"));
}

}  // namespace
}  // namespace runner::forge
