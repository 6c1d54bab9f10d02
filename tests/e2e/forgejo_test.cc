// The whole loop with the issues on a forge in Forgejo's shape and git over HTTP.
#include "tests/stub/forgejo.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/stub/stub.h"
#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

constexpr const char* kShop = "acme/shop";
constexpr const char* kToken = "tokenOfTheTest";

class ForgejoLoop : public testing::Test {
 protected:
  explicit ForgejoLoop(const std::string& landing = "")
      : server({.git_root = fleet.folder() + "/remotes"}), stub(options(fleet)) {
    stub.forgejo = [this](const stub::Request& request) { return server.answer(request); };
    fleet.play.environment.push_back(std::string("FORGE_TOKEN=") + kToken);
    fleet.other_tables = "\n[tracker.hub]\nkind = \"forgejo\"\nurl = \"" + stub.url() +
                         "\"\ntoken_env = \"FORGE_TOKEN\"\n";
    fleet.remote_prefix = stub.url("/git");
    fleet.scripted("coder", {"commits", "1", "usage", "{\"usd\": \"0.10\", \"tokens\": 1000}"});
    fleet.repo(kShop, "coder", "tracker = \"hub\"\n" + landing);
    (void)fleet.git(fleet.remote(kShop), {"config", "http.receivepack", "true"});
    fleet.write();
    server.put(kShop, 1, {.title = "Greet by name", .body = "Please do it.", .labels = {}});
    server.permit("alice", "write");
    server.permit("mallory", "read");
  }
  static stub::Stub::Options options(const SmallFleet& fleet) {
    stub::Stub::Options options;
    options.git_root = fleet.folder() + "/remotes";
    return options;
  }
  void release(const std::string& by) {
    server.label(kShop, 1, "ready-for-agent", by, "2026-11-20T08:00:00Z");
  }
  nlohmann::json read(const std::string& rest) {
    stub::Request request;
    request.method = "GET";
    request.path = request.target = "/api/v1/repos/acme/shop/issues/1" + rest;
    return nlohmann::json::parse(server.answer(request).body);
  }
  void expect_landed() {
    EXPECT_EQ(read("").at("state"), "closed");
    EXPECT_TRUE(read("").at("labels").empty()) << read("").dump();
    EXPECT_EQ(read("/comments").size(), 1U) << "one comment, edited in place";
    EXPECT_EQ(fleet.commits_landed(kShop), 1);
    EXPECT_FALSE(fleet.run_of(kShop).live);
    EXPECT_EQ(fleet.run_of(kShop).outcome, "landed");
  }

  SmallFleet fleet;
  stub::Forgejo server;
  stub::Stub stub;
};

class ForgejoMergedPulls : public ForgejoLoop {
 protected:
  ForgejoMergedPulls() : ForgejoLoop("landing = \"pull-request\"\nmerge_when_green = true\n") {}
};

TEST_F(ForgejoLoop, AnIssueIsClaimedWorkedOnLandedAndClosed) {
  release("alice");
  ASSERT_TRUE(fleet.tick_until_quiet(90)) << fleet.tick().out;
  expect_landed();
}

TEST_F(ForgejoLoop, WhoMayOnlyReadReleasesNothing) {
  release("mallory");
  EXPECT_EQ(fleet.tick().exit_code, 0);
  EXPECT_TRUE(fleet.runs().empty());
  EXPECT_NE(fleet.reason_of(kShop, 1).find("untrusted-label"), std::string::npos)
      << fleet.reason_of(kShop, 1);
}

TEST_F(ForgejoMergedPulls, Invariant3_OpenedAndMergedOnceThoughAnswersAreLost) {
  stub.faults.add({.method = "POST",
                   .path = "*/pulls*",
                   .times = 2,
                   .fault = {.kind = stub::FaultKind::cut, .when = stub::When::after}});
  release("alice");
  ASSERT_TRUE(fleet.tick_until_quiet(120)) << fleet.tick().out;
  expect_landed();
  EXPECT_EQ(server.pulls.opened(kShop), 1);
  EXPECT_EQ(stub.faults.injected(), 2);
}

}  // namespace
}  // namespace test_support
