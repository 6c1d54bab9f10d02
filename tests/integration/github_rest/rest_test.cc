// What our adapters ask of GitHub by REST, and what the forge double answers, held against GitHub's
// own description.
#include <gtest/gtest.h>

#include "runner/ci/forge_ci.h"
#include "runner/pulls/pulls.h"
#include "tests/contract/tracker/github_subject.h"
#include "tests/integration/github_rest/description.h"
#include "tests/stub/bare_repo.h"

namespace github_rest {
namespace {

using jobs::ErrorKind;
using Json = nlohmann::json;

constexpr const char* kShop = "acme/shop";
constexpr const char* kReady = "ready-for-agent";

class World : public testing::Test {
 protected:
  explicit World(bool graphql) : world_(graphql, git_.root()) {}
  void SetUp() override {
    if (!description_.missing().empty()) {
      GTEST_SKIP() << description_.missing();
    }
    world_.stub.log.keep_answers();
    forge_.add_repo(kShop);
    forge_.permit(kShop, "alice", "write", "maintain");
  }
  void TearDown() override {
    if (!IsSkipped()) {
      EXPECT_EQ(description_.check(cases_of(world_.stub.log)), "exit 0\n");
    }
  }
  jobs::Repo repo(const char* name) {
    jobs::Repo one{.name = jobs::RepoName(name)};
    one.remote = "remote";
    return one;
  }
  /// How often that was asked with that answer: what was never asked was not held to anything.
  int answered(const std::string& method, const std::string& path, int status) {
    int count = 0;
    for (const stub::Exchange& each : world_.stub.log.exchanges()) {
      count += static_cast<int>(each.request.method == method && each.status == status &&
                                stub::matches(path, each.request.path));
    }
    return count;
  }

