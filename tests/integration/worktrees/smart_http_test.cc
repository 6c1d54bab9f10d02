// Asking and fetching by protocol 2 over our own HTTP client, from git's own server.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runner/http/git_web.h"
#include "tests/integration/worktrees/git_playground.h"
#include "tests/stub/stub.h"
#include "worktrees/wire/pkt_line.h"

namespace worktrees::test {
namespace {

using jobs::ErrorKind;

constexpr const char* kAsk = "*/git-upload-pack";

class SmartHttp : public Playground {
 protected:
  void SetUp() override {
    Playground::SetUp();
    serve({.git_root = top});
  }
  void TearDown() override {
    workspace.reset();
    server.reset();
    Playground::TearDown();
  }

  void serve(stub::Stub::Options how) {
    server = std::make_unique<stub::Stub>(std::move(how));
    repo.remote = server->url("/git/remote.git");
    options.web = &web;
    make_workspace();
  }
  /// Requests since the last call.
  std::pair<int, int> asked() {
    const std::pair<int, int> now(server->log.count("GET", "*"), server->log.count("POST", kAsk));
    const std::pair<int, int> since(now.first - before.first, now.second - before.second);
    before = now;
    return since;
  }
  jobs::Result<jobs::Oid> base() { return workspace->remote_base(repo); }
  /// A run's worktree, which is given back.
  jobs::Prepared once(int number) {
    const jobs::Run run = make_run(number, fmt::format("r{}", number));
    auto prepared = workspace->prepare(repo, run);
    EXPECT_TRUE(prepared.has_value()) << prepared.error().text();
    EXPECT_TRUE(workspace->release(repo, run).has_value());
    return prepared ? *prepared : jobs::Prepared{};
  }

