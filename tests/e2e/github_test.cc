// The whole loop with the issues on a forge in GitHub's shape and git over HTTP.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "tests/stub/stub.h"
#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

constexpr const char* kHubRepo = "acme/shop";
constexpr const char* kHubToken = "ghp_secretOfTheTest";

class GithubLoop : public testing::Test {
 protected:
  explicit GithubLoop(const std::string& more = "", const std::string& tables = "")
      : stub(options(fleet)) {
    fleet.play.environment.push_back(std::string("FORGE_TOKEN=") + kHubToken);
    fleet.other_tables = "\n[tracker.hub]\nkind = \"github\"\nurl = \"" + stub.url() +
                         "\"\ntoken_env = \"FORGE_TOKEN\"\n" + tables;
    fleet.remote_prefix = stub.url("/git");
    fleet.scripted("coder", {"commits", "1", "usage", "{\"usd\": \"0.10\", \"tokens\": 1000}"});
    fleet.repo(kHubRepo, "coder", "tracker = \"hub\"\n" + more);
    (void)fleet.git(fleet.remote(kHubRepo), {"config", "http.receivepack", "true"});
    fleet.write();
    stub.forge.add_repo(kHubRepo);
    stub.forge.permit(kHubRepo, "alice", "write", "write");
  }
  static stub::Stub::Options options(const SmallFleet& fleet) {
    stub::Stub::Options options;
    options.git_root = fleet.folder() + "/remotes";
    options.forge.login = "runner-bot";
    options.forge.token = kHubToken;
    return options;
  }
  int ready(const std::string& actor) {
    const int number = stub.forge.add_issue(kHubRepo, "somebody", "Greet by name", "Please do it.");
    stub.forge.label(kHubRepo, number, "ready-for-agent", actor);
    return number;
  }
  nlohmann::json issue(int number) {
    return stub.forge.state().at(kHubRepo).at("issues").at(std::to_string(number));
  }
  void expect_landed(int number) {
    EXPECT_EQ(issue(number).at("state"), "closed");
    for (const auto& label : issue(number).at("labels")) {
      EXPECT_NE(label.at("name"), "agent-in-progress");
      EXPECT_NE(label.at("name"), "ready-for-agent");
    }
    EXPECT_EQ(fleet.commits_landed(kHubRepo), 1);
    EXPECT_EQ(stub.log.effects("comment added").size(), 1U) << "one comment, edited in place";
    EXPECT_FALSE(fleet.run_of(kHubRepo).live);
    EXPECT_EQ(fleet.run_of(kHubRepo).outcome, "landed");
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
  EXPECT_NE(fleet.reason_of(kHubRepo, refused).find("untrusted-label"), std::string::npos)
      << fleet.reason_of(kHubRepo, refused);
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

TEST_F(GithubLoop, AForgeThatIsDownIsLeftAloneAndSaidToBe) {
  stub.faults.add(
      {.path = "/graphql", .times = 0, .fault = {.kind = stub::FaultKind::unavailable}});
  stub.faults.add(
      {.path = "/repos/*", .times = 0, .fault = {.kind = stub::FaultKind::unavailable}});
  const int number = ready("alice");
  const auto status = [&] { return fleet.run({"status"}).out; };
  for (int tick = 0; tick < 6 && status().find("do not answer") == std::string::npos; ++tick) {
    EXPECT_LE(fleet.tick().exit_code, 1);
  }
  EXPECT_NE(status().find("hub"), std::string::npos) << status();
  EXPECT_NE(status().find("do not answer"), std::string::npos) << status();
  const int asked = stub.log.count("", "*");
  EXPECT_LE(fleet.tick().exit_code, 1);
  const Answer explained = fleet.run({"explain", "acme/shop#" + std::to_string(number)});
  EXPECT_NE((explained.out + explained.error).find("is left alone until"), std::string::npos)
      << explained.out << explained.error;
  EXPECT_EQ(stub.log.count("", "*"), asked) << "neither a tick nor a person asks it meanwhile";
}

TEST_F(GithubLoop, Invariant7_ADryRunOnlyAsks) {
  ready("alice");
  const Answer plan = fleet.run({"tick", "--dry-run"});
  EXPECT_EQ(plan.exit_code, 0) << plan.error;
  EXPECT_NE(plan.out.find("start"), std::string::npos) << plan.out;
  EXPECT_TRUE(stub.log.effects().empty());
}

TEST_F(GithubLoop, ATickAsksAboutAllRepositoriesAtOnce) {
  for (const char* name : {"acme/lib", "acme/api", "acme/web"}) {
    fleet.repo(name, "coder", "tracker = \"hub\"\n");
    stub.forge.add_repo(name);
  }
  fleet.write();
  EXPECT_EQ(fleet.tick().exit_code, 0);
  EXPECT_EQ(stub.log.count("POST", "/graphql"), 2) << "the poll once, and the janitor once";
  EXPECT_EQ(stub.log.count("", "*"), 2);
}

TEST_F(GithubLoop, NothingIsAskedAboutIssuesThatTheirBaseStops) {
  stub.faults.add({.path = "/git/*", .times = 0, .fault = {.kind = stub::FaultKind::unavailable}});
  const int number = ready("alice");
  EXPECT_EQ(fleet.run({"tick", "--dry-run"}).exit_code, 0);
  EXPECT_EQ(stub.log.count("", "*/issues/*"), 0);
  const Answer explained = fleet.run({"explain", "acme/shop#" + std::to_string(number)});
  EXPECT_NE(explained.out.find("base-unreadable"), std::string::npos) << explained.out;
  EXPECT_NE(explained.out.find("set by alice"), std::string::npos)
      << "who asks about one issue is told everything: " << explained.out;
}

TEST_F(GithubLoop, Invariant12_TheTokenIsNowhere) {
  stub.faults.add({.path = "/graphql", .times = 0, .fault = {.kind = stub::FaultKind::html}});
  ready("alice");
  const Answer tick = fleet.tick();
  EXPECT_EQ((tick.out + tick.error).find(kHubToken), std::string::npos);
  EXPECT_EQ(fleet.shell_output("grep -rl " + std::string(kHubToken) + " . || true"), "");
}

class GithubPulls : public GithubLoop {
 protected:
  explicit GithubPulls(const std::string& more = "")
      : GithubLoop("landing = \"pull-request\"\n" + more) {}
  /// The number of the pull request; 0 if it never came.
  std::int64_t tick_until_opened() {
    EXPECT_TRUE(fleet.tick_until([&] { return stub.forge.pulls.opened(kHubRepo) > 0; }, 60));
    return stub.forge.pulls.newest(kHubRepo);
  }
};

class GithubMergedPulls : public GithubPulls {
 protected:
  GithubMergedPulls() : GithubPulls("merge_when_green = true\n") {}
};

TEST_F(GithubPulls, APersonMergesAndTheIssueIsClosed) {
  const int number = ready("alice");
  const std::int64_t pull = tick_until_opened();
  ASSERT_GT(pull, 0);
  for (int tick = 0; tick < 3; ++tick) {
    EXPECT_EQ(fleet.tick().exit_code, 0);
  }
  EXPECT_EQ(issue(number).at("state"), "open");
  EXPECT_TRUE(fleet.run_of(kHubRepo).live) << "it waits for a person";
  ASSERT_TRUE(stub.forge.pulls.press_merge(kHubRepo, pull));
  ASSERT_TRUE(fleet.tick_until_quiet(60)) << fleet.tick().out;
  expect_landed(number);
  EXPECT_EQ(stub.log.effects("pull request opened").size(), 1U);
  EXPECT_TRUE(stub.log.effects("pull request merged").empty()) << "not by the runner";
}

TEST_F(GithubPulls, APersonClosesItAndIsAskedWhatNow) {
  const int number = ready("alice");
  const std::int64_t pull = tick_until_opened();
  ASSERT_GT(pull, 0);
  stub.forge.pulls.press_close(kHubRepo, pull);
  ASSERT_TRUE(fleet.tick_until_quiet(60)) << fleet.tick().out;
  EXPECT_EQ(issue(number).at("state"), "open");
  EXPECT_EQ(fleet.run_of(kHubRepo).outcome, "needs-human");
  EXPECT_EQ(fleet.commits_landed(kHubRepo), 0);
}

class GithubChecks : public GithubLoop {
 protected:
  GithubChecks()
      : GithubLoop("ci = \"gate\"\n", "\n[ci.gate]\nkind = \"checks\"\nexpect = [\"build\"]\n") {}
  std::string base() {
    std::string head = fleet.git(fleet.remote(kHubRepo), {"rev-parse", "main"});
    return head.substr(0, head.find('\n'));
  }
  /// The forge's CI judges the newest commit of the base.
  void judge(const std::string& conclusion) {
    stub.forge.set_check(kHubRepo, base(), "build", "completed", conclusion);
  }
};

TEST_F(GithubChecks, ARedCheckIsFixedForwardAndAGreenOneClosesTheIssue) {
  const int number = ready("alice");
  const std::string before = base();
  ASSERT_TRUE(fleet.tick_until([&] { return base() != before; }, 60));
  const std::string first = base();
  judge("failure");
  ASSERT_TRUE(fleet.tick_until([&] { return base() != first; }, 60)) << fleet.tick().out;
  EXPECT_EQ(issue(number).at("state"), "open");
  judge("success");
  ASSERT_TRUE(fleet.tick_until_quiet(60)) << fleet.tick().out;
  EXPECT_EQ(issue(number).at("state"), "closed");
  EXPECT_EQ(fleet.run_of(kHubRepo).outcome, "landed");
  EXPECT_EQ(fleet.commits_landed(kHubRepo), 2);
}

TEST_F(GithubMergedPulls, Invariant3_OpenedAndMergedOnceThoughAnswersAreLost) {
  for (const char* method : {"POST", "PUT"}) {
    stub.faults.add({.method = method,
                     .path = "*/pulls*",
                     .fault = {.kind = stub::FaultKind::cut, .when = stub::When::after}});
  }
  const int number = ready("alice");
  ASSERT_TRUE(fleet.tick_until_quiet(120)) << fleet.tick().out;
  expect_landed(number);
  EXPECT_EQ(stub.log.effects("pull request opened").size(), 1U);
  EXPECT_EQ(stub.log.effects("pull request merged").size(), 1U);
  EXPECT_EQ(stub.faults.injected(), 2);
}

}  // namespace
}  // namespace test_support
