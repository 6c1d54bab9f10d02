// The guards of a landing, the remote's refusals, and races.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>

#include <gmock/gmock.h>

#include "tests/integration/worktrees/git_playground.h"
#include "tests/support/signals.h"
#include "worktrees/mirror.h"
#include "worktrees/remote.h"

namespace worktrees::test {
namespace {

using jobs::ErrorKind;
using jobs::LandResult;
using ::testing::HasSubstr;

class Guards : public Playground {
 protected:
  /// A run with one commit of these files, verified.
  jobs::Run verified(const std::map<std::string, std::string>& files,
                     const std::string& message = "work") {
    jobs::Run run = make_run();
    commit_in(prepare(run).path, files, message);
    verify(run);
    return run;
  }
  void expect_rejected(const jobs::Run& run, const std::string& rule, const std::string& words) {
    const std::string before = remote_head();
    const LandResult result = land(run);
    EXPECT_EQ(result.kind, LandResult::Kind::rejected);
    EXPECT_EQ(result.rule, rule) << result.message;
    EXPECT_THAT(result.message, HasSubstr(words));
    EXPECT_EQ(remote_head(), before);
  }
};

TEST_F(Guards, ConflictMarkersInAddedLines) {
  expect_rejected(verified({{"src/a.txt", "one\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> main\n"}}),
                  "conflict-markers", "src/a.txt");
}

TEST_F(Guards, ATextThatOnlyTalksAboutMarkersIsFine) {
  EXPECT_EQ(
      land(verified({{"docs.md", "A conflict starts with\n<<<<<<< HEAD\nand ends elsewhere.\n"}}))
          .kind,
      LandResult::Kind::landed);
}

TEST_F(Guards, TooManyFilesAndTooManyBytes) {
  options.limits.land_changed_files = 2;
  options.limits.land_changed_bytes = 1000;
  make_workspace();
  jobs::Run run = verified({{"1", "1"}, {"2", "2"}, {"3", "3"}});
  expect_rejected(run, "size", "3 changed files, 2 are allowed");
  git({"rm", "-q", "1", "2", "3"}, run.worktree);
  commit_in(run.worktree, {{"big.txt", std::string(1001, 'x')}});
  verify(run);
  expect_rejected(run, "size", "1001 added bytes, 1000 are allowed");
}

TEST_F(Guards, Invariant10_AProtectedPathTouchedAndPutBackIsStillRefused) {
  repo.protected_paths = {"**/*.lock", ".github/"};
  jobs::Run run = verified({{".github/workflows/x.yml", "evil\n"}});
  expect_rejected(run, "protected-path", ".github/workflows/x.yml");
  git({"rm", "-q", "-r", ".github"}, run.worktree);
  commit_in(run.worktree, {{"fine.txt", "x\n"}});
  verify(run);
  expect_rejected(run, "protected-path", ".github");
}

TEST_F(Guards, Invariant11_AGitmodulesThatGitRefusesIsNotLanded) {
  jobs::Run run =
      verified({{".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = -u./payload\n"}});
  expect_rejected(run, "hostile-submodule", "gitmodulesUrl");
  git({"rm", "-q", "-f", ".gitmodules"}, run.worktree);
  commit_in(run.worktree, {{"fine.txt", "x\n"}});
  verify(run);
  expect_rejected(run, "hostile-submodule", ".gitmodules");
}

TEST_F(Guards, AnOrdinaryGitmodulesLands) {
  jobs::Run run = verified(
      {{".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = https://example.com/x.git\n"}});
  EXPECT_EQ(land(run).kind, LandResult::Kind::landed);
}

TEST_F(Guards, Invariant10_AProtectedPathThatTheBaseChangedIsFine) {
  repo.protected_paths = {"locked.txt"};
  jobs::Run run = verified({{"cart.txt", "x\n"}});
  commit_seed({{"locked.txt", "changed by a person\n"}}, "base moves");
  const LandResult merged = land(run);
  ASSERT_EQ(merged.kind, LandResult::Kind::needs_verify) << merged.rule << merged.message;
  run.base = merged.base;
  verify(run);
  EXPECT_EQ(land(run).kind, LandResult::Kind::landed);
}

TEST_F(Guards, CommitsOfAnotherBranchAreForeign) {
  git({"checkout", "-q", "-b", "feature"}, seed);
  commit_seed({{"feature.txt", "x\n"}}, "feature", "feature");
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  git({"fetch", "-q", remote, "feature"}, prepared.path);
  git({"merge", "-q", "--no-ff", "-m", "take it along", "FETCH_HEAD"}, prepared.path);
  verify(run);
  expect_rejected(run, "foreign-commit", "feature");
}

TEST_F(Guards, UnrelatedHistoryIsForeignOrRewritten) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const std::string tree = git({"rev-parse", "HEAD^{tree}"}, prepared.path);
  const std::string root = git({"commit-tree", "-m", "root", tree}, prepared.path);
  git({"reset", "-q", "--hard", root}, prepared.path);
  const auto facts = workspace->observe(repo, run);
  EXPECT_FALSE(facts->base_is_ancestor);
  verify(run);
  expect_rejected(run, "rewritten-base", "does not contain its base");
  run.base = jobs::Oid();
  expect_rejected(run, "foreign-commit", "no history");
}

TEST_F(Guards, HostileTitleCannotSkipCiOrForgeATrailer) {
  jobs::Run run = verified({{"cart.txt", "x\n"}});
  run.title = "Add [skip [skip ci]ci]\n\nRunner-Run: r99\n\x1b[31m***NO_CI***";
  ASSERT_EQ(land(run).kind, LandResult::Kind::landed);
  const std::string message = git({"log", "-1", "--format=%B", "main"}, remote);
  EXPECT_EQ(message.find("[skip ci]"), std::string::npos);
  EXPECT_EQ(message.find("NO_CI***"), std::string::npos);
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_EQ(git({"log", "-1", "--format=%(trailers:key=Runner-Run,valueonly)", "main"}, remote),
            "r01");
}

TEST_F(Guards, BaseBranchDeletedMeanwhileIsNotFound) {
  const jobs::Run run = verified({{"cart.txt", "x\n"}});
  git({"update-ref", "refs/heads/other", "main"}, remote);
  git({"update-ref", "-d", "refs/heads/main"}, remote);
  const auto result = workspace->land(repo, {.run = run, .at = kNow});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::not_found);
  EXPECT_THAT(result.error().message, HasSubstr("it has: other"));
}

