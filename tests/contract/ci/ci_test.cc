#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runner/ci/command_ci.h"
#include "runner/executors/process_executor.h"
#include "tests/contract/ci/subject.h"
#include "tests/fakes/fake_ci.h"
#include "tests/support/signals.h"
#include "tests/support/tracker_folder.h"

/// What jobs/ports/ci.h promises, asked of the fake and of a real command below a real supervisor.
namespace {

namespace fs = std::filesystem;
using jobs::Oid;
using jobs::Verdict;

using ci_contract::Subject;

class Fake final : public Subject {
 public:
  Fake() { ci_.clock = &clock_; }
  jobs::CiReader& reader() override { return ci_; }
  jobs::CiWriter& writer() override { return ci_; }
  void finish(const jobs::Repo& repo, const Oid& commit, Verdict verdict,
              const std::string& log) override {
    ci_.finish(repo.name, commit, verdict, log);
  }
  void lose(const jobs::Repo& repo, const Oid& commit) override { ci_.lose(repo.name, commit); }
  int starts(const jobs::Repo& repo, const Oid& commit) override {
    return ci_.starts(repo.name, commit);
  }
  jobs::TimePoint now() override { return clock_.now(); }

 private:
  /// A step later at each look.
  class Ticking final : public jobs::Clock {
   public:
    jobs::TimePoint now() override { return now_ += jobs::Duration(1); }
    std::uint64_t random() override { return 1; }

   private:
    jobs::TimePoint now_{};
  };
  Ticking clock_;
  fakes::FakeCi ci_;
};

class RealClock final : public jobs::Clock {
 public:
  jobs::TimePoint now() override {
    return std::chrono::time_point_cast<jobs::Duration>(std::chrono::system_clock::now());
  }
  std::uint64_t random() override { return ++random_; }

 private:
  std::uint64_t random_ = 1;
};

/// Empty folders in the place of commits.
class Trees final : public jobs::WorkspaceWriter {
 public:
  explicit Trees(std::string root) : root_(std::move(root)) {}
  jobs::Result<jobs::Prepared> prepare(const jobs::Repo&, const jobs::Run&) override {
    return unused();
  }
  jobs::Result<jobs::LandResult> land(const jobs::Repo&, const jobs::LandRequest&) override {
    return unused();
  }
  jobs::Result<Oid> rescue(const jobs::Repo&, const jobs::Run&) override { return unused(); }
  jobs::Status release(const jobs::Repo&, const jobs::Run&) override { return unused(); }
  jobs::Status remove_orphan(const jobs::WorktreeEntry&) override { return unused(); }
  jobs::Status empty_trash(jobs::Duration) override { return unused(); }
  jobs::Result<std::string> commit_tree(const jobs::Repo&, const Oid& commit) override {
    fs::create_directories(path(commit));
    return path(commit);
  }
  jobs::Status drop_commit_tree(const jobs::Repo&, const Oid& commit) override {
    fs::remove_all(path(commit));
    return jobs::ok();
  }
  [[nodiscard]] std::string path(const Oid& commit) const { return root_ + "/" + commit.str(); }

 private:
  static jobs::Error unused() {
    return jobs::fail(jobs::ErrorKind::bug, "CI has no business with this");
  }
  std::string root_;
};

/// Each start leaves a line in the tree's neighbour "<commit>.starts"; the command ends when the
/// file "end" tells it how.
class Command final : public Subject {
 public:
  Command() {
    config_.name = "ci";
    config_.command = {
        "/bin/sh", "-c",
        "echo started >> \"$PWD.starts\"; while [ ! -e end ]; do sleep 0.02; done; . ./end"};
  }
  ~Command() override {
    // What still runs ends by its own rule.
    for (const auto& entry : fs::directory_iterator(folder_.root())) {
      if (entry.is_directory() && entry.path().filename().string().size() == 40) {
        test_support::TrackerFolder::write(entry.path().string() + "/end", "exit 0");
      }
    }
    for (const std::string& directory : executor_->list().value_or(std::vector<std::string>{})) {
      static_cast<void>(executor_->stop(directory, "the test is over"));
      wait_for(
          [&] { return executor_->observe(directory)->state == jobs::TurnFacts::State::ended; });
      static_cast<void>(executor_->reap(directory));
    }
  }
  jobs::CiReader& reader() override { return *reader_; }
  jobs::CiWriter& writer() override { return *writer_; }
  void finish(const jobs::Repo& repo, const Oid& commit, Verdict verdict,
              const std::string& log) override {
    const std::string end = trees_.path(commit) + "/end";
    test_support::TrackerFolder::write(
        end + ".new", "echo '" + log + "'; exit " + (verdict == Verdict::pass ? "0" : "1"));
    fs::rename(end + ".new", end);
    wait_for([&] { return reader_->observe(repo, commit)->verdict != Verdict::pending; });
  }
  void lose(const jobs::Repo& repo, const Oid& commit) override {
    const std::string directory = root_ + "/" + runner::ci::ci_id(repo.name, commit).str() + "/1";
    // Only what is really under way can be lost.
    wait_for([&] { return starts(repo, commit) == 1; });
    std::ifstream in(directory + "/supervisor.json");
    const auto json = nlohmann::json::parse(in);
    ASSERT_EQ(test_support::send_signal(json["pid"].get<pid_t>(), SIGKILL), 0);
    wait_for([&] { return executor_->observe(directory)->state == jobs::TurnFacts::State::ended; });
  }
  int starts(const jobs::Repo&, const Oid& commit) override {
    const std::string lines = test_support::TrackerFolder::read(trees_.path(commit) + ".starts");
    return static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
  }
  jobs::TimePoint now() override { return clock_.now(); }

