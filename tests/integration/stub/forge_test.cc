// The forge in GitHub's shape: what an adapter will rest on.
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runner/http/client.h"
#include "tests/stub/stub.h"

namespace stub {
namespace {

using nlohmann::json;
using runner::http::Answer;

class StubForge : public testing::Test {
 protected:
  StubForge() {
    stub_.forge.add_repo("acme/shop");
    for (int i = 1; i <= 5; ++i) {
      stub_.forge.add_issue("acme/shop", "alice", "Issue " + std::to_string(i));
    }
  }

  Answer ask(const std::string& method, const std::string& path, const json& body = nullptr,
             const std::string& tag = "") {
    runner::http::Request request;
    request.method = method;
    request.url = stub_.url(path);
    request.body = body.is_null() ? "" : body.dump();
    request.bearer = token_;
    if (!tag.empty()) {
      request.headers = {{"If-None-Match", tag}};
    }
    auto answer = runner::http::make_client()->send(request);
    EXPECT_TRUE(answer) << answer.error().text();
    return answer ? std::move(*answer) : Answer{};
  }

  std::vector<int> numbers(const std::string& path) {
    std::vector<int> out;
    for (const json& issue : json::parse(ask("GET", path).body)) {
      out.push_back(issue.at("number"));
    }
    return out;
  }

  std::string token_;
  Stub stub_{Stub::Options{}};
};

TEST_F(StubForge, ListsInPagesNewestFirst) {
  const Answer first = ask("GET", "/repos/acme/shop/issues?per_page=2");
  EXPECT_NE(first.header("link")->find("page=2>; rel=\"next\""), std::string::npos);
  EXPECT_NE(first.header("link")->find("page=3>; rel=\"last\""), std::string::npos);
  EXPECT_EQ(numbers("/repos/acme/shop/issues?per_page=2"), (std::vector{5, 4}));
  EXPECT_EQ(numbers("/repos/acme/shop/issues?per_page=2&page=3"), (std::vector{1}));
  EXPECT_EQ(numbers("/api/v3/repos/acme/shop/issues?per_page=2&page=2"), (std::vector{3, 2}));
}

TEST_F(StubForge, AListThatShiftsBetweenPagesLosesOne) {
  stub_.faults.add({.path = "*page=2", .fault = {.kind = FaultKind::page_shift}});
  std::vector<int> all = numbers("/repos/acme/shop/issues?per_page=2&page=1");
  for (const int each : numbers("/repos/acme/shop/issues?per_page=2&page=2")) {
    all.push_back(each);
  }
  EXPECT_EQ(all, (std::vector{5, 4, 2, 1})) << "number 3 was on no page";
}

TEST_F(StubForge, ATagSavesTheBodyAndTheBudget) {
  const Answer first = ask("GET", "/repos/acme/shop/issues");
  const Answer again = ask("GET", "/repos/acme/shop/issues", nullptr, *first.header("etag"));
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.header("x-ratelimit-used"), first.header("x-ratelimit-used"));
  stub_.forge.label("acme/shop", 1, "bug", "bob");
  EXPECT_EQ(ask("GET", "/repos/acme/shop/issues", nullptr, *first.header("etag")).status, 200);
}

TEST_F(StubForge, LabelsLeaveEventsWithAnActorAndNoAssociation) {
  stub_.forge.label("acme/shop", 1, "ready-for-agent", "alice");
  EXPECT_EQ(ask("POST", "/repos/acme/shop/issues/1/labels", {{"labels", {"busy"}}}).status, 200);
  EXPECT_EQ(ask("DELETE", "/repos/acme/shop/issues/1/labels/ready-for-agent").status, 200);
  EXPECT_EQ(ask("DELETE", "/repos/acme/shop/issues/1/labels/ready-for-agent").status, 404);
  const json events = json::parse(ask("GET", "/repos/acme/shop/issues/1/events").body);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].at("event"), "labeled");
  EXPECT_EQ(events[0].at("actor").at("login"), "alice");
  EXPECT_EQ(events[2].at("event"), "unlabeled");
  EXPECT_EQ(events[2].at("actor").at("login"), "runner-bot");
  EXPECT_FALSE(events[0].contains("author_association"));
  EXPECT_EQ(stub_.log.effects("label added").size(), 1U) << "the others' doing is no effect";
  EXPECT_EQ(stub_.log.effects("label removed").size(), 1U);
}

