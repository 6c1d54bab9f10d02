// Whom Plane's history and roles make trusted, and what blocks.
#include <gtest/gtest.h>

#include "jobs/base/time.h"
#include "tests/contract/tracker/plane_fixture.h"

namespace {

using namespace tracker_contract;
using jobs::Blocker;
using jobs::Permission;
using Names = std::vector<std::string>;

TEST_F(PlaneTracker, TheNewestMoveCounts) {
  server.move("SHOP", 1, "Ready", kGuest, kSeven);
  server.move("SHOP", 1, "Todo", kGuest, "2026-11-20T07:30:00Z");
  release();
  EXPECT_EQ(look().ready_by.login, kAlice);
  EXPECT_EQ(look().ready_by.at, jobs::parse_time(kEight));
  server.move("SHOP", 1, "Ready", kGuest, kNine);
  EXPECT_EQ(look().ready_by.login, kGuest);
  EXPECT_EQ(look().ready_by.permission, Permission::read) << "a guest releases nothing";
}

TEST_F(PlaneTracker, RolesAreThoseOfTheProjectNow) {
  release(1, "bob@acme.example");
  EXPECT_EQ(look().ready_by.permission, Permission::none) << "no member";
  for (const auto& [role, means] :
       std::vector<std::pair<std::int64_t, Permission>>{{5, Permission::read},
                                                        {10, Permission::unknown},
                                                        {15, Permission::write},
                                                        {20, Permission::admin}}) {
    server.member("bob@acme.example", role);
    connect();
    EXPECT_EQ(look().ready_by.permission, means) << role;
  }
}

TEST_F(PlaneTracker, NobodyWhoIsNotAPersonReleasesAnything) {
  server.member("rule@acme.example", 20);
  server.member("named-bot@acme.example", 20);
  server.automation("rule@acme.example");
  for (const char* name : {"rule@acme.example", "runner@acme.example", "named-bot@acme.example"}) {
    server.move("SHOP", 1, "Todo", kAlice, kEight);
    server.move("SHOP", 1, "Ready", name, kNine);
    EXPECT_TRUE(look().ready_by.is_bot) << name;
    EXPECT_EQ(look().ready_by.login, name);
  }
}

TEST_F(PlaneTracker, AnAccountThatIsGoneAndAnItemMadeReadyAreNobodys) {
  server.forget("old@acme.example");
  release(1, "old@acme.example");
  EXPECT_EQ(look().ready_by.login, "");
  EXPECT_NE(look().ready_by.note.find("deleted"), std::string::npos);
  // The API lets whoever makes an item name its creator.
  server.put("SHOP", 2, {.author = kAlice, .state = "Ready"});
  EXPECT_EQ(look(2).ready_by.login, "");
  EXPECT_EQ(look(2).labels, Names{labels.ready});
}

TEST_F(PlaneTracker, AMoveThatTheHistoryDoesNotTellIsNobodys) {
  server.move("SHOP", 1, "Todo", kAlice, kNine);
  server.move("SHOP", 1, "Ready", kAlice, kEight);
  EXPECT_EQ(look().labels, Names{labels.ready});
  EXPECT_EQ(look().ready_by.login, "") << "its newest entry leads elsewhere";
}

TEST_F(PlaneTracker, EntriesThatAreWrittenInAnotherOrderThanTheyHappenedNameNobody) {
  release();
  server.put("SHOP", 2, {});
  server.move("SHOP", 2, "Ready", kAlice, kSeven, "2026-11-20T08:00:09Z");
  server.move("SHOP", 2, "Todo", kGuest, kEight, "2026-11-20T08:00:01Z");
  server.move("SHOP", 2, "Ready", kGuest, "2026-11-20T08:00:05Z", "2026-11-20T08:00:06Z");
  EXPECT_EQ(look(2).ready_by.login, "") << "what is written last was not done last";
}

TEST_F(PlaneTracker, InProgressByTheRunnerKeepsTheRelease) {
  release();
  ASSERT_TRUE(writer->set_labels(repo, 1, {labels.in_progress}, {}));
  EXPECT_EQ(look().labels, (Names{labels.ready, labels.in_progress}));
  EXPECT_EQ(look().ready_by.login, kAlice);
  server.put("SHOP", 2, {});
  server.move("SHOP", 2, "In Progress", kAlice, kEight);
  EXPECT_EQ(look(2).ready_by.login, "") << "it was never in the ready state";
}

TEST_F(PlaneTracker, WithoutRolesNobodyIsKnown) {
  stub::Plane community({.login = "runner@acme.example", .roles = false});
  community.put("SHOP", 1, {});
  community.member(kAlice, 20);
  community.move("SHOP", 1, "Ready", kAlice, kEight);
  stub::StubApi other{"/api/v1", "",
                      [&](const stub::Request& request) { return community.answer(request); }};
  const auto alone = runner::trackers::make_plane_reader(options_, other);
  const jobs::Issue issue = alone->issue(repo, 1, labels).value();
  EXPECT_EQ(issue.ready_by.login, kAlice) << "whom `trusted` may name";
  EXPECT_EQ(issue.ready_by.permission, Permission::unknown);
  EXPECT_NE(issue.ready_by.note.find("which role"), std::string::npos);
}

TEST_F(PlaneTracker, AnEditAfterTheReleaseIsSeenWhoeverEditedLater) {
  server.edit("SHOP", 1, "description", kGuest, kSeven);
  release();
  EXPECT_FALSE(look().edited_at);
  server.edit("SHOP", 1, "priority", kGuest, kNine);
  EXPECT_FALSE(look().edited_at) << "that is no text";
  server.edit("SHOP", 1, "name", kAlice, kNine);
  EXPECT_EQ(look().edited_by, kAlice);
  EXPECT_EQ(look().editor_permission, Permission::write);
  server.edit("SHOP", 1, "name", kGuest, "2026-11-20T09:01:00Z");
  server.edit("SHOP", 1, "description", kAlice, "2026-11-20T09:02:00Z");
  EXPECT_EQ(look().edited_by, kGuest);
  EXPECT_EQ(look().editor_permission, Permission::read);
  EXPECT_EQ(look().edited_at, jobs::parse_time("2026-11-20T09:01:00Z"));
}

TEST_F(PlaneTracker, AnEditWithinTheSecondOfTheReleaseCountsAsLater) {
  server.edit("SHOP", 1, "description", kGuest, "2026-11-20T08:00:00.100Z");
  server.move("SHOP", 1, "Ready", kAlice, "2026-11-20T08:00:00.900Z");
  ASSERT_TRUE(look().edited_at) << "entries are not always written in the order of the requests";
  EXPECT_GT(*look().edited_at, *look().ready_by.at);
}

TEST_F(PlaneTracker, AHistoryThatCannotBeReadIsNotGuessed) {
  release();
  const std::string id = api.get(std::string("/workspaces/acme/work-items/SHOP-1/")).value().body;
  const std::string item = id.substr(id.find("\"id\":\"") + 6, 36);
  api.statuses["GET " + path_in("SHOP", "/work-items/" + item + "/activities/")] = 500;
  EXPECT_NE(look().problem, "");
  EXPECT_EQ(look().ready_by.login, "");
}

TEST_F(PlaneTracker, AHistoryThatIsMadeLongOnPurposeUsesNothingUp) {
  for (int i = 0; i < 2500; ++i) {
    server.edit("SHOP", 1, "priority", kGuest, kSeven);
  }
  release();
  EXPECT_NE(look().problem.find("more than 20 pages"), std::string::npos) << look().problem;
  EXPECT_LE(asked("/activities/"), 40U);
}

TEST_F(PlaneTracker, WhatBlocksMayLieElsewhereAndMayBeHidden) {
  server.put("LIB", 3, {.state = "Done"});
  server.put("LIB", 4, {});
  server.put("SECRET", 5, {});
  server.hide("SECRET");
  server.put("SHOP", 2, {.html = "<p>Blocked by #9, acme/none#1 and ../..#7</p>"});
  server.block("SHOP", 2, "LIB", 3);
  server.block("SHOP", 2, "LIB", 4);
  server.block("SHOP", 2, "SECRET", 5);
  const auto blockers = look(2).blockers;
  ASSERT_GE(blockers.size(), 5U);
  EXPECT_EQ(blockers[0].reference, "LIB-3");
  EXPECT_EQ(blockers[0].state, Blocker::State::closed);
  EXPECT_EQ(blockers[1].reference, "LIB-4");
  EXPECT_EQ(blockers[1].state, Blocker::State::open);
  for (std::size_t i = 2; i < blockers.size(); ++i) {
    EXPECT_EQ(blockers[i].state, Blocker::State::unreadable) << blockers[i].reference;
  }
  EXPECT_EQ(asked("/../"), 0U);
}

TEST_F(PlaneTracker, RelationsThatAreDeniedBlock) {
  const std::string id = api.get(std::string("/workspaces/acme/work-items/SHOP-1/")).value().body;
  const std::string item = id.substr(id.find("\"id\":\"") + 6, 36);
  const std::string path = "GET " + path_in("SHOP", "/work-items/" + item + "/relations/");
  api.statuses[path] = 404;
  EXPECT_TRUE(look().blockers.empty()) << "this server's API has none";
  for (const int status : {403, 500}) {
    api.statuses[path] = status;
    ASSERT_EQ(look().blockers.size(), 1U);
    EXPECT_EQ(look().blockers[0].state, Blocker::State::unreadable) << status;
  }
}

}  // namespace
