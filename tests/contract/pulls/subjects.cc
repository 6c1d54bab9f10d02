#include <deque>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "jobs/base/time.h"
#include "runner/forge/http_api.h"
#include "runner/pulls/pulls.h"
#include "tests/contract/pulls/subject.h"
#include "tests/fakes/fake_pulls.h"
#include "tests/fakes/memory_http_cache.h"
#include "tests/fakes/stepped_clock.h"
#include "tests/stub/bare_repo.h"
#include "tests/stub/forgejo.h"
#include "tests/stub/stub.h"
#include "tests/stub/stub_api.h"

namespace pulls_contract {

namespace {

using jobs::Oid;

constexpr const char* kRepo = "acme/shop";

jobs::Repo shop() {
  jobs::Repo repo;
  repo.name = jobs::RepoName(kRepo);
  repo.remote = "remote";
  return repo;
}

class Fake final : public Subject {
 public:
  Fake() { git_.add_remote(repo_.remote); }
  jobs::PullReader& reader() override { return pulls_; }
  jobs::PullWriter& writer() override { return pulls_; }
  const jobs::Repo& repo() override { return repo_; }
  Oid commit(const std::string& branch, const std::string& file,
             const std::string& content) override {
    return git_.commit_on_remote(repo_.remote, branch, {{file, content}});
  }
  std::string message_of_base() override {
    return git_.history(repo_.remote, "main").front().message;
  }
  Oid head_of_base() override { return git_.remote_head(repo_.remote, "main"); }
  bool press_merge(const std::string& branch) override { return pulls_.press_merge(repo_, branch); }
  void press_close(const std::string& branch) override { pulls_.press_close(repo_, branch); }
  int opened() override { return pulls_.opened(); }
  void lose_next_answer() override {
    for (const char* call : {"open", "merge"}) {
      pulls_.script.fail_after(call, jobs::fail(jobs::ErrorKind::transient, "the answer was lost"));
    }
  }

 private:
  jobs::Repo repo_ = shop();
  fakes::FakeWorkspace git_;
  fakes::FakePulls pulls_{git_};
};

class OnRemote : public Subject {
 public:
  jobs::PullReader& reader() override { return *reader_; }
  jobs::PullWriter& writer() override { return *writer_; }
  const jobs::Repo& repo() override { return repo_; }
  Oid commit(const std::string& branch, const std::string& file,
             const std::string& content) override {
    return Oid(remote_.commit(branch, file, content));
  }
  std::string message_of_base() override {
    return remote_.git({"log", "-1", "--format=%B", "main"});
  }
  Oid head_of_base() override { return Oid(remote_.head("main")); }
  bool press_merge(const std::string& /*branch*/) override {
    return pulls().press_merge(kRepo, pulls().newest(kRepo));
  }
  void press_close(const std::string& /*branch*/) override {
    pulls().press_close(kRepo, pulls().newest(kRepo));
  }
  int opened() override { return pulls().opened(kRepo); }

 protected:
  virtual stub::PullRequests& pulls() = 0;
  void use(runner::forge::Api& api, runner::pulls::Dialect dialect) {
    reader_ = runner::pulls::make_pull_reader(api, dialect);
    writer_ = runner::pulls::make_pull_writer(api, dialect);
  }
  jobs::Repo repo_ = shop();
  stub::BareRepo remote_;
  std::unique_ptr<jobs::PullReader> reader_;
  std::unique_ptr<jobs::PullWriter> writer_;
};

/// Over HTTP; nobody waits, because the clock is stepped.
class Github final : public OnRemote {
 public:
  Github() : stub_(options(remote_.root())) {
    traffic_.set_limits("127.0.0.1", {.requests_per_tick = 1'000'000,
                                      .points_per_minute = 1'000'000,
                                      .graphql_per_minute = 1'000'000,
                                      .between_writes = {}});
    stub_.forge.add_repo(kRepo);
    use(*api_, runner::pulls::Dialect::github);
  }
  void lose_next_answer() override {
    for (const char* method : {"POST", "PUT"}) {
      stub_.faults.add({.method = method,
                        .path = "*/pulls*",
                        .fault = {.kind = stub::FaultKind::cut, .when = stub::When::after}});
    }
  }

 private:
  static stub::Stub::Options options(const std::string& root) {
    stub::Stub::Options options;
    options.git_root = root;
    return options;
  }
  stub::PullRequests& pulls() override { return stub_.forge.pulls; }

  stub::Stub stub_;
  fakes::SteppedClock clock_{*jobs::parse_time("2026-11-20T08:00:00Z")};
  std::unique_ptr<runner::http::Client> client_ = runner::http::make_client();
  runner::forge::TokenCredential credential_{
      {.source = jobs::SecretRef::Source::env, .name = "TOKEN"},
      [](const std::string&) { return std::optional<std::string>("secret-token"); }};
  runner::forge::Traffic traffic_{clock_, [this](jobs::Duration wait) { clock_.sleep(wait); }};
  fakes::MemoryHttpCache cache_;
  std::unique_ptr<runner::forge::Api> api_ = runner::forge::make_api(
      runner::forge::github_api_options(stub_.url()), {*client_, credential_, traffic_, &cache_});
};

/// Held to the server's published description.
class Forgejo final : public OnRemote {
 public:
  Forgejo() : server_({.git_root = remote_.root()}) {
    server_.permit("alice", "write");
    server_.put(kRepo, 1, {});
    use(api_, runner::pulls::Dialect::forgejo);
  }
  ~Forgejo() override { EXPECT_EQ(api_.faults, std::vector<std::string>{}); }
  void lose_next_answer() override { api_.lose_answer_to("POST"); }

 private:
  stub::PullRequests& pulls() override { return server_.pulls; }

  stub::Forgejo server_;
  stub::StubApi api_{"/api/v1", "forgejo-16.0.1.json",
                     [this](const stub::Request& request) { return server_.answer(request); }};
};

}  // namespace

std::unique_ptr<Subject> make_fake() {
  return std::make_unique<Fake>();
}
std::unique_ptr<Subject> make_github() {
  return std::make_unique<Github>();
}
std::unique_ptr<Subject> make_forgejo() {
  return std::make_unique<Forgejo>();
}

}  // namespace pulls_contract