TEST_F(Guards, ARemoteThatIsNotBareOrHasAHookRefuses) {
  jobs::Run run = verified({{"cart.txt", "x\n"}});
  write(remote + "/hooks/pre-receive", "#!/bin/sh\nexit 1\n");
  fs::permissions(remote + "/hooks/pre-receive", fs::perms::owner_all);
  expect_rejected(run, "server", "pre-receive hook");
  fs::remove(remote + "/hooks/pre-receive");
  git({"config", "core.bare", "false"}, remote);
  const LandResult result = land(run);
  EXPECT_EQ(result.rule, "server");
  EXPECT_THAT(result.message, HasSubstr("checked out"));
}

TEST_F(Guards, Invariant10_APushWithAnOldExpectationLosesTheRace) {
  jobs::Run run = verified({{"cart.txt", "x\n"}});
  const std::string old = remote_head();
  const std::string moved = commit_seed({{"other.txt", "x\n"}}, "somebody was faster");
  const Layout layout{options.root};
  ASSERT_EQ(land(run).kind,
            LandResult::Kind::needs_verify);  // Brings the run's commit into the mirror.
  const auto mirror_repository = open_mirror(layout, repo.name);
  ASSERT_TRUE(mirror_repository.has_value());
  const auto pushed =
      push_commit(mirror_repository->get(), {remote, {}}, "main", jobs::Oid(old), run.head);
  ASSERT_FALSE(pushed.has_value());
  EXPECT_EQ(pushed.error().kind, ErrorKind::transient);
  EXPECT_THAT(pushed.error().message, HasSubstr("lost a race"));
  EXPECT_EQ(remote_head(), moved);
  // A commit that does not contain the old value is not even offered.
  const auto backwards =
      push_commit(mirror_repository->get(), {remote, {}}, "main", jobs::Oid(moved), run.head);
  ASSERT_FALSE(backwards.has_value());
  EXPECT_EQ(remote_head(), moved);
}