  runner::http::GitWeb web;
  std::unique_ptr<stub::Stub> server;
  std::pair<int, int> before;
};

using Asked = std::pair<int, int>;

TEST_F(SmartHttp, TheBaseIsAskedForInOneRequest) {
  for (int i = 0; i < 40; ++i) {
    git({"branch", fmt::format("other-{}", i)}, remote);
  }
  EXPECT_EQ(base().value().str(), remote_head());
  EXPECT_EQ(asked(), Asked(0, 1));
  const auto exchanges = server->log.exchanges();
  EXPECT_EQ(exchanges.front().request.body.find("other"), std::string::npos);
}

TEST_F(SmartHttp, OnlyABaseThatHasMovedIsFetched) {
  const std::string first = once(11).base.str();
  EXPECT_EQ(first, remote_head());
  EXPECT_EQ(asked(), Asked(0, 2)) << "asked and fetched";
  EXPECT_EQ(once(12).base.str(), first);
  EXPECT_EQ(asked(), Asked(0, 1)) << "asked";
  const std::string second = commit_seed({{"src/b.txt", "more\n"}}, "second");
  EXPECT_EQ(once(13).base.str(), second);
  EXPECT_EQ(asked(), Asked(0, 2));
  git({"fsck", "--strict", "--no-dangling"}, mirror());
  EXPECT_EQ(git({"rev-list", "--count", "refs/remotes/origin/main"}, mirror()), "2");
}

TEST_F(SmartHttp, ALandingKnowsEveryBranchOfTheRemoteAndNoOther) {
  commit_seed({{"x.txt", "x\n"}}, "elsewhere", "feature");
  git({"checkout", "-q", "-B", "main", "origin/main"}, seed);
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const auto followed = [&] {
    return git({"for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes"}, mirror());
  };
  EXPECT_EQ(followed(), "main") << "nothing else is needed to begin";
  git({"update-ref", "refs/remotes/origin/gone", "refs/remotes/origin/main"}, mirror());
  commit_in(prepared.path, {{"cart.txt", "a cart\n"}});
  verify(run);
  asked();
  EXPECT_EQ(land(run).kind, jobs::LandResult::Kind::landed);
  EXPECT_EQ(followed(), "feature\nmain");
  EXPECT_EQ(server->log.effects("pushed").size(), 1U);
}

TEST_F(SmartHttp, ARewrittenBaseIsFollowed) {
  commit_seed({{"x.txt", "x\n"}}, "to be undone");
  once(11);
  git({"reset", "-q", "--hard", "HEAD~1"}, seed);
  write(seed + "/y.txt", "y\n");
  git({"add", "-A"}, seed);
  git({"commit", "-q", "-m", "instead"}, seed);
  git({"push", "-q", "--force", "origin", "HEAD:refs/heads/main"}, seed);
  EXPECT_EQ(once(12).base.str(), remote_head());
  git({"fsck", "--strict", "--no-dangling"}, mirror());
}

TEST_F(SmartHttp, ABranchThatIsMissingIsNamedWithThoseThatAreThere) {
  repo.base = "mian";
  for (const auto& error : {base().error(), workspace->prepare(repo, make_run()).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::not_found) << error.text();
    EXPECT_NE(error.text().find("did you mean 'main'?"), std::string::npos) << error.text();
  }
}

TEST_F(SmartHttp, AServerOfVersion0IsAskedByLibgit2) {
  const stub::GitBackend git_of_old(top);
  std::atomic<int> posts = 0;
  const stub::Server old([&](stub::Connection& client, stub::Request request) {
    std::erase_if(request.headers,
                  [](const auto& header) { return header.first == "Git-Protocol"; });
    posts += request.method == "POST" ? 1 : 0;
    const stub::Answer answer = git_of_old.answer(request, request.path, "");
    client.send(stub::head_of(answer) + answer.body);
  });
  repo.remote = fmt::format("http://127.0.0.1:{}/remote.git", old.port());
  EXPECT_EQ(base().value().str(), remote_head());
  EXPECT_EQ(posts, 1) << "tried";
  EXPECT_EQ(once(11).base.str(), remote_head());
}

TEST_F(SmartHttp, WhoMayNotReadIsDeniedAfterOneTry) {
  serve({.git_root = top, .git_user = "runner", .git_password = "right"});
  EXPECT_EQ(base().error().kind, ErrorKind::denied);
  EXPECT_EQ(asked(), Asked(0, 1)) << "there is no credential to try";
  int given = 0;
  std::string secret = "wrong";
  options.credentials = [&](const jobs::Repo&, const std::string&) {
    ++given;
    return std::optional(Credential{"runner", secret});
  };
  make_workspace();
  EXPECT_EQ(base().error().kind, ErrorKind::denied);
  EXPECT_EQ(given, 1);
  EXPECT_EQ(asked(), Asked(0, 2));
  secret = "right";
  EXPECT_EQ(base().value().str(), remote_head());
  EXPECT_EQ(asked(), Asked(0, 2));
  EXPECT_EQ(base().value().str(), remote_head());
  EXPECT_EQ(asked(), Asked(0, 1)) << "a host that wants to know is told at once";
}

TEST_F(SmartHttp, AnswersOfABrokenServerAreThatServersFault) {
  using Kind = stub::FaultKind;
  for (const Kind kind : {Kind::cut, Kind::failed, Kind::unavailable, Kind::rate_limited,
                          Kind::truncated, Kind::oversize}) {
    server->faults.add({.path = "*", .times = 0, .fault = {.kind = kind}});
    const auto asked_for = base();
    ASSERT_FALSE(asked_for.has_value()) << stub::to_string(kind);
    EXPECT_EQ(asked_for.error().kind, ErrorKind::transient)
        << stub::to_string(kind) << ": " << asked_for.error().text();
    serve({.git_root = top});
  }
  server->faults.add({.method = "POST", .path = "*", .fault = {.kind = Kind::html}});
  EXPECT_EQ(base().value().str(), remote_head()) << "a page for people: asked by libgit2";
}

/// Answers of git's server with something done to them.
class Meddler {
 public:
  Meddler(std::string root, std::function<void(const stub::Request&, stub::Answer&)> meddle)
      : git_(std::move(root)),
        meddle_(std::move(meddle)),
        server_([this](stub::Connection& client, const stub::Request& request) {
          stub::Answer answer = git_.answer(request, request.path, "");
          meddle_(request, answer);
          client.send(stub::head_of(answer) + answer.body);
        }) {}
  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}/remote.git", server_.port());
  }

 private:
  stub::GitBackend git_;
  std::function<void(const stub::Request&, stub::Answer&)> meddle_;
  stub::Server server_;
};

bool is_fetch(const stub::Request& request) {
  return request.body.find("command=fetch") != std::string::npos;
}

