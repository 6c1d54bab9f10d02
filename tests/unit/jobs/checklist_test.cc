#include "jobs/pipelines/checklist.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

TEST(Checklist, StartsWithItsMarkerOnce) {
  const std::string text = checklist(scenario::run());
  EXPECT_TRUE(text.starts_with(std::string(kChecklistMarker) + "\n"));
  EXPECT_EQ(text.find(kChecklistMarker, 1), std::string::npos);
}

TEST(Checklist, PhasesAreTickedByEvidence) {
  jobs::Run run = scenario::run();
  const auto ticked = [&](const jobs::Run& one) {
    const std::string text = checklist(one);
    int count = 0;
    for (std::size_t at = text.find("- [x]"); at != std::string::npos;
         at = text.find("- [x]", at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(ticked(run), 1);
  run.worktree.clear();
  EXPECT_EQ(ticked(run), 0) << "no worktree, no tick";
  run.worktree = "/w";
  run.phase = Phase::green;
  EXPECT_EQ(ticked(run), 2);
  run.phase = Phase::ci;
  EXPECT_EQ(ticked(run), 3) << "waiting for CI is not CI green";
  run.phase = Phase::deployed;
  EXPECT_EQ(ticked(run), 4);
  run.phase = Phase::done;
  EXPECT_EQ(ticked(run), 5);
}

TEST(Checklist, WithoutCiNothingIsSaidOfIt) {
  jobs::Run run = scenario::run();
  run.phase = Phase::done;
  EXPECT_NE(checklist(run, /*has_ci=*/true).find("CI green"), std::string::npos);
  EXPECT_EQ(checklist(run, /*has_ci=*/false).find("CI green"), std::string::npos);
}

TEST(Checklist, AnUnchangedRunGivesAnUnchangedComment) {
  jobs::Run run = scenario::run();
  const std::string before = checklist(run);
  run.updated_at += scenario::hours(3);
  EXPECT_EQ(checklist(run), before);
}

TEST(Checklist, APersonIsToldWhatToDo) {
  jobs::Run run = scenario::run();
  run.outcome = Outcome::frozen;
  run.reason = "CI is red";
  const std::string text = checklist(run);
  EXPECT_NE(text.find("runner runs release " + run.id.str()), std::string::npos);
  EXPECT_NE(text.find("Why: `CI is red`"), std::string::npos);
}

RC_GTEST_PROP(ChecklistProperty, Invariant11_AReasonIsOneHarmlessLineOfCode,
              (const std::string& reason)) {
  jobs::Run run = scenario::run();
  run.reason = "x" + reason + "`\n<!-- runner:checklist -->\n@everyone \x1b[2J";
  const std::string text = checklist(run);
  const std::size_t now = text.find("\nNow: `");
  RC_ASSERT(now != std::string::npos);
  const std::string line = text.substr(now + 7);
  RC_ASSERT(std::count(line.begin(), line.end(), '\n') == 1);
  RC_ASSERT(line.find('`') == line.size() - 2);
  RC_ASSERT(line.find('\x1b') == std::string::npos);
  RC_ASSERT(text.find("\n<!--") == std::string::npos);
}

}  // namespace
}  // namespace jobs
