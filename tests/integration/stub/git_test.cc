// The git program as a client of the stub's smart HTTP.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/stub/stub.h"
#include "tests/support/playground.h"

namespace stub {
namespace {

class StubGit : public testing::Test {
 protected:
  StubGit() {
    git("init -q --bare -b main remotes/acme/shop.git");
    git("init -q -b main seed");
    git("-C seed commit -q --allow-empty -m Start");
    git("-C seed push -q " + folder() + "/remotes/acme/shop.git main");
  }

  [[nodiscard]] const std::string& folder() const { return play_.folder(); }

  /// Exit code 0 or not.
  bool git(const std::string& words) {
    const std::string command =
        "cd " + folder() +
        " && HOME=/nonexistent GIT_TERMINAL_PROMPT=0 GIT_CONFIG_NOSYSTEM=1 "
        "GIT_CONFIG_GLOBAL=/dev/null git -c user.name=a -c user.email=a@b " +
        words + " >>git.log 2>&1";
    return std::system(command.c_str()) == 0;  // NOLINT(concurrency-mt-unsafe)
  }

  [[nodiscard]] std::string said() const { return test_support::content_of(folder() + "/git.log"); }

  [[nodiscard]] Stub::Options options() const { return {.git_root = folder() + "/remotes"}; }

  void commit(const std::string& name) {
    test_support::write_file(folder() + "/clone/" + name, std::string(20'000, 'x') + name);
    ASSERT_TRUE(git("-C clone add -A") && git("-C clone commit -q -m " + name)) << said();
  }

  test_support::Playground play_{/*manifests=*/false};
};

class StubGitProtocol : public StubGit, public testing::WithParamInterface<int> {};

TEST_P(StubGitProtocol, ClonesFetchesAndPushes) {
  Stub stub(options());
  const std::string version = "-c protocol.version=" + std::to_string(GetParam()) + " ";
  const std::string url = stub.url("/git/acme/shop.git");
  ASSERT_TRUE(git(version + "clone -q " + url + " clone")) << said();
  commit("one.txt");
  ASSERT_TRUE(git("-C clone " + version + "push -q origin main")) << said();
  ASSERT_TRUE(git("-C seed " + version + "fetch -q " + url + " main")) << said();
  EXPECT_TRUE(git("-C seed cat-file -e FETCH_HEAD:one.txt")) << said();
  ASSERT_EQ(stub.log.effects("pushed").size(), 1U);
  EXPECT_NE(stub.log.effects("pushed")[0].detail.find("acme/shop refs/heads/main "),
            std::string::npos);
  EXPECT_EQ(stub.log.count("POST", "*/git-receive-pack"), 1);
}

INSTANTIATE_TEST_SUITE_P(Versions, StubGitProtocol, testing::Values(0, 2),
                         [](const auto& shown) { return "V" + std::to_string(shown.param); });

TEST_F(StubGit, APushThatFailsAfterItsEffectHasHappened) {
  Stub stub(options());
  ASSERT_TRUE(git("clone -q " + stub.url("/git/acme/shop.git") + " clone")) << said();
  commit("one.txt");
  stub.faults.add({.method = "POST",
                   .path = "*/git-receive-pack",
                   .fault = {.kind = FaultKind::cut, .when = When::after}});
  EXPECT_FALSE(git("-C clone push -q origin main")) << "the client saw an error";
  EXPECT_EQ(stub.log.effects("pushed").size(), 1U);
  EXPECT_TRUE(git("-C remotes/acme/shop.git cat-file -e main:one.txt")) << "and it has happened";
}

TEST_F(StubGit, APushThatFailsBeforeItsEffectHasNot) {
  Stub stub(options());
  ASSERT_TRUE(git("clone -q " + stub.url("/git/acme/shop.git") + " clone")) << said();
  commit("one.txt");
  stub.faults.add({.method = "POST",
                   .path = "*/git-receive-pack",
                   .fault = {.kind = FaultKind::unavailable, .when = When::before}});
  EXPECT_FALSE(git("-C clone push -q origin main"));
  EXPECT_TRUE(stub.log.effects("pushed").empty());
  EXPECT_FALSE(git("-C remotes/acme/shop.git cat-file -e main:one.txt"));
  EXPECT_TRUE(git("-C clone push -q origin main")) << said();
}

TEST_F(StubGit, AsksWhoThereIsAndTakesTheRightPassword) {
  Stub::Options guarded = options();
  guarded.git_user = "runner";
  guarded.git_password = "s3cr3t";
  Stub stub(guarded);
  EXPECT_FALSE(git("clone -q " + stub.url("/git/acme/shop.git") + " nobody"));
  std::string url = stub.url("/git/acme/shop.git");
  url.insert(url.find("127."), "runner:s3cr3t@");
  ASSERT_TRUE(git("clone -q " + url + " clone")) << said();
  commit("one.txt");
  EXPECT_TRUE(git("-C clone push -q origin main")) << said();
  EXPECT_TRUE(stub.log.holds("s3cr3t"));
}

TEST_F(StubGit, WhatIsNoRepositoryIsNotFound) {
  Stub stub(options());
  EXPECT_FALSE(git("clone -q " + stub.url("/git/acme/none.git") + " clone"));
  EXPECT_EQ(stub.log.exchanges().back().status, 404);
}

}  // namespace
}  // namespace stub
