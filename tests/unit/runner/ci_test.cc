#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "runner/ci/command_ci.h"

namespace runner::ci {
namespace {

using jobs::ErrorKind;
using jobs::TurnEnd;
using jobs::TurnFacts;
using jobs::Verdict;

/// An executor that starts nothing: the test says how each turn is.
class Turns final : public jobs::ExecutorReader, public jobs::ExecutorWriter {
 public:
  std::map<std::string, TurnFacts> facts;
  std::vector<jobs::TurnSpec> started;
  std::vector<std::string> stopped, removed, reaped;
  std::optional<jobs::Error> refuse;

  jobs::Result<TurnFacts> observe(const std::string& directory) override {
    return facts.contains(directory) ? facts[directory] : TurnFacts{};
  }
  jobs::Result<std::vector<std::string>> list() override {
    std::vector<std::string> all;
    for (const auto& [directory, unused] : facts) {
      all.push_back(directory);
    }
    return all;
  }
  jobs::Status start(const jobs::TurnSpec& spec, const jobs::Fence& /*still_ours*/) override {
    if (refuse) {
      return *refuse;
    }
    started.push_back(spec);
    facts[spec.directory].state = TurnFacts::State::running;
    facts[spec.directory].started_at = jobs::TimePoint{};
    return jobs::ok();
  }
  jobs::Status stop(const std::string& directory, const std::string&) override {
    stopped.push_back(directory);
    return jobs::ok();
  }
  jobs::Result<int> reap(const std::string& directory) override {
    reaped.push_back(directory);
    return 0;
  }
  jobs::Status remove(const std::string& directory) override {
    removed.push_back(directory);
    facts.erase(directory);
    return jobs::ok();
  }
};

/// Only trees for CI are asked for.
class Trees final : public jobs::WorkspaceWriter {
 public:
  std::vector<std::string> made, dropped;
  std::optional<jobs::Error> refuse;

  jobs::Result<jobs::Prepared> prepare(const jobs::Repo&, const jobs::Run&) override {
    return unused();
  }
  jobs::Result<jobs::LandResult> land(const jobs::Repo&, const jobs::LandRequest&) override {
    return unused();
  }
  jobs::Result<jobs::Oid> rescue(const jobs::Repo&, const jobs::Run&) override { return unused(); }
  jobs::Status release(const jobs::Repo&, const jobs::Run&) override { return unused(); }
  jobs::Status remove_orphan(const jobs::WorktreeEntry&) override { return unused(); }
  jobs::Status empty_trash(jobs::Duration) override { return unused(); }
  jobs::Result<std::string> commit_tree(const jobs::Repo&, const jobs::Oid& commit) override {
    if (refuse) {
      return *refuse;
    }
    made.push_back(commit.str());
    return "/trees/" + commit.str();
  }
  jobs::Status drop_commit_tree(const jobs::Repo&, const jobs::Oid& commit) override {
    dropped.push_back(commit.str());
    return jobs::ok();
  }

 private:
  static jobs::Error unused() { return jobs::fail(ErrorKind::bug, "CI has no business with this"); }
};

class CommandCi : public ::testing::Test {
 protected:
  [[nodiscard]] std::string directory(int number,
                                      const std::string& oid = std::string(40, 'a')) const {
    return "/state/ci/" + ci_id(repo.name, jobs::Oid(oid)).str() + "/" + std::to_string(number);
  }
  void end(int number, TurnEnd how, int exit_code = 0, const std::string& output = {}) {
    TurnFacts& one = turns.facts[directory(number)];
    one.state = TurnFacts::State::ended;
    one.exit = jobs::TurnExit{.end = how,
                              .exit_code = exit_code,
                              .signal = 9,
                              .detail = "some detail",
                              .at = jobs::TimePoint{}};
    one.output_tail = output;
  }
  jobs::CiReport look() { return reader->observe(repo, commit).value(); }

