// The whole loop with the issues on a forge in GitHub's shape and git over HTTP.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "tests/stub/stub.h"
#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

constexpr const char* kShop = "acme/shop";
constexpr const char* kToken = "ghp_secretOfTheTest";

class GithubLoop : public testing::Test {
 protected:
  GithubLoop() : stub(options(fleet)) {
    fleet.play.environment.push_back(std::string("FORGE_TOKEN=") + kToken);
    fleet.other_tables = "\n[tracker.hub]\nkind = \"github\"\nurl = \"" + stub.url() +
                         "\"\ntoken_env = \"FORGE_TOKEN\"\n";
    fleet.remote_prefix = stub.url("/git");
    fleet.scripted("coder", {"commits", "1", "usage", "{\"usd\": \"0.10\", \"tokens\": 1000}"});
    fleet.repo(kShop, "coder", "tracker = \"hub\"\n");
    (void)fleet.git(fleet.remote(kShop), {"config", "http.receivepack", "true"});
    fleet.write();
    stub.forge.add_repo(kShop);
    stub.forge.permit(kShop, "alice", "write", "write");
  }
  static stub::Stub::Options options(const SmallFleet& fleet) {
    stub::Stub::Options options;
    options.git_root = fleet.folder() + "/remotes";
    options.forge.login = "runner-bot";
    options.forge.token = kToken;
    return options;
  }
  int ready(const std::string& actor) {
    const int number = stub.forge.add_issue(kShop, "somebody", "Greet by name", "Please do it.");
    stub.forge.label(kShop, number, "ready-for-agent", actor);
    return number;
  }
  nlohmann::json issue(int number) {
    return stub.forge.state().at(kShop).at("issues").at(std::to_string(number));
  }
  void expect_landed(int number) {
    EXPECT_EQ(issue(number).at("state"), "closed");
    for (const auto& label : issue(number).at("labels")) {
      EXPECT_NE(label.at("name"), "agent-in-progress");
      EXPECT_NE(label.at("name"), "ready-for-agent");
    }
    EXPECT_EQ(fleet.commits_landed(kShop), 1);
    EXPECT_EQ(stub.log.effects("comment added").size(), 1U) << "one comment, edited in place";
    EXPECT_FALSE(fleet.run_of(kShop).live);
    EXPECT_EQ(fleet.run_of(kShop).outcome, "landed");
  }

  SmallFleet fleet;
  stub::Stub stub;
};

TEST_F(GithubLoop, AnIssueIsClaimedWorkedOnLandedAndClosed) {
  const int refused = ready("mallory");
  const int number = ready("alice");
  ASSERT_TRUE(fleet.tick_until_quiet(90)) << fleet.tick().out;
  expect_landed(number);
  EXPECT_EQ(issue(refused).at("state"), "open");
  EXPECT_NE(fleet.reason_of(kShop, refused).find("untrusted-label"), std::string::npos)
      << fleet.reason_of(kShop, refused);
}

TEST_F(GithubLoop, FaultsBeforeAndAfterTheEffectChangeNothing) {
  using stub::FaultKind;
  using stub::When;
  stub.faults.add({.path = "/graphql", .fault = {.kind = FaultKind::failed}});
  stub.faults.add({.method = "POST",
                   .path = "*/comments",
                   .fault = {.kind = FaultKind::cut, .when = When::after}});
  stub.faults.add({.method = "POST",
                   .path = "*/labels",
                   .fault = {.kind = FaultKind::cut, .when = When::after}});
  stub.faults.add(
      {.method = "PATCH", .path = "*/issues/1", .fault = {.kind = FaultKind::unavailable}});
  const int number = ready("alice");
  ASSERT_TRUE(fleet.tick_until_quiet(120)) << fleet.tick().out;
  expect_landed(number);
  EXPECT_GE(stub.faults.injected(), 3);
}

TEST_F(GithubLoop, Invariant7_ADryRunOnlyAsks) {
  ready("alice");
  const Answer plan = fleet.run({"tick", "--dry-run"});
  EXPECT_EQ(plan.exit_code, 0) << plan.error;
  EXPECT_NE(plan.out.find("start"), std::string::npos) << plan.out;
  EXPECT_TRUE(stub.log.effects().empty());
}

TEST_F(GithubLoop, Invariant12_TheTokenIsNowhere) {
  stub.faults.add({.path = "/graphql", .times = 0, .fault = {.kind = stub::FaultKind::html}});
  ready("alice");
  const Answer tick = fleet.tick();
  EXPECT_EQ((tick.out + tick.error).find(kToken), std::string::npos);
  EXPECT_EQ(fleet.shell_output("grep -rl " + std::string(kToken) + " . || true"), "");
}

}  // namespace
}  // namespace test_support
