#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "tests/cli/sample.h"
#include "tests/support/playground.h"

namespace test_support {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class CliWorktrees : public ::testing::Test {
 protected:
  void SetUp() override {
    fill_state(playground);
    state = playground.folder() + "/manifests/state";
    pool = state + "/worktrees/" + jobs::path_component("acme/shop");
    write_file(pool + "/repo.name", "acme/shop\n");
    tree("w1", kLiveRun);
    tree("w2", kLandedRun);
    tree("w3", "");
    write_file(pool + "/w4/file", std::string(1000, 'x'));  // nobody knows it
    write_file(state + "/trash/tree-1/file", std::string(1000, 'x'));
  }
  void tree(const std::string& slot, const std::string& run) const {
    write_file(pool + "/" + slot + "/file", std::string(1000, 'x'));
    write_file(pool + "/" + slot + ".record", "runner-worktree 1\nslot " + slot +
                                                  "\nrepo acme/shop\nrun " + run +
                                                  "\nbranch \nready 1\n");
  }
  json asked(const std::vector<std::string>& words, int exit_code = 0) {
    const Answer answer = playground.run(words);
    EXPECT_EQ(answer.exit_code, exit_code) << answer.out << answer.error;
    return json::parse(answer.out, nullptr, false);
  }
  [[nodiscard]] bool there(const std::string& slot) const { return fs::exists(pool + "/" + slot); }

  Playground playground;
  std::string state;
  std::string pool;
};

TEST_F(CliWorktrees, EachTreeHasItsState) {
  const json document = asked({"worktrees", "--json"});
  std::vector<std::string> states;
  for (const json& one : document["worktrees"]) {
    states.push_back(one["state"]);
    EXPECT_FALSE(one["why"].get<std::string>().empty());
    EXPECT_GE(one["bytes"].get<std::int64_t>(), 1000);
  }
  EXPECT_THAT(states, ::testing::ElementsAre("trash", "live", "orphan", "idle", "orphan"));
  const Answer text = playground.run({"worktrees"});
  EXPECT_THAT(text.out, HasSubstr("the runner has no record of it"));
  EXPECT_THAT(text.out, HasSubstr("acme/shop#"));
}

TEST_F(CliWorktrees, PruneShowsItsPlanAndDoesNothing) {
  const std::string before = playground.state_snapshot();
  const Answer answer = playground.run({"worktrees", "prune"});
  EXPECT_EQ(answer.exit_code, 0) << answer.error;
  EXPECT_THAT(answer.out, HasSubstr("would give back"));
  EXPECT_THAT(answer.out, HasSubstr("nothing was removed: --yes removes it"));
  EXPECT_THAT(answer.out, HasSubstr("warm for the next run"));
  EXPECT_THAT(answer.out, Not(HasSubstr("/w1")));
  EXPECT_EQ(playground.state_snapshot(), before);
  const json document = asked({"worktrees", "prune", "--json"});
  EXPECT_EQ(document["plan"].size(), 4U);
  EXPECT_EQ(document["carried_out"], false);
  EXPECT_GE(document["bytes"].get<std::int64_t>(), 4000);
  EXPECT_EQ(playground.state_snapshot(), before);
}

TEST_F(CliWorktrees, PruneWithYesRemovesWhatNobodyNeedsAndTellsWhatItCannot) {
  // What lies in w4 can be kept nowhere: there is no mirror of the repository.
  const json document = asked({"worktrees", "prune", "--yes", "--json"}, 1);
  EXPECT_EQ(document["carried_out"], true);
  EXPECT_EQ(document["removed"].size(), 3U);
  ASSERT_EQ(document["problems"].size(), 1U);
  EXPECT_THAT(document["problems"][0].get<std::string>(),
              HasSubstr("/w4 belongs to no repository"));
  EXPECT_TRUE(there("w1")) << "of a live run";
  EXPECT_FALSE(there("w2"));
  EXPECT_FALSE(there("w2.record"));
  EXPECT_FALSE(there("w3"));
  EXPECT_TRUE(there("w4")) << "its work is nowhere else";
  EXPECT_TRUE(fs::is_empty(state + "/trash"));
  fs::remove_all(pool + "/w4");
  const Answer again = playground.run({"worktrees", "prune", "--yes"});
  EXPECT_EQ(again.exit_code, 0) << again.error;
  EXPECT_THAT(again.out, HasSubstr("nothing to remove"));
}

}  // namespace
}  // namespace test_support
