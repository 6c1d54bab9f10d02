#pragma once

#include <string>
#include <vector>

#include "jobs/model/fleet.h"
#include "jobs/pipelines/next_action.h"
#include "jobs/pipelines/run_view.h"
#include "jobs/policy/poll_facts.h"
#include "jobs/ports/store.h"

/// Valid values of the model, each with one call, so that a test spells out only what it is about.
namespace scenario {

/// 2026-11-21T12:00:00Z
inline constexpr jobs::TimePoint kNow{std::chrono::milliseconds(1795262400000)};

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Three allowlisted repositories (acme/shop, acme/lib, acme/web), one agent, one CI, one person to
/// notify; state in /state; the switch off.
[[nodiscard]] jobs::Fleet fleet();
[[nodiscard]] jobs::Repo repo(const std::string& name);

/// Open, released by alice (write) an hour ago, nothing in its way.
[[nodiscard]] jobs::Issue issue(jobs::IssueNumber number, const std::string& repo = "acme/shop");

/// Every gate open for `issues`; a repository without issues is in it as well.
[[nodiscard]] jobs::PollFacts poll_facts(const jobs::Fleet& fleet,
                                         const std::vector<jobs::Issue>& issues);

[[nodiscard]] jobs::Oid oid(char digit);

/// A run of acme/shop#1 whose worktree was made, in the first stage, with one turn planned.
[[nodiscard]] jobs::Run run();
/// Turn `number` of run(), of the stage and kind that the stage's name implies; running.
[[nodiscard]] jobs::Turn turn(int number, const std::string& stage);

/// A run in `step`: the view in which nothing is amiss and nothing is due.
[[nodiscard]] jobs::RunView turning(const std::string& stage = "implement");
[[nodiscard]] jobs::RunView landed(jobs::Verdict verdict);
/// The view's turn ended this way, and the worktree has `commits` of it.
void end_turn(jobs::RunView& view, jobs::TurnEnd end, int exit_code, int commits);

/// This red was answered with a turn before.
void tried(jobs::RunView& view, const jobs::Oid& head, const std::string& failing_set);

/// What is done next, by the default pipeline, limits and labels.
[[nodiscard]] jobs::Action decide(const jobs::RunView& view);
[[nodiscard]] jobs::ActionKind kind(const jobs::RunView& view);

[[nodiscard]] jobs::CiReport ci(jobs::Verdict verdict, const std::vector<std::string>& failing);

/// Effects of `change` of one kind.
[[nodiscard]] std::vector<jobs::Effect> effects_of(const jobs::Change& change,
                                                   jobs::EffectKind kind);

}  // namespace scenario
