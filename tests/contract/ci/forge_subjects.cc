// The doubles of forges, whose CI starts by itself when a commit is pushed.
#include <map>

#include <gtest/gtest.h>

#include "runner/ci/forge_ci.h"
#include "tests/contract/ci/subject.h"
#include "tests/stub/forge.h"
#include "tests/stub/forgejo.h"
#include "tests/stub/stub_api.h"
#include "tests/stub/woodpecker.h"
#include "tests/support/tracker_folder.h"

namespace ci_contract {

namespace {

using jobs::Oid;
using jobs::Repo;
using jobs::Verdict;

constexpr const char* kRepo = "acme/shop";

class ForgeSubject : public Subject {
 public:
  jobs::CiReader& reader() override { return *reader_; }
  jobs::CiWriter& writer() override { return *writer_; }
  void lose(const Repo&, const Oid&) override {}
  int starts(const Repo&, const Oid& commit) override { return starts_[commit]; }
  jobs::TimePoint now() override { return clock_.now(); }
  [[nodiscard]] bool keeps() const override { return false; }
  [[nodiscard]] std::string check() const override { return "build"; }
  jobs::Status start(const Repo& repo, const Oid& commit) override {
    if (starts_[commit] == 0) {
      ++starts_[commit];
      begin(commit);
    }
    return writer().start(repo, commit);
  }

 protected:
  virtual void begin(const Oid& commit) = 0;
  runner::ci::ForgeCi parts(runner::forge::Api& api) {
    return {.config = {.name = "ci", .settle = {}},
            .api = api,
            .clock = clock_,
            .place = [](const Repo& repo) { return repo.name.str(); }};
  }
  test_support::StillClock clock_;
  std::map<Oid, int> starts_;
  std::unique_ptr<jobs::CiReader> reader_;
  std::unique_ptr<jobs::CiWriter> writer_ = runner::ci::make_forge_ci_writer();
};

/// Its API's own description is too large to be kept here: tests/integration/github_rest holds it
/// to that.
class Checks final : public ForgeSubject {
 public:
  Checks() {
    forge_.add_repo(kRepo);
    reader_ = runner::ci::make_checks_reader(parts(api_));
  }
  void finish(const Repo&, const Oid& commit, Verdict verdict, const std::string& log) override {
    const bool green = verdict == Verdict::pass;
    forge_.set_check(kRepo, commit.str(), "build", "completed", green ? "success" : "failure", log);
  }

 private:
  void begin(const Oid& commit) override {
    forge_.set_check(kRepo, commit.str(), "build", "in_progress", "");
  }

  stub::Forge forge_;
  stub::Log traffic_;
  stub::StubApi api_{
      "", "", [this](const stub::Request& request) { return forge_.answer(request, traffic_); }};
};

class Forgejo final : public ForgeSubject {
 public:
  Forgejo() {
    server_.put(kRepo, 1, {.labels = {}});
    reader_ = runner::ci::make_forgejo_reader(parts(api_));
  }
  ~Forgejo() override { EXPECT_EQ(api_.faults, std::vector<std::string>{}); }
  void finish(const Repo&, const Oid& commit, Verdict verdict, const std::string& log) override {
    server_.set_status(kRepo, commit.str(), "build",
                       verdict == Verdict::pass ? "success" : "failure", {}, log);
  }

 private:
  void begin(const Oid& commit) override {
    server_.set_status(kRepo, commit.str(), "build", "pending");
  }
  stub::Forgejo server_;
  stub::StubApi api_{"/api/v1", "forgejo-16.0.1.json",
                     [this](const stub::Request& request) { return server_.answer(request); }};
};

class Woodpecker final : public ForgeSubject {
 public:
  Woodpecker() {
    server_.activate(kRepo);
    reader_ = runner::ci::make_woodpecker_reader(parts(api_));
  }
  ~Woodpecker() override { EXPECT_EQ(api_.faults, std::vector<std::string>{}); }
  void finish(const Repo&, const Oid& commit, Verdict verdict, const std::string& log) override {
    server_.finish(kRepo, numbers_.at(commit), verdict == Verdict::pass ? "success" : "failure",
                   log);
  }

 private:
  void begin(const Oid& commit) override { numbers_[commit] = server_.start(kRepo, commit.str()); }
  std::map<Oid, std::int64_t> numbers_;
  stub::Woodpecker server_;
  stub::StubApi api_{"/api", "woodpecker-3.json",
                     [this](const stub::Request& request) { return server_.answer(request); }};
};

}  // namespace

std::unique_ptr<Subject> make_checks() {
  return std::make_unique<Checks>();
}
std::unique_ptr<Subject> make_forgejo() {
  return std::make_unique<Forgejo>();
}
std::unique_ptr<Subject> make_woodpecker() {
  return std::make_unique<Woodpecker>();
}

}  // namespace ci_contract
