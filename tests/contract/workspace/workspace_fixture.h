#pragma once

#include <memory>
#include <string>

#include <gmock/gmock.h>

#include "tests/contract/workspace/workspace_world.h"

namespace contract {

/// What every workspace must do, asked of one of them.
class Workspace : public ::testing::TestWithParam<WorldMaker> {
 protected:
  void SetUp() override {
    world_ = GetParam().make();
    repo_ = world_->repo();
  }

  [[nodiscard]] jobs::Run make_run(const std::string& id = "r01", int issue = 12) const {
    jobs::Run run;
    run.id = jobs::RunId(id);
    run.issue = {repo_.name, issue};
    run.title = "Add a cart";
    run.branch = "runner/" + std::to_string(issue) + "-add-a-cart";
    return run;
  }

  jobs::Run prepared(const std::string& id = "r01", int issue = 12) {
    jobs::Run run = make_run(id, issue);
    const auto made = world_->writer().prepare(repo_, run);
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().text());
    if (made) {
      run.base = made->base;
      run.worktree = made->path;
    }
    return run;
  }

  jobs::WorktreeFacts observe(const jobs::Run& run) {
    const auto facts = world_->reader().observe(repo_, run);
    EXPECT_TRUE(facts.has_value()) << (facts ? "" : facts.error().text());
    return facts ? *facts : jobs::WorktreeFacts{};
  }

  void verify(jobs::Run& run) {
    const auto facts = observe(run);
    run.head = facts.head;
    run.verified_tree = facts.head_tree;
    run.verified_base = run.base;
  }

  static jobs::LandRequest landing_of(const jobs::Run& run) {
    jobs::LandRequest request;
    request.run = run;
    request.at = jobs::TimePoint(std::chrono::seconds(1'795'000'000));
    return request;
  }

  jobs::LandResult land(const jobs::Run& run) {
    const auto result = world_->writer().land(repo_, landing_of(run));
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().text());
    return result ? *result : jobs::LandResult{};
  }

  std::unique_ptr<WorkspaceWorld> world_;
  jobs::Repo repo_;
};

inline const auto kWorkspaces =
    ::testing::Values(WorldMaker{"Fake", make_fake_world}, WorldMaker{"Git", make_git_world});

inline std::string name_of(const ::testing::TestParamInfo<WorldMaker>& maker) {
  return maker.param.name;
}

}  // namespace contract