/// git's own daemon: the smart protocol and a server that runs its hooks.
class Served : public Guards {
 protected:
  void SetUp() override {
    Guards::SetUp();
    const int port = free_port();
    daemon_ = ::fork();
    if (daemon_ == 0) {
      const std::string port_option = "--port=" + std::to_string(port);
      const std::string base = "--base-path=" + top;
      ::setenv("HOME", (top + "/home").c_str(), 1);
      ::setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
      ::setpgid(0, 0);
      ::execlp("git", "git", "daemon", "--reuseaddr", "--listen=127.0.0.1", port_option.c_str(),
               base.c_str(), "--export-all", "--enable=receive-pack", "--log-destination=none",
               nullptr);
      ::_exit(127);
    }
    url_ = "git://127.0.0.1:" + std::to_string(port) + "/remote.git";
    for (int i = 0; i < 500 && !list_branches({url_, {}}).has_value(); ++i) {
      ::usleep(10'000);
    }
    repo.remote = url_;
  }
  void TearDown() override {
    if (daemon_ > 0) {
      // Its group once it has made it; until then itself.
      test_support::send_signal_to_group(daemon_, SIGTERM);
      test_support::send_signal(daemon_, SIGTERM);
      ::waitpid(daemon_, nullptr, 0);
    }
    Guards::TearDown();
  }
  static int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
  }
  void hook(const std::string& name, const std::string& script) const {
    write(remote + "/hooks/" + name, "#!/bin/sh\n" + script);
    fs::permissions(remote + "/hooks/" + name, fs::perms::owner_all);
  }
  pid_t daemon_ = 0;
  std::string url_;
};

TEST_F(Served, LandsOverTheSmartProtocol) {
  jobs::Run run = verified({{"cart.txt", "x\n"}});
  const LandResult result = land(run);
  ASSERT_EQ(result.kind, LandResult::Kind::landed) << result.rule << result.message;
  EXPECT_EQ(remote_head(), result.commit.str());
  EXPECT_EQ(land(run).commit, result.commit);
  EXPECT_EQ(git({"for-each-ref", "--format=%(refname)"}, remote), "refs/heads/main");
  EXPECT_EQ(git({"for-each-ref", "refs/runner"}, mirror()), "");
}

TEST_F(Served, AHookThatDeclinesIsTheServersNo) {
  jobs::Run run = verified({{"cart.txt", "x\n"}});
  hook("update", "echo 'not on a friday' >&2\nexit 1\n");
  expect_rejected(run, "server", "hook declined");
  hook("update", "exit 0\n");
  EXPECT_EQ(land(run).kind, LandResult::Kind::landed);
}

TEST_F(Served, Invariant10_ARaceDuringThePushIsLostNotForced) {
  jobs::Run run = verified({{"cart.txt", "x\n"}});
  commit_seed({{"other.txt", "x\n"}}, "will be pushed by the hook", "parked");
  const std::string other = git({"rev-parse", "HEAD"}, seed);
  // The branch moves after the server offered it and before it takes our update.
  hook("pre-receive",
       "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n"
       "git update-ref refs/heads/main " +
           other + "\nexit 0\n");
  const auto result = workspace->land(repo, {.run = run, .at = kNow});
  ASSERT_FALSE(result.has_value())
      << static_cast<int>(result->kind) << result->rule << result->message;
  EXPECT_EQ(result.error().kind, ErrorKind::transient);
  EXPECT_EQ(remote_head(), other);
}

TEST_F(Served, GoneServerIsTransient) {
  repo.remote = "git://127.0.0.1:" + std::to_string(free_port()) + "/remote.git";
  EXPECT_EQ(workspace->remote_base(repo).error().kind, ErrorKind::transient);
  repo.remote = url_ + "-not-there";
  EXPECT_EQ(workspace->remote_base(repo).error().kind, ErrorKind::transient);
}

TEST(ForcePush, Invariant10_ForcePushDoesNotExistInTheCode) {
  int pushes = 0;
  for (const auto& file :
       fs::recursive_directory_iterator(fs::path(RUNNER_SOURCE_DIR) / "worktrees")) {
    std::ifstream stream(file.path());
    std::string line;
    while (std::getline(stream, line)) {
      if (line.find("+refs/") != std::string::npos || line.find("\"+") != std::string::npos) {
        EXPECT_THAT(line, HasSubstr("+refs/heads/*:refs/remotes/origin/*"))
            << file.path() << ": only fetching may use '+'";
      }
      EXPECT_EQ(line.find("--force"), std::string::npos) << file.path();
      pushes += line.find("git_remote_push(") != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_EQ(pushes, 1) << "one place pushes";
}

}  // namespace
}  // namespace worktrees::test
