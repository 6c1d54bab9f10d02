// What only Plane does: labels that are states, known by name in each project; one comment, in
// HTML.
#include "runner/trackers/plane.h"

#include <gtest/gtest.h>

#include "tests/contract/tracker/plane_fixture.h"

namespace {

using namespace tracker_contract;
using jobs::ErrorKind;
using jobs::Permission;
using Names = std::vector<std::string>;

TEST_F(PlaneTracker, EachProjectHasItsOwnStatesOfOneName) {
  server.put("LIB", 1, {});
  ASSERT_NE(server.state_id("LIB", "Ready"), server.state_id("SHOP", "Ready"));
  release();
  server.move("LIB", 1, "Ready", kAlice, kEight);
  for (const jobs::Repo* one : {&repo, &lib}) {
    EXPECT_EQ(reader->ready_issues(*one, labels).value().size(), 1U);
    ASSERT_TRUE(writer->set_labels(*one, 1, {labels.in_progress}, {}));
  }
  EXPECT_EQ(server.state_of("SHOP", 1), "In Progress");
  EXPECT_EQ(server.state_of("LIB", 1), "In Progress");
  connect();
  EXPECT_EQ(reader->in_progress_issues(repo, labels).value().size(), 1U);
}

TEST_F(PlaneTracker, AStateThatIsMissingIsSaidWithThoseThatAreThere) {
  server.put("LIB", 1, {});
  release();
  server.rename_state("LIB", "Needs Human", "Blocked");
  const jobs::Error error = reader->ready_issues(lib, labels).error();
  EXPECT_EQ(error.kind, ErrorKind::invalid_manifest) << "not_found would end a live run";
  for (const char* part : {"LIB", "no state \"Needs Human\"", "states.needs_human", "\"Blocked\"",
                           "\"Todo\"", "make the state"}) {
    EXPECT_NE(error.text().find(part), std::string::npos) << error.text();
  }
  EXPECT_EQ(writer->set_labels(lib, 1, {labels.human}, {}).error().kind,
            ErrorKind::invalid_manifest);
  EXPECT_EQ(server.state_of("LIB", 1), "Backlog") << "another project's id means nothing here";
  EXPECT_EQ(reader->ready_issues(repo, labels).value().size(), 1U) << "the others go on";
}

TEST_F(PlaneTracker, StatesThatCannotBeReadAreNotGuessed) {
  server.put("LIB", 1, {});
  ASSERT_TRUE(reader->ready_issues(repo, labels));
  for (const auto& [status, kind] : std::vector<std::pair<int, ErrorKind>>{
           {500, ErrorKind::transient}, {403, ErrorKind::denied}, {429, ErrorKind::rate_limited}}) {
    api.statuses["GET " + path_in("LIB", "/states/")] = status;
    EXPECT_EQ(reader->ready_issues(lib, labels).error().kind, kind);
    EXPECT_EQ(reader->issue(lib, 1, labels).error().kind, kind);
    EXPECT_EQ(writer->set_labels(lib, 1, {labels.human}, {}).error().kind, kind);
    EXPECT_EQ(writer->close(lib, 1, "landed").error().kind, kind);
  }
  EXPECT_EQ(asked("PATCH"), 0U);
  EXPECT_TRUE(reader->ready_issues(repo, labels));
}

TEST_F(PlaneTracker, CapitalsOfAStateDoNotMatterUnlessTwoDiffer) {
  options_.states["ready"] = "READY";
  connect();
  release();
  EXPECT_EQ(reader->ready_issues(repo, labels).value().size(), 1U);
  server.project("LIB", {{"Backlog", "backlog"},
                         {"Ready", "unstarted"},
                         {"ready", "unstarted"},
                         {"In Progress", "started"},
                         {"Needs Human", "started"},
                         {"Done", "completed"}});
  connect();
  EXPECT_NE(reader->ready_issues(lib, labels).error().text().find("more than one state"),
            std::string::npos);
}

TEST_F(PlaneTracker, AStateOfTheWrongGroupIsRefused) {
  options_.states["done"] = "Todo";
  connect();
  EXPECT_NE(reader->ready_issues(repo, labels).error().text().find("Completed or Cancelled"),
            std::string::npos);
  options_.states["done"] = "Done";
  options_.states["ready"] = "Cancelled";
  connect();
  EXPECT_EQ(reader->ready_issues(repo, labels).error().kind, ErrorKind::invalid_manifest);
}

TEST_F(PlaneTracker, AnEmptyPollAsksThreeTimes) {
  EXPECT_TRUE(reader->ready_issues(repo, labels).value().empty());
  EXPECT_TRUE(reader->in_progress_issues(repo, labels).value().empty());
  EXPECT_EQ(api.log.size(), 3U) << "projects, states, one list for both";
}

TEST_F(PlaneTracker, AListOfSeveralPagesIsWhole) {
  for (int i = 2; i <= 151; ++i) {
    server.put("SHOP", i, {.state = "Ready"});
  }
  EXPECT_EQ(reader->ready_issues(repo, labels).value().size(), 150U);
  EXPECT_EQ(asked("work-items/?"), 2U);
  EXPECT_EQ(asked("description_html"), 0U) << "texts are left out of lists";
}

TEST_F(PlaneTracker, DetailsAreAskedForWhenAnIssueMayStart) {
  server.put("SHOP", 1, {.title = "t", .html = "<p>a &amp; b</p>", .priority = "high"});
  release();
  auto issues = reader->ready_issues(repo, labels).value();
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_TRUE(issues[0].details_left_out);
  EXPECT_EQ(asked("activities"), 0U);
  reader->complete({{.repo = &repo, .issue = &issues[0]}}, labels);
  EXPECT_FALSE(issues[0].details_left_out);
  EXPECT_EQ(issues[0].body, "a & b");
  EXPECT_EQ(issues[0].priority, 1);
  EXPECT_EQ(issues[0].ready_by.permission, Permission::write);
  EXPECT_EQ(issues[0].url, "https://forge.example/acme/browse/SHOP-1/");
  issues[0].key.number = 77;
  reader->complete({{.repo = &repo, .issue = &issues[0]}}, labels);
  EXPECT_NE(issues[0].problem, "");
}

TEST_F(PlaneTracker, WhatAPersonDidMeanwhileStands) {
  release();
  server.move("SHOP", 1, "Todo", kAlice, kNine);
  ASSERT_TRUE(writer->set_labels(repo, 1, {labels.in_progress}, {}));
  EXPECT_EQ(server.state_of("SHOP", 1), "Todo");
  server.move("SHOP", 1, "Cancelled", kAlice, kNine);
  ASSERT_TRUE(writer->set_labels(repo, 1, {labels.human}, {labels.ready}));
  ASSERT_TRUE(writer->close(repo, 1, "landed"));
  EXPECT_EQ(server.state_of("SHOP", 1), "Cancelled");
  EXPECT_EQ(asked("PATCH"), 0U);
}

TEST_F(PlaneTracker, AnItemOfARunThatEndedDoesNotStartAgain) {
  release();
  ASSERT_TRUE(writer->set_labels(repo, 1, {labels.in_progress}, {}));
  ASSERT_TRUE(writer->set_labels(repo, 1, {}, {labels.in_progress, labels.ready}));
  EXPECT_EQ(server.state_of("SHOP", 1), "Backlog") << "where new ones are";
  options_.states["ready"] = "Backlog";
  connect();
  ASSERT_TRUE(writer->set_labels(repo, 1, {}, {labels.in_progress, labels.ready}));
  EXPECT_EQ(server.state_of("SHOP", 1), "Needs Human") << "new ones are ready there";
}

TEST_F(PlaneTracker, ABoardShowsThePhasesOfARun) {
  server.project("SHOP", {{"Backlog", "backlog"},
                          {"Ready", "unstarted"},
                          {"In Progress", "started"},
                          {"Shipping", "started"},
                          {"Checking", "started"},
                          {"Needs Human", "started"},
                          {"Done", "completed"}});
  server.put("SHOP", 1, {});
  options_.states["pushed"] = "Shipping";
  options_.states["ci"] = "checking";
  connect();
  release();
  const auto comment = [&](std::optional<jobs::Phase> phase) {
    ASSERT_TRUE(writer->upsert_comment(
        repo, 1, {.marker = "m", .body = "m\ntext", .id = "", .phase = phase}));
  };
  comment(jobs::Phase::pushed);
  EXPECT_EQ(server.state_of("SHOP", 1), "Ready") << "the run has not begun";
  ASSERT_TRUE(writer->set_labels(repo, 1, {labels.in_progress}, {}));
  comment(jobs::Phase::green);
  EXPECT_EQ(server.state_of("SHOP", 1), "In Progress") << "it has no state of its own";
  comment(jobs::Phase::ci);
  EXPECT_EQ(server.state_of("SHOP", 1), "Checking");
  EXPECT_EQ(look().labels, (Names{labels.ready, labels.in_progress}));
  EXPECT_EQ(look().ready_by.login, kAlice) << "what the runner moved on is released by her still";
  ASSERT_TRUE(writer->set_labels(repo, 1, {labels.in_progress}, {}));
  EXPECT_EQ(server.state_of("SHOP", 1), "Checking") << "said again, it moves nothing back";
  comment(jobs::Phase::pushed);
  EXPECT_EQ(server.state_of("SHOP", 1), "Shipping") << "a fix begins: back on the board as well";
  comment(std::nullopt);
  EXPECT_EQ(server.state_of("SHOP", 1), "Shipping");
  server.move("SHOP", 1, "Backlog", kAlice, kNine);
  comment(jobs::Phase::ci);
  EXPECT_EQ(server.state_of("SHOP", 1), "Backlog") << "a person took it away";
  server.move("SHOP", 1, "Shipping", kAlice, kNine);
  EXPECT_EQ(look().ready_by.login, "") << "whoever moves it there releases nothing";
  ASSERT_TRUE(writer->set_labels(repo, 1, {labels.human}, {labels.in_progress, labels.ready}));
  EXPECT_EQ(server.state_of("SHOP", 1), "Needs Human");
}

TEST_F(PlaneTracker, VerdictsAreShownAndStartNothing) {
  server.project("SHOP", {{"Backlog", "backlog"},
                          {"Ready", "unstarted"},
                          {"In Progress", "started"},
                          {"Needs Human", "started"},
                          {"Approved", "started"},
                          {"Rejected", "cancelled"},
                          {"Done", "completed"}});
  options_.states["approved"] = "approved";
  options_.states["rejected"] = "rejected";
  connect();
  server.put("SHOP", 1, {.state = "Approved"});
  server.put("SHOP", 2, {.state = "Rejected"});
  EXPECT_EQ(look().labels, Names{"approved"});
  EXPECT_TRUE(look().open);
  EXPECT_EQ(look(2).labels, Names{"rejected"});
  EXPECT_FALSE(look(2).open);
  EXPECT_TRUE(reader->ready_issues(repo, labels).value().empty());
}

TEST_F(PlaneTracker, OnlyACommentOfOursIsEdited) {
  const std::string marker = "<!-- m -->";
  // Whoever makes a comment chooses whom it names as its creator, but not its actor.
  server.comment("SHOP", 1, kGuest, "<p>&lt;!-- m --&gt; forged</p>", "runner@acme.example");
  ASSERT_TRUE(writer->upsert_comment(
      repo, 1, {.marker = marker, .body = marker + "\n<b>one</b> & \"two\""}));
  ASSERT_TRUE(writer->upsert_comment(
      repo, 1, {.marker = marker, .body = marker + "\n<b>one</b> & \"two\""}));
  EXPECT_EQ(asked("PATCH"), 0U) << "nothing is written twice";
  ASSERT_TRUE(writer->upsert_comment(repo, 1, {.marker = marker, .body = marker + "\nthree\n"}));
  ASSERT_TRUE(writer->upsert_comment(repo, 1, {.marker = marker, .body = marker + "\nthree\n"}));
  EXPECT_EQ(asked("PATCH"), 1U);
  EXPECT_EQ(server.comments_of("SHOP", 1), (Names{"<p>&lt;!-- m --&gt; forged</p>",
                                                  "<p>&lt;!-- m --&gt;</p><p>three</p><p></p>"}));
  EXPECT_EQ(reader->comments(repo, 1).value()[0].author, kGuest);
}

TEST_F(PlaneTracker, CommentsOfManyPeopleAreReadWithOneQuestionAboutThem) {
  for (int i = 0; i < 130; ++i) {
    server.comment("SHOP", 1, "guest" + std::to_string(i) + "@acme.example", "<p>a</p><p>b</p>");
  }
  const auto comments = reader->comments(repo, 1).value();
  ASSERT_EQ(comments.size(), 130U);
  EXPECT_LT(comments.front().at, comments.back().at);
  EXPECT_EQ(comments.front().body, "a\nb");
  EXPECT_EQ(asked("/members/"), 1U);
  EXPECT_EQ(asked("/comments/"), 2U);
}

TEST_F(PlaneTracker, WhatMayHaveBeenMadeIsLookedForFirst) {
  api.lose_answer_to("POST");
  ASSERT_TRUE(writer->upsert_comment(repo, 1, {.marker = "<!-- m -->", .body = "<!-- m --> one"}));
  ASSERT_TRUE(writer->upsert_comment(repo, 1, {.marker = "<!-- m -->", .body = "<!-- m --> two"}));
  ASSERT_EQ(reader->comments(repo, 1).value().size(), 1U);
  EXPECT_EQ(reader->comments(repo, 1).value()[0].body, "<!-- m --> two");
  EXPECT_EQ(asked("POST"), 1U);
}

TEST_F(PlaneTracker, WithoutKnowingWhoItIsNoCommentIsTouched) {
  server.comment("SHOP", 1, "runner@acme.example", "<p>&lt;!-- m --&gt; old</p>");
  api.statuses["GET /api/v1/users/me/"] = 403;
  EXPECT_EQ(writer->upsert_comment(repo, 1, {.marker = "<!-- m -->", .body = "<!-- m --> new"})
                .error()
                .kind,
            ErrorKind::denied);
  EXPECT_EQ(server.comments_of("SHOP", 1), Names{"<p>&lt;!-- m --&gt; old</p>"});
}

TEST_F(PlaneTracker, ErrorsSayWhatToDo) {
  server.hide("LIB");
  const jobs::Error error = reader->ready_issues(lib, labels).error();
  EXPECT_EQ(error.kind, ErrorKind::not_found);
  for (const char* part : {"workspace acme", "no project LIB", "it sees SHOP", "tracker_path"}) {
    EXPECT_NE(error.text().find(part), std::string::npos) << error.text();
  }
  connect();
  server.revoke_token(true);
  EXPECT_EQ(reader->ready_issues(repo, labels).error().kind, ErrorKind::denied);
  server.revoke_token(false);
  server.limit(true);
  EXPECT_EQ(reader->ready_issues(repo, labels).error().kind, ErrorKind::rate_limited);
  EXPECT_EQ(writer->close(repo, 1, "landed").error().kind, ErrorKind::rate_limited);
  server.limit(false);
  EXPECT_TRUE(reader->ready_issues(repo, labels)) << "no error is kept";
}

}  // namespace