TEST_F(SmartHttp, NamesThatNoBranchCanHaveAreRefused) {
  const std::string head = remote_head();
  int issue = 20;
  for (const std::string_view name : {"../../../../escaped", "a..b",
                                      "a\x01"
                                      "b",
                                      "a/.hidden", "x.lock", "a//b", "/rooted", "end/", "tilde~1",
                                      "star*", "back\\slash", "@{u}"}) {
    const Meddler odd(top, [&](const stub::Request& request, stub::Answer& answer) {
      if (request.body.find("command=ls-refs") != std::string::npos) {
        std::string line;
        wire::put_line(line, fmt::format("{} refs/heads/{}\n", head, name));
        answer.body.insert(0, line);
      }
    });
    repo.remote = odd.url();
    const auto landed = workspace->land(repo, {.run = worked(issue++), .at = kNow});
    ASSERT_FALSE(landed.has_value()) << name;
    EXPECT_FALSE(fs::exists(top + "/escaped")) << name;
    EXPECT_EQ(remote_head(), head) << name;
    for (const char c : landed.error().text()) {
      EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20) << landed.error().text();
    }
  }
}

TEST_F(SmartHttp, Invariant13_ADamagedPackLeavesNothingInTheMirror) {
  commit_seed({{"large.txt", std::string(20000, 'a') + "\n"}}, "large");
  std::size_t place = 0;
  const Meddler meddler(top, [&](const stub::Request& request, stub::Answer& answer) {
    if (is_fetch(request) && place < answer.body.size()) {
      answer.body[place] = static_cast<char>(answer.body[place] ^ 0x20);
    }
  });
  repo.remote = meddler.url();
  int refused = 0;
  for (place = 0; place < 700; place += 9) {
    const jobs::Run run = make_run(11, "r11");
    if (const auto prepared = workspace->prepare(repo, run); prepared) {
      // In what has no meaning: progress, the case of a length.
      git({"fsck", "--strict", "--no-dangling"}, mirror());
      ASSERT_TRUE(workspace->release(repo, run).has_value());
    } else {
      ++refused;
      EXPECT_EQ(prepared.error().kind, ErrorKind::transient) << prepared.error().text();
      EXPECT_EQ(git({"count-objects", "-v"}, mirror()).find("in-pack: 0") != std::string::npos,
                true);
      EXPECT_EQ(git({"for-each-ref", "refs/remotes"}, mirror()), "") << "byte " << place;
      for (const auto& left : fs::directory_iterator(mirror() + "/objects/pack")) {
        ADD_FAILURE() << left.path() << " was left at byte " << place;
      }
    }
    fs::remove_all(top + "/state");
  }
  EXPECT_GT(refused, 60);
  place = std::string::npos;
  EXPECT_EQ(once(12).base.str(), remote_head());
}

TEST_F(SmartHttp, APackThatEndsHalfWayIsFetchedAgain) {
  int cuts = 1;
  const Meddler meddler(top, [&](const stub::Request& request, stub::Answer& answer) {
    if (is_fetch(request) && cuts-- > 0) {
      answer.body.resize(answer.body.size() / 2);
    }
  });
  repo.remote = meddler.url();
  const auto first = workspace->prepare(repo, make_run());
  ASSERT_FALSE(first.has_value());
  EXPECT_EQ(first.error().kind, ErrorKind::transient);
  EXPECT_EQ(once(12).base.str(), remote_head());
}

TEST_F(SmartHttp, AServerThatPromisesWhatItDoesNotHaveIsNotBelieved) {
  const std::string head = remote_head();
  const Meddler meddler(top, [&](const stub::Request& request, stub::Answer& answer) {
    if (const std::size_t at = answer.body.find(head); !is_fetch(request) && at < 100) {
      answer.body.replace(at, 40, std::string(40, '7'));
    }
  });
  repo.remote = meddler.url();
  const auto prepared = workspace->prepare(repo, make_run());
  ASSERT_FALSE(prepared.has_value());
  EXPECT_EQ(prepared.error().kind, ErrorKind::transient) << prepared.error().text();
  EXPECT_EQ(git({"for-each-ref", "refs/remotes"}, mirror()), "");
}

}  // namespace
}  // namespace worktrees::test
