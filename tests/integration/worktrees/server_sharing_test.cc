// What a server sees of many runs and many repositories: one fetch of a repository at a time, one
// connection for all that is asked of one host.
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/integration/worktrees/served_remote.h"

namespace worktrees::test {
namespace {

/// Counts how many fetches are under way at once; whenever the base is asked for, it has moved.
class Watcher final : public Web {
 public:
  Watcher(Web& web, std::function<void()> move) : web_(web), move_(std::move(move)) {}

  jobs::Result<WebAnswer> post(const WebRequest& request) override {
    if (request.body.find("command=fetch") == std::string::npos) {
      move_();
      return web_.post(request);
    }
    ++fetches;
    const int now = ++under_way_;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30));  // others have the time to begin
    auto answer = web_.post(request);
    --under_way_;
    return answer;
  }

  std::atomic<int> fetches = 0;
  std::atomic<int> most = 0;

 private:
  Web& web_;
  std::function<void()> move_;
  std::atomic<int> under_way_ = 0;
};

class SharedServer : public ServedRemote {
 protected:
  void SetUp() override {
    Playground::SetUp();
    serve(Way::http);
  }
  [[nodiscard]] std::string next_commit(const std::string& parent) const {
    const std::string tree = git({"rev-parse", parent + "^{tree}"}, remote);
    return git({"commit-tree", "-p", parent, "-m", "more", tree}, remote);
  }
};

TEST_F(SharedServer, ARepositoryIsFetchedOnceAtATime) {
  std::mutex moving;
  Watcher watcher(client, [&] {
    const std::lock_guard lock(moving);
    git({"update-ref", "refs/heads/main", next_commit(remote_head())}, remote);
  });
  options.web = &watcher;
  make_workspace();
  constexpr int kRuns = 6;
  std::vector<std::thread> threads;
  std::atomic<int> prepared = 0;
  for (int i = 0; i < kRuns; ++i) {
    threads.emplace_back([&, i] {
      // As another tick would, with a workspace of its own.
      GitWorkspace own(options, commands);
      prepared += own.prepare(repo, make_run(20 + i, fmt::format("r{}", i))).has_value() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(prepared, kRuns);
  EXPECT_GE(watcher.fetches, kRuns);
  EXPECT_EQ(watcher.most, 1);
}

TEST_F(SharedServer, TwentyRepositoriesAreAskedOverOneConnection) {
  ASSERT_TRUE(workspace->remote_base(repo).has_value());
  // The one over which the server said that it wants to know who asks is not counted.
  const int before = proxy->connections();
  for (int i = 0; i < 20; ++i) {
    const std::string name = fmt::format("shop-{}.git", i);
    git({"clone", "-q", "--bare", remote, top + "/" + name}, top);
    jobs::Repo other = repo;
    other.name = jobs::RepoName(fmt::format("acme/shop-{}", i));
    other.remote = prefix + name;
    const auto base = workspace->remote_base(other);
    ASSERT_TRUE(base.has_value()) << base.error().text();
    EXPECT_EQ(base->str(), remote_head());
  }
  EXPECT_EQ(proxy->connections(), before);
}

}  // namespace
}  // namespace worktrees::test
