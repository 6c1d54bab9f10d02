// Why a landing is refused, in words that a person can do something with.
#include <gmock/gmock.h>

#include "tests/integration/worktrees/git_playground.h"

namespace worktrees::test {
namespace {

using jobs::LandResult;
using ::testing::HasSubstr;

class GuardWords : public Playground {
 protected:
  jobs::Run worked(const std::string& message = "work") {
    jobs::Run run = make_run();
    commit_in(prepare(run).path, {{"new.txt", "new\n"}}, message);
    verify(run);
    return run;
  }
  void expect_refused(const jobs::Run& run, const std::string& rule, const std::string& words) {
    const std::string before = remote_head();
    const LandResult result = land(run);
    EXPECT_EQ(result.kind, LandResult::Kind::rejected);
    EXPECT_EQ(result.rule, rule);
    EXPECT_THAT(result.message, HasSubstr(words));
    EXPECT_EQ(remote_head(), before);
  }
  static std::string brief(const jobs::Oid& oid) { return oid.str().substr(0, 10); }
};

TEST_F(GuardWords, ABranchThatIsGone) {
  jobs::Run run = worked();
  git({"update-ref", "-d", "refs/heads/" + run.branch}, checkout());
  run.head = jobs::Oid();
  expect_refused(run, "unverified",
                 "the branch " + run.branch + " is gone and no head of it was recorded");
}

TEST_F(GuardWords, ABranchThatMovedOn) {
  const jobs::Run run = worked();
  commit_in(run.worktree, {{"later.txt", "later\n"}});
  const jobs::Oid later(git({"rev-parse", "HEAD"}, run.worktree));
  expect_refused(
      run, "unverified",
      run.branch + " moved on to " + brief(later) + " after " + brief(run.head) + " was verified");
}

TEST_F(GuardWords, AnotherTreeThanTheVerifiedOne) {
  jobs::Run run = worked();
  run.verified_tree = jobs::Oid(git({"rev-parse", "HEAD^^{tree}"}, run.worktree));
  expect_refused(run, "unverified",
                 "the tree of " + brief(run.head) + " is not the one that was verified");
}

TEST_F(GuardWords, NothingToLand) {
  jobs::Run run = make_run();
  prepare(run);
  verify(run);
  expect_refused(run, "foreign-commit", "the branch has no commits of its own");
}

TEST_F(GuardWords, ABaseThatIsNotInTheBranchAnyMore) {
  jobs::Run run = make_run();
  prepare(run);
  git({"checkout", "-q", "--orphan", "other"}, run.worktree);
  git({"commit", "-q", "-m", "an orphan"}, run.worktree);
  git({"branch", "-f", run.branch, "HEAD"}, run.worktree);
  git({"checkout", "-q", run.branch}, run.worktree);
  verify(run);
  expect_refused(run, "rewritten-base",
                 "the branch does not contain its base " + brief(run.base) + " any more");
}

TEST_F(GuardWords, ARemoteThatWasRewritten) {
  const jobs::Run run = worked();
  git({"checkout", "-q", "--orphan", "rewritten"}, seed);
  git({"commit", "-q", "-m", "begin again"}, seed);
  git({"push", "-q", "-f", "origin", "HEAD:refs/heads/main"}, seed);
  expect_refused(
      run, "rewritten-base",
      "the remote's main was rewritten: it does not contain " + brief(run.base) + " any more");
}

TEST_F(GuardWords, AMergeOfWhatDoesNotDescendFromTheBegin) {
  jobs::Run run = make_run();
  prepare(run);
  git({"checkout", "-q", "--orphan", "side"}, run.worktree);
  git({"commit", "-q", "-m", "from nowhere"}, run.worktree);
  const jobs::Oid side(git({"rev-parse", "HEAD"}, run.worktree));
  git({"checkout", "-q", "-f", run.branch}, run.worktree);
  git({"merge", "-q", "--allow-unrelated-histories", "-m", "merge", "side"}, run.worktree);
  verify(run);
  expect_refused(run, "foreign-commit",
                 "commit " + brief(side) + " does not descend from " + brief(run.base) +
                     ", where the run began");
}

TEST_F(GuardWords, AMessageThatSkipsCi) {
  const jobs::Run run = worked("work [skip ci]");
  expect_refused(run, "ci-skip-token",
                 "the message of commit " + brief(run.head) + " says [skip ci]");
}

TEST_F(GuardWords, ATreeThatIsNotWrittenAnywhere) {
  jobs::Run run = make_run();
  prepare(run);
  const std::string blob = git({"rev-parse", "HEAD:README.md"}, run.worktree);
  write(top + "/entries", "100644 blob " + blob + "\t.GIT\n");
  std::string tree =
      run_program({"sh", "-c", "git mktree < '" + top + "/entries'"}, run.worktree, top).text;
  tree.resize(40);
  const std::string commit = git({"commit-tree", "-p", "HEAD", "-m", "evil", tree}, run.worktree);
  git({"update-ref", "refs/heads/" + run.branch, commit}, checkout());
  run.head = jobs::Oid(commit);
  run.verified_tree = jobs::Oid(tree);
  run.verified_base = run.base;
  expect_refused(run, "hostile-tree", ".GIT");
}

}  // namespace
}  // namespace worktrees::test
