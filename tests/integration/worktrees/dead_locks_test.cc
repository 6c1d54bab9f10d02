// Lock files of git that a killed tick has left: they would stop every later landing for good.
#include "tests/integration/worktrees/git_playground.h"

namespace worktrees::test {
namespace {

using jobs::LandResult;

class DeadLocks : public Playground {
 protected:
  jobs::Run run_to_land(const std::string& text = "cart\n") {
    jobs::Run run = make_run(12, text.size() < 10 ? "r01" : "r02");
    commit_in(prepare(run).path, {{"cart.txt", text}});
    verify(run);
    return run;
  }
  [[nodiscard]] std::string remote_lock() const { return remote + "/refs/heads/main.lock"; }
  /// As a tick leaves it that dies while it moves the branch of the remote.
  void note(const std::string& commit) const {
    write(mirror() + "/runner-pushing", remote_lock() + "\n" + commit);
  }
  const std::string ours_ = std::string(40, 'a');
};

TEST_F(DeadLocks, ATickKilledWhileItFetchedDoesNotStopTheNext) {
  const jobs::Run run = run_to_land();
  write(mirror() + "/refs/remotes/origin/main.lock", "");
  write(mirror() + "/packed-refs.lock", "half");
  EXPECT_EQ(land(run).kind, LandResult::Kind::landed);
}

TEST_F(DeadLocks, ATickKilledWhileItPushedDoesNotStopTheNext) {
  for (const std::string& content : {std::string(), ours_ + "\n"}) {
    const jobs::Run run = run_to_land("cart " + content);
    note(ours_);
    write(remote_lock(), content);
    EXPECT_EQ(land(run).kind, LandResult::Kind::landed) << content;
    EXPECT_FALSE(fs::exists(remote_lock()));
    EXPECT_FALSE(fs::exists(mirror() + "/runner-pushing"));
    ASSERT_TRUE(workspace->release(repo, run).has_value());
  }
}

TEST_F(DeadLocks, ALockOfSomebodyElseStays) {
  const jobs::Run run = run_to_land();
  write(remote_lock(), "");
  const auto refused = workspace->land(repo, {.run = run, .at = kNow});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, jobs::ErrorKind::transient);
  EXPECT_TRUE(fs::exists(remote_lock())) << "nobody noted that it would be made";
  note(ours_);
  write(remote_lock(), std::string(40, 'b') + "\n");
  EXPECT_FALSE(workspace->land(repo, {.run = run, .at = kNow}).has_value());
  EXPECT_TRUE(fs::exists(remote_lock())) << "it holds another commit";
}

}  // namespace
}  // namespace worktrees::test