  Description description_;
  stub::BareRepo git_;
  tracker_contract::GithubWorld world_;
  stub::Forge& forge_ = world_.stub.forge;
  jobs::Labels labels_;
  jobs::Repo shop_ = repo(kShop);
};

/// Pull requests and commits are asked about by REST alone.
class GithubRest : public World {
 protected:
  GithubRest() : World(true) {}
};

/// Issues also where there is no GraphQL.
class GithubRestIssues : public World, public testing::WithParamInterface<bool> {
 protected:
  GithubRestIssues() : World(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Both, GithubRestIssues, testing::Bool(), [](const auto& kind) {
  return std::string(kind.param ? "graphql" : "rest");
});

TEST_P(GithubRestIssues, AreRead) {
  forge_.add_repo("acme/lib");
  forge_.add_issue("acme/lib", "bob", "in the way");
  forge_.make_bot("robot");
  for (int number = 1; number <= 103; ++number) {
    forge_.add_issue(kShop, "bob", "an issue", number == 1 ? "Blocked by: #2" : "");
    forge_.label(kShop, number, kReady, number == 2 ? "robot" : "alice");
  }
  forge_.by_app(kShop, 3, "some-app");
  forge_.block(kShop, 1, "acme/lib", 1);
  forge_.edit_title(kShop, 1, "renamed", "carol");
  forge_.edit_body(kShop, 1, "Blocked by: #2\nedited", "carol");
  forge_.unlabel(kShop, 4, kReady, "alice");
  forge_.label(kShop, 4, labels_.in_progress, "alice");
  forge_.close_issue(kShop, 5);
  forge_.add_comment(kShop, 1, "bob", "me too");

  world_.reader->announce({&shop_}, labels_);
  auto ready = world_.reader->ready_issues(shop_, labels_);
  ASSERT_TRUE(ready) << ready.error().text();
  ASSERT_EQ(ready->size(), 101U);
  const auto busy = world_.reader->in_progress_issues(shop_, labels_);
  ASSERT_TRUE(busy);
  EXPECT_EQ(busy->size(), 1U);
  std::vector<jobs::WantedDetails> wanted;
  for (jobs::Issue& one : *ready) {
    if (one.key.number <= 3) {
      wanted.push_back({&shop_, &one});
    }
  }
  world_.reader->complete(wanted, labels_);
  for (const jobs::WantedDetails& one : wanted) {
    const jobs::Issue& issue = *one.issue;
    EXPECT_EQ(issue.problem, "");
    EXPECT_EQ(issue.url, "https://github.com/acme/shop/issues/" + std::to_string(issue.key.number));
    EXPECT_EQ(issue.ready_by.is_bot, issue.key.number != 1) << issue.key.str();
    EXPECT_EQ(issue.blockers.size(), issue.key.number == 1 ? 2U : 0U);
  }
  ASSERT_TRUE(world_.reader->issue(shop_, 5, labels_));
  ASSERT_TRUE(world_.reader->issue(shop_, 5, labels_)) << "the same again: not modified";
  const auto comments = world_.reader->comments(shop_, 1);
  ASSERT_TRUE(comments);
  EXPECT_EQ(comments->size(), 1U);
  EXPECT_EQ(world_.reader->issue(shop_, 999, labels_).error().kind, ErrorKind::not_found);

  EXPECT_EQ(answered("GET", "*/issues", 200), GetParam() ? 0 : 3) << "two pages, and one";
  EXPECT_GE(answered("GET", "*/issues/1/events", 200), 1);
  EXPECT_GE(answered("GET", "*/issues/1/dependencies/blocked_by", 200), 1);
  EXPECT_GE(answered("GET", "*/collaborators/alice/permission", 200), 1);
  EXPECT_GE(answered("GET", "/user", 200), 1);
  EXPECT_GE(answered("GET", "*/issues/5", 304), 1);
  EXPECT_GE(answered("GET", "*/issues/999", 404), 1);
}

TEST_P(GithubRestIssues, AreChanged) {
  forge_.add_issue(kShop, "bob", "an issue");
  forge_.label(kShop, 1, kReady, "alice");
  // Somebody else makes the label and takes another off, in between.
  world_.stub.meanwhile("POST", "*/labels", 1, [this] {
    forge_.add_issue(kShop, "bob", "another");
    forge_.label(kShop, 2, "busy", "bob");
  });
  world_.stub.meanwhile("DELETE", "*/labels/*", 1,
                        [this] { forge_.unlabel(kShop, 1, kReady, "alice"); });
  EXPECT_TRUE(world_.writer->set_labels(shop_, 1, {"busy", "new"}, {kReady}));
  EXPECT_TRUE(world_.writer->set_labels(shop_, 1, {}, {"new"}));
  std::string id;
  for (const char* body : {"<!-- mark --> first", "<!-- mark --> second", "<!-- mark --> third"}) {
    const auto written = world_.writer->upsert_comment(
        shop_, 1, {.marker = "<!-- mark -->", .body = body, .id = id});
    ASSERT_TRUE(written) << written.error().text();
    id = *written;
  }
  EXPECT_TRUE(world_.writer->close(shop_, 1, "done"));
  EXPECT_EQ(answered("POST", "*/shop/labels", 201), 1);
  EXPECT_EQ(answered("POST", "*/shop/labels", 422), 1);
  EXPECT_EQ(answered("GET", "*/shop/labels/*", 404), 2);
  EXPECT_EQ(answered("POST", "*/issues/1/labels", 200), 1);
  EXPECT_EQ(answered("DELETE", "*/issues/1/labels/*", 200), 1);
  EXPECT_EQ(answered("DELETE", "*/issues/1/labels/*", 404), 1);
  EXPECT_EQ(answered("POST", "*/issues/1/comments", 201), 1);
  EXPECT_EQ(answered("PATCH", "*/issues/comments/*", 200), 2);
  EXPECT_EQ(answered("GET", "*/issues/comments/*", 200), 2);
  EXPECT_EQ(answered("PATCH", "*/issues/1", 200), 1);
}

TEST_P(GithubRestIssues, WhatIsRefusedIsDescribedToo) {
  forge_.add_issue(kShop, "bob", "an issue");
  forge_.add_repo("acme/old");
  forge_.add_issue("acme/old", "bob", "an issue");
  forge_.rename("acme/old", "acme/new");
  forge_.add_repo("acme/silent");
  forge_.set_flag("acme/silent", "issues", false);
  forge_.set_flag(kShop, "archived", true);
  EXPECT_EQ(world_.writer->close(shop_, 1, "").error().kind, ErrorKind::denied);
  const auto moved = world_.reader->issue(repo("acme/old"), 1, labels_);
  EXPECT_NE(moved.error().text().find("acme/new"), std::string::npos) << moved.error().text();
  EXPECT_FALSE(world_.reader->issue(repo("acme/silent"), 1, labels_));
  EXPECT_FALSE(world_.reader->issue(repo("acme/none"), 1, labels_));
  EXPECT_GE(answered("PATCH", "*/issues/1", 403), 1);
  EXPECT_GE(answered("GET", "*/old/issues/1", 301), 1);
  EXPECT_GE(answered("GET", "/repositories/*", 200), 1);
  EXPECT_GE(answered("GET", "*/silent/issues/1", 410), 1);
}

TEST_F(GithubRest, PullRequests) {
  auto reader = runner::pulls::make_pull_reader(*world_.api, runner::pulls::Dialect::github);
  auto writer = runner::pulls::make_pull_writer(*world_.api, runner::pulls::Dialect::github);
  const auto open = [&](const std::string& branch) {
    const jobs::Oid head(git_.commit(branch, branch + ".txt", "one\ntwo\n"));
    auto made = writer->open(
        shop_,
        {.branch = branch, .head = head, .base = "main", .title = "Add " + branch, .body = "why"});
    EXPECT_TRUE(made) << made.error().text();
    return made.value_or(jobs::PullFacts{});
  };
  forge_.pulls.open_from_fork(kShop, "work");
  // Of the same branch to the same base there is only one; somebody else was faster.
  world_.stub.meanwhile("POST", "*/pulls", 2, [&] {
    auto quick = *stub::parse_head("POST /repos/acme/shop/pulls HTTP/1.1\r\n\r\n");
    quick.body = R"({"title":"quick","head":"other","base":"main"})";
    EXPECT_EQ(forge_.pulls.answer(quick, kShop, {}, "alice", world_.stub.log).status, 201);
  });
  const jobs::PullFacts work = open("work");
  const auto found = reader->pull(shop_, "work");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->number, work.number);
  EXPECT_EQ((*found)->url, "https://github.com/acme/shop/pull/" + std::to_string(work.number));
  EXPECT_TRUE(writer->merge(shop_, work.number, work.head, "Merge it\n\nReally.")) << "a merge";
  const auto merged = reader->pull(shop_, "work");
  ASSERT_TRUE(merged && *merged);
  EXPECT_EQ((*merged)->state, jobs::PullFacts::State::merged);