  Turns turns;
  Trees trees;
  jobs::Repo repo{
      .name = jobs::RepoName("acme/shop"), .test = {"make", "check"}, .env = {{"LANG", "C"}}};
  jobs::Oid commit{std::string(40, 'a')};
  jobs::CiConfig config{.name = "build", .deadline = std::chrono::minutes(7)};
  CommandCiOptions options{.root = "/state/ci"};
  std::unique_ptr<jobs::CiReader> reader = make_command_ci_reader(config, options, turns);
  std::unique_ptr<jobs::CiWriter> writer =
      make_command_ci_writer(config, options, turns, turns, trees);
};

TEST_F(CommandCi, RunsTheRepositorysTestInACleanTree) {
  EXPECT_EQ(look().verdict, Verdict::absent);
  ASSERT_TRUE(writer->start(repo, commit));
  ASSERT_EQ(turns.started.size(), 1U);
  const jobs::TurnSpec& spec = turns.started.front();
  EXPECT_EQ(spec.argv, (std::vector<std::string>{"make", "check"}));
  EXPECT_EQ(spec.cwd, "/trees/" + commit.str());
  EXPECT_EQ(spec.directory, directory(1));
  EXPECT_EQ(spec.deadline, std::chrono::minutes(7));
  EXPECT_EQ(spec.env.at("LANG"), "C");
  EXPECT_EQ(spec.env.at("RUNNER_COMMIT"), commit.str());
  EXPECT_EQ(look().verdict, Verdict::pending);
  EXPECT_EQ(look().checks.at(0).name, "build");
}

TEST_F(CommandCi, AtMostOneStartForACommit) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(writer->start(repo, commit));
  }
  end(1, TurnEnd::exited, 1);
  ASSERT_TRUE(writer->start(repo, commit));
  EXPECT_EQ(turns.started.size(), 1U);
  EXPECT_EQ(trees.made.size(), 1U);
}

TEST_F(CommandCi, OnlyExitCodeZeroIsGreen) {
  ASSERT_TRUE(writer->start(repo, commit));
  end(1, TurnEnd::exited, 0, "fine\n");
  EXPECT_EQ(look().verdict, Verdict::pass);
  EXPECT_EQ(look().checks.at(0).log_tail, "");
  const std::map<TurnEnd, std::string> red{
      {TurnEnd::exited, "exit code 3"},        {TurnEnd::signalled, "signal 9"},
      {TurnEnd::deadline, "too long"},         {TurnEnd::silent, "too long"},
      {TurnEnd::first_byte, "never"},          {TurnEnd::over_budget, "too much"},
      {TurnEnd::stopped, "stopped on request"}};
  for (const auto& [how, words] : red) {
    end(1, how, 3, "assertion failed: price");
    const jobs::CiReport report = look();
    EXPECT_EQ(report.verdict, Verdict::fail);
    EXPECT_EQ(report.failing(), std::vector<std::string>{"build"});
    EXPECT_NE(report.checks.at(0).log_tail.find("assertion failed: price\n["), std::string::npos);
    EXPECT_NE(report.checks.at(0).log_tail.find(words), std::string::npos)
        << report.checks.at(0).log_tail;
    EXPECT_TRUE(report.finished_at.has_value());
  }
}

TEST_F(CommandCi, ALostSupervisorIsStartedAgainAtMostThreeTimes) {
  for (int number = 1; number <= kMaxLost; ++number) {
    ASSERT_TRUE(writer->start(repo, commit));
    EXPECT_EQ(turns.started.size(), static_cast<std::size_t>(number));
    EXPECT_EQ(look().verdict, Verdict::pending);
    end(number, TurnEnd::lost);
    EXPECT_EQ(look().verdict, number < kMaxLost ? Verdict::absent : Verdict::fail);
  }
  ASSERT_TRUE(writer->start(repo, commit));
  EXPECT_EQ(turns.started.size(), static_cast<std::size_t>(kMaxLost));
  EXPECT_EQ(turns.started.back().directory, directory(kMaxLost));
  EXPECT_EQ(turns.reaped.size(), static_cast<std::size_t>(kMaxLost - 1));
  EXPECT_NE(look().checks.at(0).log_tail.find("again and again"), std::string::npos);
}