 private:
  static void wait_for(const std::function<bool()>& done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "waited in vain";
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  test_support::TrackerFolder folder_;
  RealClock clock_;
  Trees trees_{folder_.root()};
  std::string root_ = folder_.root() + "/ci";
  jobs::CiConfig config_;
  std::unique_ptr<runner::executors::ProcessExecutor> executor_ =
      runner::executors::make_process_executor(
          {.root = root_,
           .program = RUNNER_BINARY,
           // A sandbox would keep the command from writing beside its tree.
           .environment = [](const std::string& name) -> std::optional<std::string> {
             if (name == "RUNNER_BUBBLEWRAP") {
               return "/nonexistent";
             }
             const char* value = std::getenv(name.c_str());
             return value == nullptr ? std::nullopt : std::optional<std::string>(value);
           },
           .clock = &clock_});
  runner::ci::CommandCiOptions options_{.root = root_};
  std::unique_ptr<jobs::CiReader> reader_;
  std::unique_ptr<jobs::CiWriter> writer_;

 public:
  void connect() {
    reader_ = runner::ci::make_command_ci_reader(config_, options_, *executor_);
    writer_ = runner::ci::make_command_ci_writer(config_, options_, *executor_, *executor_, trees_);
  }
};

std::unique_ptr<Subject> make_command() {
  auto command = std::make_unique<Command>();
  command->connect();
  return command;
}

struct Kind {
  const char* name;
  std::function<std::unique_ptr<Subject>()> make;
};

class Ci : public ::testing::TestWithParam<Kind> {
 protected:
  jobs::CiReport look(const Oid& one) { return subject->reader().observe(repo, one).value(); }

  std::unique_ptr<Subject> subject = GetParam().make();
  jobs::Repo repo{.name = jobs::RepoName("acme/shop")};
  Oid commit{std::string(40, 'a')};
  Oid other{std::string(40, 'b')};
};

TEST_P(Ci, NothingReportedIsAbsentAndNoError) {
  EXPECT_EQ(look(commit).verdict, Verdict::absent);
  EXPECT_TRUE(look(commit).checks.empty());
}

TEST_P(Ci, StartedIsPendingUntilItEnds) {
  ASSERT_TRUE(subject->start(repo, commit));
  EXPECT_EQ(look(commit).verdict, Verdict::pending);
  EXPECT_EQ(look(other).verdict, Verdict::absent);
  subject->finish(repo, commit, Verdict::pass, "fine");
  EXPECT_EQ(look(commit).verdict, Verdict::pass);
  EXPECT_TRUE(look(commit).failing().empty());
}

TEST_P(Ci, ARedSaysWhichCheckAndShowsItsLog) {
  ASSERT_TRUE(subject->start(repo, commit));
  subject->finish(repo, commit, Verdict::fail, "assertion failed");
  const jobs::CiReport report = look(commit);
  EXPECT_EQ(report.verdict, Verdict::fail);
  EXPECT_EQ(report.failing(), std::vector<std::string>{subject->check()});
  EXPECT_NE(report.checks.at(0).log_tail.find("assertion failed"), std::string::npos);
}

TEST_P(Ci, AtMostOneStartForACommit) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(subject->start(repo, commit));
  }
  subject->finish(repo, commit, Verdict::fail, "red");
  ASSERT_TRUE(subject->start(repo, commit));
  EXPECT_EQ(subject->starts(repo, commit), 1);
}

TEST_P(Ci, WhatWasLostIsStartedAgain) {
  ASSERT_TRUE(subject->start(repo, commit));
  if (!subject->keeps()) {
    GTEST_SKIP() << "what it starts is not ours to lose";
  }
  subject->lose(repo, commit);
  EXPECT_EQ(look(commit).verdict, Verdict::absent);
  ASSERT_TRUE(subject->start(repo, commit));
  EXPECT_EQ(look(commit).verdict, Verdict::pending);
  subject->finish(repo, commit, Verdict::pass, "fine");
  EXPECT_EQ(look(commit).verdict, Verdict::pass);
  EXPECT_EQ(subject->starts(repo, commit), 2);
}

TEST_P(Ci, PruneForgetsAllButWhatIsKept) {
  for (const Oid& one : {commit, other}) {
    ASSERT_TRUE(subject->start(repo, one));
    subject->finish(repo, one, Verdict::pass, "fine");
  }
  ASSERT_TRUE(subject->writer().prune(repo, {commit}, subject->now()));
  if (!subject->keeps()) {
    GTEST_SKIP() << "nothing is kept here";
  }
  EXPECT_EQ(look(commit).verdict, Verdict::pass);
  EXPECT_EQ(look(other).verdict, Verdict::absent);
}

TEST_P(Ci, PruneLeavesAloneWhatWasStartedAfterItsListWasMade) {
  const jobs::TimePoint before = subject->now();
  ASSERT_TRUE(subject->start(repo, other));
  subject->finish(repo, other, Verdict::pass, "fine");
  EXPECT_EQ(look(other).verdict, Verdict::pass);
  ASSERT_TRUE(subject->writer().prune(repo, {commit}, before));
  EXPECT_EQ(look(other).verdict, Verdict::pass);
  EXPECT_EQ(subject->starts(repo, other), 1);
}

INSTANTIATE_TEST_SUITE_P(All, Ci,
                         ::testing::Values(Kind{"fake", [] { return std::make_unique<Fake>(); }},
                                           Kind{"command", &make_command},
                                           Kind{"checks", &ci_contract::make_checks},
                                           Kind{"forgejo", &ci_contract::make_forgejo},
                                           Kind{"woodpecker", &ci_contract::make_woodpecker}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