  git_.commit("other", "README.md", "theirs\n");
  git_.commit("main", "README.md", "ours\n");
  const jobs::PullFacts other = open("other");
  EXPECT_FALSE(writer->merge(shop_, other.number, other.head, "Merge it")) << "it has conflicts";
  world_.stub.meanwhile("PUT", "*/merge", 1, [&] { git_.commit("other", "more.txt", "more\n"); });
  EXPECT_FALSE(writer->merge(shop_, other.number, other.head, "Merge it")) << "its head moved";
  forge_.pulls.press_close(kShop, other.number);
  EXPECT_FALSE(writer->merge(shop_, other.number, other.head, "Merge it")) << "it was closed";

  EXPECT_EQ(answered("POST", "*/pulls", 201), 1);
  EXPECT_EQ(answered("POST", "*/pulls", 422), 1);
  EXPECT_EQ(answered("PUT", "*/merge", 200), 1);
  EXPECT_EQ(answered("PUT", "*/merge", 405), 1);
  EXPECT_EQ(answered("PUT", "*/merge", 409), 1);
}

TEST_F(GithubRest, Checks) {
  const auto reader = runner::ci::make_checks_reader(
      {.config = {.name = "ci", .settle = {}},
       .api = *world_.api,
       .clock = world_.clock,
       .place = [](const jobs::Repo& one) { return one.name.str(); }});
  const std::string sha = git_.head("main");
  const auto look = [&] {
    auto report = reader->observe(shop_, jobs::Oid(sha));
    EXPECT_TRUE(report) << report.error().text();
    return report.value_or(jobs::CiReport{});
  };
  EXPECT_EQ(look().verdict, jobs::Verdict::absent);
  forge_.set_check(kShop, sha, "build", "in_progress", "");
  forge_.set_status(kShop, sha, "lint", "pending");
  EXPECT_EQ(look().verdict, jobs::Verdict::pending);
  forge_.set_status(kShop, sha, "lint", "success");
  forge_.set_check(kShop, sha, "build", "completed", "failure", "it does not compile");
  const jobs::CiReport failed = look();
  EXPECT_EQ(failed.verdict, jobs::Verdict::fail);
  ASSERT_FALSE(failed.checks.empty());
  EXPECT_NE(failed.checks[0].log_tail.find("it does not compile"), std::string::npos)
      << failed.checks[0].log_tail;
  // Stopped, because the base has it and more: the newer commit was checked instead.
  forge_.set_check(kShop, sha, "build", "completed", "cancelled");
  const std::string newer = git_.commit("main", "more.txt", "more\n");
  forge_.set_check(kShop, newer, "build", "completed", "success");
  EXPECT_EQ(look().verdict, jobs::Verdict::pass);
  EXPECT_EQ(answered("GET", "*/compare/*", 200), 1);
  EXPECT_EQ(answered("GET", "*/check-runs/*/annotations", 200), 1);
  EXPECT_GE(answered("GET", "*/actions/runs", 200), 5);
}

TEST_F(GithubRest, WhatTheDoubleCanDoBesides) {
  forge_.add_issue(kShop, "bob", "an issue");
  const std::string shop = "/repos/acme/shop";
  const auto send = [&](const std::string& method, const std::string& path,
                        const std::string& body) {
    return world_.api->send({.method = method, .path = shop + path, .body = body});
  };
  EXPECT_TRUE(send("PUT", "/issues/1/labels", R"({"labels":["a","b"]})"));
  EXPECT_FALSE(send("POST", "/issues/1/labels", R"({"labels":[""]})"));
  EXPECT_TRUE(send("POST", "/statuses/abc", R"({"state":"success","context":"ci"})"));
  EXPECT_FALSE(send("PATCH", "/issues/1", "{"));
  for (const std::string path :
       {"/rate_limit", "/repos/acme/shop/issues/1/labels", "/repos/acme/shop/labels/a",
        "/repos/acme/shop/commits/abc/status", "/repos/acme/shop/issues?state=all&per_page=1"}) {
    EXPECT_TRUE(world_.api->get(path)) << path;
  }
  const auto refused = [](stub::Forge::Options options) {
    stub::Log log;
    return stub::Forge(std::move(options))
        .answer(*stub::parse_head("GET /user HTTP/1.1\r\n\r\n"), log);
  };
  Json cases = Json::array();
  for (const stub::Answer& answer : {refused({.token = "secret"}), refused({.limit = 0})}) {
    EXPECT_TRUE(answer.status == 401 || answer.status == 403);
    cases.push_back(one_case("GET", "/user", "", answer.status, answer.body));
  }
  EXPECT_EQ(description_.check(cases), "exit 0\n");
}

}  // namespace
}  // namespace github_rest