TEST_F(StubForge, CommentsAreAddedAndEditedById) {
  const json made =
      json::parse(ask("POST", "/repos/acme/shop/issues/2/comments", {{"body", "first"}}).body);
  const std::string path =
      "/repos/acme/shop/issues/comments/" + std::to_string(made.at("id").get<int>());
  EXPECT_EQ(ask("PATCH", path, {{"body", "second"}}).status, 200);
  const json all = json::parse(ask("GET", "/repos/acme/shop/issues/2/comments").body);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("body"), "second");
  EXPECT_EQ(ask("PATCH", "/repos/acme/shop/issues/comments/1", {{"body", "x"}}).status, 404);
}

TEST_F(StubForge, AStaleReadDoesNotSeeTheLastWrite) {
  EXPECT_EQ(ask("PATCH", "/repos/acme/shop/issues/3", {{"state", "closed"}}).status, 200);
  stub_.faults.add({.method = "GET", .path = "*/issues/3", .fault = {.kind = FaultKind::stale}});
  const std::string path = "/repos/acme/shop/issues/3";
  EXPECT_EQ(json::parse(ask("GET", path).body).at("state"), "open");
  EXPECT_EQ(json::parse(ask("GET", path).body).at("state"), "closed");
}

TEST_F(StubForge, AWriteWhoseAnswerIsLostHasHappened) {
  stub_.faults.add({.method = "PATCH",
                    .path = "*/issues/3",
                    .fault = {.kind = FaultKind::failed, .when = When::after}});
  EXPECT_EQ(ask("PATCH", "/repos/acme/shop/issues/3", {{"state", "closed"}}).status, 500);
  EXPECT_EQ(stub_.forge.state()["acme/shop"]["issues"]["3"]["state"], "closed");
  EXPECT_EQ(stub_.log.effects("issue changed").size(), 1U);
}

TEST_F(StubForge, StatusesAndChecksAreTwoSystems) {
  const std::string commit = "/repos/acme/shop/commits/abc";
  EXPECT_EQ(json::parse(ask("GET", commit + "/status").body).at("state"), "pending")
      << "also where nothing ever reports";
  stub_.forge.set_check("acme/shop", "abc", "build", "completed", "failure");
  EXPECT_EQ(json::parse(ask("GET", commit + "/status").body).at("state"), "pending");
  EXPECT_EQ(json::parse(ask("GET", commit + "/check-runs").body).at("total_count"), 1);
  EXPECT_EQ(ask("POST", "/repos/acme/shop/statuses/abc", {{"context", "ci"}, {"state", "success"}})
                .status,
            201);
  EXPECT_EQ(json::parse(ask("GET", commit + "/status").body).at("state"), "success");
}

TEST_F(StubForge, PermissionsAndBlockersAreReadAsTheyAreNow) {
  stub_.forge.permit("acme/shop", "alice", "write", "maintain");
  const std::string path = "/repos/acme/shop/collaborators/";
  EXPECT_EQ(json::parse(ask("GET", path + "alice/permission").body).at("role_name"), "maintain");
  EXPECT_EQ(json::parse(ask("GET", path + "eve/permission").body).at("permission"), "none");
  stub_.forge.block("acme/shop", 1, "acme/shop", 2);
  const json blockers =
      json::parse(ask("GET", "/repos/acme/shop/issues/1/dependencies/blocked_by").body);
  ASSERT_EQ(blockers.size(), 1U);
  EXPECT_EQ(blockers[0].at("number"), 2);
}

TEST(StubForgeLimits, ATokenIsAskedForAndTheBudgetEnds) {
  Stub stub({.forge = {.token = "t0ken", .limit = 1}});
  const auto client = runner::http::make_client();
  runner::http::Request request;
  request.url = stub.url("/user");
  EXPECT_EQ(client->send(request)->status, 401);
  request.bearer = "t0ken";
  EXPECT_EQ(client->send(request)->status, 200);
  const auto limited = client->send(request);
  EXPECT_EQ(limited->status, 403);
  EXPECT_EQ(limited->header("x-ratelimit-remaining"), "0");
}

}  // namespace
}  // namespace stub
