// The whole loop with the issues in Plane's shape and the repository on another host.
#include "tests/stub/plane.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/stub/stub.h"
#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

constexpr const char* kShop = "acme/shop";
constexpr const char* kToken = "tokenOfTheTest";
constexpr const char* kAlice = "alice@acme.example";

class PlaneLoop : public testing::Test {
 protected:
  PlaneLoop() : server({.login = "runner@acme.example"}), stub(options(fleet)) {
    stub.forgejo = [this](const stub::Request& request) {
      const bool known = stub::header(request.headers, "X-API-Key") == kToken &&
                         !stub::header(request.headers, "Authorization");
      return known ? server.answer(request)
                   : stub::json_answer(401, R"({"error":"Given API token is not valid"})");
    };
    fleet.play.environment.push_back(std::string("PLANE_TOKEN=") + kToken);
    fleet.other_tables =
        "\n[tracker.plane]\nkind = \"plane\"\nurl = \"" + stub.url() +
        "\"\nworkspace = \"acme\"\ntoken_env = \"PLANE_TOKEN\"\n"
        "[tracker.plane.states]\nready = \"Ready\"\nin_progress = \"In Progress\"\n"
        "needs_human = \"Needs Human\"\ndone = \"Done\"\n";
    fleet.remote_prefix = stub.url("/git");
    fleet.scripted("coder", {"commits", "1", "usage", "{\"usd\": \"0.10\", \"tokens\": 1000}"});
    fleet.repo(kShop, "coder", "tracker = \"plane\"\ntracker_path = \"SHOP\"\n");
    (void)fleet.git(fleet.remote(kShop), {"config", "http.receivepack", "true"});
    fleet.write();
    server.put("SHOP", 1, {.title = "Greet by name", .html = "<p>Please do it.</p>"});
    server.member(kAlice, 15);
    server.member("guest@acme.example", 5);
  }
  static stub::Stub::Options options(const SmallFleet& fleet) {
    stub::Stub::Options options;
    options.git_root = fleet.folder() + "/remotes";
    return options;
  }
  void release(const std::string& by) {
    server.move("SHOP", 1, "Ready", by, "2026-11-20T08:00:00Z");
  }

  SmallFleet fleet;
  stub::Plane server;
  stub::Stub stub;
};

TEST_F(PlaneLoop, AnItemIsClaimedWorkedOnLandedAndDone) {
  release(kAlice);
  EXPECT_EQ(fleet.tick().exit_code, 0);
  EXPECT_EQ(server.state_of("SHOP", 1), "In Progress");
  ASSERT_TRUE(fleet.tick_until_quiet(90)) << fleet.tick().out;
  EXPECT_EQ(server.state_of("SHOP", 1), "Done");
  EXPECT_EQ(server.comments_of("SHOP", 1).size(), 1U) << "one comment, edited in place";
  EXPECT_EQ(fleet.commits_landed(kShop), 1);
  EXPECT_FALSE(fleet.run_of(kShop).live);
  EXPECT_EQ(fleet.run_of(kShop).outcome, "landed");
}

TEST_F(PlaneLoop, AGuestReleasesNothing) {
  release("guest@acme.example");
  EXPECT_EQ(fleet.tick().exit_code, 0);
  EXPECT_TRUE(fleet.runs().empty());
  EXPECT_NE(fleet.reason_of(kShop, 1).find("untrusted-label"), std::string::npos)
      << fleet.reason_of(kShop, 1);
  EXPECT_EQ(server.state_of("SHOP", 1), "Ready");
}

TEST_F(PlaneLoop, Invariant3_ClosedOnceThoughAnswersAreLost) {
  stub.faults.add({.method = "PATCH",
                   .path = "*/work-items/*",
                   .times = 2,
                   .fault = {.kind = stub::FaultKind::cut, .when = stub::When::after}});
  release(kAlice);
  ASSERT_TRUE(fleet.tick_until_quiet(120)) << fleet.tick().out;
  EXPECT_EQ(server.state_of("SHOP", 1), "Done");
  EXPECT_EQ(fleet.commits_landed(kShop), 1);
  EXPECT_EQ(server.comments_of("SHOP", 1).size(), 1U);
}

}  // namespace
}  // namespace test_support
