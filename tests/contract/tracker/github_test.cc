// What only GitHub has: kinds of actors, edits, dependencies, limits, faults; by GraphQL and REST.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/contract/tracker/github_subject.h"
#include "tests/contract/tracker/words.h"

namespace {

using jobs::Blocker;
using jobs::ErrorKind;
using jobs::Permission;

class Github : public testing::TestWithParam<bool> {
 protected:
  Github() {
    forge.add_repo(kShop);
    forge.permit(kShop, "alice", "write", "write");
    forge.permit(kShop, "tess", "read", "triage");
    forge.permit(kShop, "max", "write", "maintain");
    forge.permit(kShop, "rita", "read", "read");
  }
  jobs::Issue look(int number) {
    world.renew();
    auto issue = world.reader->issue(repo, number, labels);
    EXPECT_TRUE(issue) << issue.error().text();
    return issue ? *std::move(issue) : jobs::Issue{};
  }
  int ready(const std::string& actor, const std::string& body = "") {
    const int number = forge.add_issue(kShop, "somebody", "an issue", body);
    forge.label(kShop, number, kReady, actor);
    return number;
  }
  [[nodiscard]] bool by_graphql() const { return GetParam(); }

  tracker_contract::GithubWorld world{GetParam()};
  stub::Forge& forge = world.stub.forge;
  jobs::Labels labels;
  jobs::Repo repo{.name = jobs::RepoName(kShop)};
};

INSTANTIATE_TEST_SUITE_P(Both, Github, testing::Bool(), [](const auto& kind) {
  return std::string(kind.param ? "graphql" : "rest");
});

TEST_P(Github, PermissionsAreThoseOfNow) {
  EXPECT_EQ(look(ready("alice")).ready_by.permission, Permission::write);
  EXPECT_EQ(look(ready("max")).ready_by.permission, Permission::write);
  EXPECT_EQ(look(ready("tess")).ready_by.permission, Permission::triage);
  EXPECT_EQ(look(ready("rita")).ready_by.permission, Permission::read);
  EXPECT_EQ(look(ready("nobody")).ready_by.permission, Permission::none);
  forge.permit(kShop, "alice", "read", "read");
  EXPECT_EQ(look(1).ready_by.permission, Permission::read);
}

TEST_P(Github, EachActorThatIsNoPersonIsRefusedWithItsReason) {
  const int bot = ready("helper[bot]");
  EXPECT_TRUE(look(bot).ready_by.is_bot);
  EXPECT_EQ(look(bot).ready_by.note, "a bot");
  const int own = ready("runner");
  EXPECT_TRUE(look(own).ready_by.is_bot);
  EXPECT_EQ(look(own).ready_by.note, "the runner's own account");
  const int app = ready("alice");
  forge.by_app(kShop, app, "labeler");
  EXPECT_TRUE(look(app).ready_by.is_bot);
  EXPECT_EQ(look(app).ready_by.note, "the App labeler did it");
  const int gone = ready("ghost");
  forge.forget_actor(kShop, gone);
  EXPECT_EQ(look(gone).ready_by.login, "");
  EXPECT_NE(look(gone).ready_by.note.find("does not exist any more"), std::string::npos);
}

TEST_P(Github, TheNewestLabelEventCounts) {
  const int number = ready("mallory");
  forge.unlabel(kShop, number, kReady, "alice");
  EXPECT_EQ(look(number).ready_by.login, "");
  forge.label(kShop, number, kReady, "alice");
  EXPECT_EQ(look(number).ready_by.login, "alice");
  forge.unlabel(kShop, number, kReady, "alice");
  forge.label(kShop, number, kReady, "mallory");
  EXPECT_EQ(look(number).ready_by.login, "mallory");
}

TEST_P(Github, TheNewestLabelEventIsOnTheLastPage) {
  const int number = ready("mallory");
  for (int i = 0; i < 120; ++i) {
    forge.label(kShop, number, "noise", "mallory");
    forge.unlabel(kShop, number, "noise", "mallory");
  }
  forge.unlabel(kShop, number, kReady, "mallory");
  forge.label(kShop, number, kReady, "alice");
  EXPECT_EQ(look(number).ready_by.login, "alice");
}

TEST_P(Github, ATextThatWasEditedAfterTheLabelSaysByWhom) {
  const int number = ready("alice");
  EXPECT_FALSE(look(number).edited_at && look(number).edited_at > look(number).ready_by.at);
  forge.edit_body(kShop, number, "do something else", "mallory");
  jobs::Issue issue = look(number);
  ASSERT_TRUE(issue.edited_at);
  EXPECT_GT(*issue.edited_at, *issue.ready_by.at);
  EXPECT_LT(issue.editor_permission, Permission::write);
  if (!by_graphql()) {
    EXPECT_EQ(issue.edited_by, "") << "REST has no word about who edited";
    return;
  }
  EXPECT_EQ(issue.edited_by, "mallory");
  // A later edit by somebody who may does not make it good.
  forge.edit_body(kShop, number, "do something else, please", "alice");
  EXPECT_EQ(look(number).edited_by, "mallory");
  // A new label does.
  forge.unlabel(kShop, number, kReady, "alice");
  forge.label(kShop, number, kReady, "alice");
  issue = look(number);
  EXPECT_FALSE(issue.edited_at);
  forge.edit_title(kShop, number, "another title", "max");
  issue = look(number);
  EXPECT_EQ(issue.edited_by, "max");
  EXPECT_EQ(issue.editor_permission, Permission::write);
}

TEST_P(Github, BlockersOfEverySort) {
  forge.add_repo("acme/lib");
  forge.add_issue("acme/lib", "x", "lib 1");
  const int open = forge.add_issue(kShop, "x", "open");
  const int closed = forge.add_issue(kShop, "x", "closed");
  forge.close_issue(kShop, closed);
  const int number =
      ready("alice", fmt::format("Blocked by #{}, secret/repo#1, #{}", open, closed));
  forge.block(kShop, number, "acme/lib", 1);
  forge.block(kShop, number, kShop, closed);
  std::map<std::string, Blocker::State> states;
  for (const Blocker& blocker : look(number).blockers) {
    EXPECT_TRUE(states.emplace(blocker.reference, blocker.state).second) << blocker.reference;
  }
  EXPECT_EQ(states, (std::map<std::string, Blocker::State>{
                        {fmt::format("#{}", open), Blocker::State::open},
                        {fmt::format("#{}", closed), Blocker::State::closed},
                        {"acme/lib#1", Blocker::State::open},
                        {"secret/repo#1", Blocker::State::unreadable}}));
}

TEST_P(Github, BlockersInACircleBlockEachOther) {
  const int one = ready("alice", "Blocked by #2");
  const int two = ready("alice", "Blocked by #1 and #2");
  const jobs::Issue first = look(one);
  ASSERT_EQ(first.blockers.size(), 1U);
  EXPECT_EQ(first.blockers.front().state, Blocker::State::open);
  EXPECT_EQ(look(two).blockers.size(), 2U);
}

TEST_P(Github, ListsAreFlatAndCompletedTogether) {
  for (int i = 0; i < 230; ++i) {
    ready("alice", "text \xc3\xa4\xe2\x82\xac");
  }
  jobs::Repo lib{.name = jobs::RepoName("acme/lib")};
  forge.add_repo("acme/lib");
  jobs::Repo none{.name = jobs::RepoName("acme/none")};
  world.renew();
  world.reader->announce({&repo, &lib, &none}, labels);
  auto issues = world.reader->ready_issues(repo, labels);
  ASSERT_TRUE(issues) << issues.error().text();
  ASSERT_EQ(issues->size(), 230U);
  EXPECT_TRUE(issues->front().details_left_out);
  EXPECT_TRUE(world.reader->ready_issues(lib, labels)->empty());
  EXPECT_EQ(world.reader->ready_issues(none, labels).error().kind, ErrorKind::not_found)
      << "what cannot be read is never \"no issues\"";
  std::vector<jobs::WantedDetails> wanted;
  for (std::size_t i = 0; i < 30; ++i) {
    wanted.push_back({.repo = &repo, .issue = &issues->at(i)});
  }
  world.reader->complete(wanted, labels);
  for (const auto& one : wanted) {
    EXPECT_EQ(one.issue->problem, "");
    EXPECT_FALSE(one.issue->details_left_out);
    EXPECT_EQ(one.issue->ready_by.permission, Permission::write);
    EXPECT_EQ(one.issue->body, "text \xc3\xa4\xe2\x82\xac");
  }
  EXPECT_EQ(world.stub.log.count("GET", "*/collaborators/*"), 1) << "asked once in a tick";
}

TEST_P(Github, ARepositoryThatWasRenamedIsToldByItsNewName) {
  ready("alice");
  forge.rename(kShop, "acme/store");
  world.renew();
  const auto issues = world.reader->ready_issues(repo, labels);
  ASSERT_FALSE(issues);
  EXPECT_EQ(issues.error().kind, ErrorKind::not_found);
  EXPECT_NE(issues.error().text().find("acme/store"), std::string::npos) << issues.error().text();
}

TEST_P(Github, DisabledIssuesAreAnErrorThatNamesTheFix) {
  forge.set_flag(kShop, "issues", false);
  world.renew();
  const auto issues = world.reader->ready_issues(repo, labels);
  ASSERT_FALSE(issues);
  EXPECT_NE(issues.error().text().find("switch issues on"), std::string::npos)
      << issues.error().text();
}

TEST_P(Github, AnArchivedRepositoryIsAnErrorThatNamesTheFix) {
  const int number = ready("alice");
  forge.set_flag(kShop, "archived", true);
  world.renew();
  const auto written = world.writer->set_labels(repo, number, {"x"}, {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::denied);
  EXPECT_NE(written.error().text().find("unarchive"), std::string::npos);
}

TEST_P(Github, AnEmptyPollIsConditional) {
  world.reader->announce({&repo}, labels);
  const int before = world.stub.log.count("", "*");
  world.renew();
  world.reader->announce({&repo}, labels);
  EXPECT_TRUE(world.reader->ready_issues(repo, labels)->empty());
  EXPECT_TRUE(world.reader->in_progress_issues(repo, labels)->empty());
  EXPECT_LE(world.stub.log.count("", "*") - before, 3);
  if (!by_graphql()) {
    int unchanged = 0;
    for (const stub::Exchange& each : world.stub.log.exchanges()) {
      unchanged += each.status == 304 ? 1 : 0;
    }
    EXPECT_EQ(unchanged, 2);
  }
}

struct Broken {
  stub::FaultKind fault;
  ErrorKind kind;
};

TEST_P(Github, FaultsAreErrorsOfTheirKindAndNeverNoIssues) {
  ready("alice");
  const Broken all[] = {{stub::FaultKind::cut, ErrorKind::transient},
                        {stub::FaultKind::failed, ErrorKind::transient},
                        {stub::FaultKind::timeout, ErrorKind::transient},
                        {stub::FaultKind::truncated, ErrorKind::transient},
                        {stub::FaultKind::html, ErrorKind::transient},
                        {stub::FaultKind::redirect, ErrorKind::denied},
                        {stub::FaultKind::rate_limited, ErrorKind::rate_limited},
                        {stub::FaultKind::forbidden, ErrorKind::rate_limited}};
  for (const Broken& broken : all) {
    const std::string name(to_string(broken.fault));
    world.cache.kept.clear();
    world.clock.sleep(std::chrono::hours(2));
    world.stub.faults.clear();
    world.stub.faults.add(
        {.method = "",
         .path = "*",
         .times = 0,
         .fault = {.kind = broken.fault, .milliseconds = 20, .location = "http://127.0.0.1:1/"}});
    world.renew();
    const auto issues = world.reader->ready_issues(repo, labels);
    ASSERT_FALSE(issues) << name;
    EXPECT_EQ(issues.error().kind, broken.kind) << name << ": " << issues.error().text();
  }
}

TEST_P(Github, AFaultThatPassesIsNotSeen) {
  ready("alice");
  for (const auto kind : {stub::FaultKind::cut, stub::FaultKind::failed, stub::FaultKind::truncated,
                          stub::FaultKind::slow}) {
    world.stub.faults.clear();
    world.stub.faults.add({.path = "*", .fault = {.kind = kind, .milliseconds = 1, .bytes = 64}});
    world.renew();
    const auto issues = world.reader->ready_issues(repo, labels);
    ASSERT_TRUE(issues) << to_string(kind) << issues.error().text();
    EXPECT_EQ(issues->size(), 1U);
  }
}

TEST_P(Github, Invariant12_TheTokenIsInNoErrorAndGoesNowhereElse) {
  world.stub.faults.add({.path = "*",
                         .times = 0,
                         .fault = {.kind = stub::FaultKind::redirect,
                                   .location = world.stub.url("/elsewhere/", "localhost")}});
  const auto issues = world.reader->ready_issues(repo, labels);
  ASSERT_FALSE(issues);
  EXPECT_EQ(issues.error().text().find("secret-token"), std::string::npos);
  EXPECT_EQ(world.stub.log.count("", "/elsewhere/*"), 0);
}

TEST_P(Github, ALostAnswerToANewCommentMakesNoSecondOne) {
  const int number = ready("alice");
  world.stub.faults.add({.method = "POST",
                         .path = "*/comments",
                         .fault = {.kind = stub::FaultKind::cut, .when = stub::When::after}});
  const std::string body = "<!-- marker -->\none";
  EXPECT_FALSE(
      world.writer->upsert_comment(repo, number, {.marker = "<!-- marker -->", .body = body}));
  world.renew();
  EXPECT_TRUE(
      world.writer->upsert_comment(repo, number, {.marker = "<!-- marker -->", .body = body}));
  EXPECT_EQ(world.reader->comments(repo, number)->size(), 1U);
}

TEST_P(Github, OurLabelsAreMadeWhereTheyAreMissing) {
  const int number = ready("alice");
  ASSERT_TRUE(world.writer->set_labels(repo, number, {"agent-in-progress"}, {}));
  EXPECT_EQ(world.stub.log.effects("label made").size(), 1U);
  const int other = ready("alice");
  ASSERT_TRUE(world.writer->set_labels(repo, other, {"agent-in-progress"}, {}));
  EXPECT_EQ(world.stub.log.effects("label made").size(), 1U);
}

}  // namespace
