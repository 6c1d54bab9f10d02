// What of git a turn is shown beside its worktree, and that no link of an agent adds to it.
#include "worktrees/agent_view.h"

#include <gmock/gmock.h>

#include "tests/integration/worktrees/git_playground.h"
#include "worktrees/layout.h"

namespace worktrees::test {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class ShownToAgents : public Playground {
 protected:
  void SetUp() override {
    Playground::SetUp();
    (void)prepare(run);
    root = options.root;
  }
  jobs::Run run = make_run();
  std::string root;
};

TEST_F(ShownToAgents, WhatACommitWritesAndNothingElseCanBeWritten) {
  const Layout layout{root};
  const std::string checkout = layout.checkout(repo.name);
  const AgentView view = agent_view(root, repo.name, run.worktree);
  EXPECT_THAT(view.writable, UnorderedElementsAre(checkout + "/objects", checkout + "/refs",
                                                  checkout + "/logs", checkout + "/worktrees/w1"));
  EXPECT_THAT(view.readable, Contains(layout.mirror(repo.name) + "/objects"));
  EXPECT_THAT(view.readable, Not(Contains(layout.mirror(repo.name))));
  for (const std::string& path :
       {checkout, checkout + "/objects/info", checkout + "/worktrees/w1/gitdir",
        checkout + "/worktrees/w1/commondir", run.worktree + "/.git"}) {
    EXPECT_THAT(view.readable, Contains(path));
  }
  EXPECT_THAT(view.hidden, UnorderedElementsAre(checkout + "/worktrees"));
}

TEST_F(ShownToAgents, Invariant11_ALinkThatAnAgentLeftShowsNothing) {
  const std::string checkout = Layout{root}.checkout(repo.name);
  fs::remove_all(checkout + "/refs/remotes");
  fs::create_symlink("/etc", checkout + "/refs/remotes");
  fs::remove_all(checkout + "/logs");
  fs::create_symlink("/etc", checkout + "/logs");
  fs::remove(run.worktree + "/.git");
  fs::create_symlink("/etc/passwd", run.worktree + "/.git");
  AgentView view = agent_view(root, repo.name, run.worktree);
  EXPECT_THAT(view.readable, Not(Contains(checkout + "/refs/remotes")));
  EXPECT_THAT(view.writable, Not(Contains(checkout + "/logs")));
  EXPECT_THAT(view.readable, Not(Contains(run.worktree + "/.git")));
  fs::remove_all(checkout);
  fs::create_symlink("/etc", checkout);
  view = agent_view(root, repo.name, run.worktree);
  EXPECT_TRUE(view.writable.empty());
  EXPECT_TRUE(view.hidden.empty());
}

TEST_F(ShownToAgents, ATreeOfCiSeesTheMirrorsObjectsAlone) {
  const AgentView view = agent_view(root, repo.name, Layout{root}.ci(repo.name) + "/abc");
  EXPECT_TRUE(view.writable.empty());
  EXPECT_TRUE(view.hidden.empty());
  EXPECT_THAT(view.readable, UnorderedElementsAre(Layout{root}.mirror(repo.name) + "/objects"));
}

}  // namespace
}  // namespace worktrees::test
