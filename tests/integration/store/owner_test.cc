#include "runner/store/owner.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/signals.h"

namespace runner::store {

namespace {

/// The n-th part of an owner, counted from the right, replaced.
std::string with_part(const std::string& owner, int from_right, const std::string& value) {
  std::size_t end = owner.size();
  for (int i = 0; i < from_right; ++i) {
    end = owner.rfind(':', end - 1);
  }
  const std::size_t begin = owner.rfind(':', end - 1);
  return owner.substr(0, begin + 1) + value + owner.substr(end);
}

/// A process that lives until it is killed; its owner as it would name itself.
struct Child {
  int owner_pipe[2] = {-1, -1};
  pid_t pid = -1;
  std::string owner;

  Child() {
    EXPECT_EQ(::pipe(owner_pipe), 0);
    pid = ::fork();
    if (pid == 0) {
      const std::string name = this_owner();
      static_cast<void>(::write(owner_pipe[1], name.data(), name.size()));
      ::close(owner_pipe[1]);
      ::pause();
      ::_exit(0);
    }
    ::close(owner_pipe[1]);
    char buffer[512];
    ssize_t size = 0;
    while ((size = ::read(owner_pipe[0], buffer, sizeof buffer)) > 0) {
      owner.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(owner_pipe[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(); }
  void end() {
    if (pid > 0) {
      test_support::send_signal(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      pid = -1;
    }
  }
};

TEST(StoreOwner, LivingProcessIsAlive) {
  const std::string self = this_owner();
  EXPECT_EQ(std::count(self.begin(), self.end(), ':'), 4) << self;
  EXPECT_FALSE(owner_is_dead(this_owner()));
  const Child child;
  EXPECT_NE(child.owner, this_owner());
  EXPECT_FALSE(owner_is_dead(child.owner));
}

TEST(StoreOwner, EndedProcessIsDead) {
  Child child;
  child.end();
  EXPECT_TRUE(owner_is_dead(child.owner)) << child.owner;
}

TEST(StoreOwner, ProcessThatWaitsToBeReapedIsDead) {
  Child child;
  test_support::send_signal(child.pid, SIGKILL);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOWAIT);
  EXPECT_TRUE(owner_is_dead(child.owner));
}

TEST(StoreOwner, ReusedPidIsDead) {
  EXPECT_TRUE(owner_is_dead(with_part(this_owner(), 2, "1")));
}

// Two containers can have one host name; a pid of the other one says nothing here.
TEST(StoreOwner, WhatCannotBeKnownCountsAsAlive) {
  Child child;
  child.end();
  EXPECT_FALSE(owner_is_dead(with_part(child.owner, 0, "1234"))) << "another pid namespace";
  EXPECT_FALSE(owner_is_dead(with_part(child.owner, 0, "")));
  EXPECT_FALSE(owner_is_dead(with_part(child.owner, 1, "another-boot")));
  EXPECT_FALSE(owner_is_dead("other-host" + child.owner));
  EXPECT_FALSE(owner_is_dead(with_part(child.owner, 3, "-5")));
  EXPECT_FALSE(owner_is_dead(with_part(child.owner, 3, "99999999999999999999")));
  EXPECT_FALSE(owner_is_dead(with_part(child.owner, 3, "12x")));
  for (const char* text : {"", ":", "::::", "alice", "a:b", "a:b:c:d:e:f"}) {
    EXPECT_FALSE(owner_is_dead(text)) << text;
  }
}

}  // namespace

}  // namespace runner::store