TEST_F(CommandCi, AMissingProgramIsNoRed) {
  ASSERT_TRUE(writer->start(repo, commit));
  end(1, TurnEnd::not_started);
  const auto report = reader->observe(repo, commit);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().kind, ErrorKind::not_found);
  EXPECT_NE(report.error().message.find("some detail"), std::string::npos);
  EXPECT_NE(report.error().hint, "");
  // Once it is installed, the next start tries again.
  ASSERT_TRUE(writer->start(repo, commit));
  EXPECT_EQ(turns.started.size(), 2U);
  end(2, TurnEnd::exited, 0);
  EXPECT_EQ(look().verdict, Verdict::pass);
}

TEST_F(CommandCi, FailuresOfTheInstanceStartNothing) {
  trees.refuse = jobs::fail(ErrorKind::transient, "disk full");
  EXPECT_EQ(writer->start(repo, commit).error().kind, ErrorKind::transient);
  trees.refuse.reset();
  turns.refuse = jobs::fail(ErrorKind::transient, "no process");
  EXPECT_FALSE(writer->start(repo, commit));
  EXPECT_EQ(look().verdict, Verdict::absent);
  turns.refuse.reset();
  ASSERT_TRUE(writer->start(repo, commit));
  EXPECT_EQ(turns.started.size(), 1U);
  repo.test.clear();
  const jobs::Oid other(std::string(40, 'b'));
  EXPECT_EQ(writer->start(repo, other).error().kind, ErrorKind::invalid_manifest);
}

TEST_F(CommandCi, Invariant11_WhatIsNoCommitIdReachesNoPath) {
  for (const std::string& oid :
       {std::string(), std::string("../../x"), std::string(40, 'G'), std::string(41, 'a')}) {
    EXPECT_FALSE(writer->start(repo, jobs::Oid(oid)));
    EXPECT_FALSE(reader->observe(repo, jobs::Oid(oid)).has_value());
  }
  EXPECT_TRUE(turns.started.empty());
}

TEST_F(CommandCi, PruneForgetsWhatIsOverAndStopsWhatStillRuns) {
  const jobs::Oid old(std::string(40, 'b'));
  const jobs::Oid running(std::string(40, 'c'));
  for (const jobs::Oid& one : {commit, old, running}) {
    ASSERT_TRUE(writer->start(repo, one));
  }
  jobs::Repo other = repo;
  other.name = jobs::RepoName("acme/shop2");
  ASSERT_TRUE(writer->start(other, old));
  end(1, TurnEnd::exited, 0);
  turns.facts[directory(1, old.str())].state = TurnFacts::State::ended;
  ASSERT_TRUE(writer->prune(repo, {commit, jobs::Oid()}, jobs::TimePoint(jobs::Duration(1))));
  EXPECT_EQ(turns.removed, std::vector<std::string>{directory(1, old.str())});
  EXPECT_EQ(turns.stopped, std::vector<std::string>{directory(1, running.str())});
  EXPECT_EQ(trees.dropped, (std::vector<std::string>{commit.str(), old.str()}))
      << "a tree whose CI has ended is of no more use";
  EXPECT_EQ(look().verdict, Verdict::pass);
  EXPECT_TRUE(turns.facts.contains("/state/ci/" + ci_id(other.name, old).str() + "/1"))
      << "another repository's";
}

TEST_F(CommandCi, IdsOfRepositoriesDoNotMix) {
  EXPECT_NE(ci_id(jobs::RepoName("a/b"), commit), ci_id(jobs::RepoName("a-b"), commit));
  EXPECT_LE(ci_id(jobs::RepoName(std::string(300, 'x')), commit).str().size(), 100U);
}

}  // namespace
}  // namespace runner::ci
