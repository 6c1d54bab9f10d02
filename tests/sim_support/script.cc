#include <algorithm>

#include <fmt/format.h>

#include "tests/sim_support/moves.h"
#include "tests/sim_support/random.h"

namespace sim {

namespace {

constexpr std::int64_t kMinute = 60'000;

bool about_money(Move move) {
  switch (move) {
    case Move::overspends:
    case Move::supervisor_killed:
    case Move::usage_lost:
    case Move::usage_late:
    case Move::usage_doubled:
    case Move::usage_reordered:
    case Move::usage_negative:
    case Move::caps_lowered:
    case Move::tick_crash_after:
    case Move::tick_crash_before:
    case Move::tick_asleep_long:
    case Move::verify_red:
    case Move::ci_red: return true;
    default: return false;
  }
}

/// Moves that end or hold up much are rarer, so that most lifecycles get far.
int weight(Move move, Profile profile) {
  if (profile == Profile::money) {
    return about_money(move) ? 20 : 1;
  }
  switch (move) {
    case Move::release_issue: return 0;
    case Move::tick_crash_before:
    case Move::tick_crash_after:
    case Move::tick_asleep_long: return 10;
    case Move::tick_asleep_short:
    case Move::tick_overlap:
    case Move::ci_red:
    case Move::verify_red:
    case Move::remote_moved:
    case Move::relabelled: return 6;
    case Move::paused:
    case Move::kill_switch:
    case Move::allowlist_edited:
    case Move::repo_removed:
    case Move::disk_full: return 1;
    default: return 3;
  }
}

}  // namespace

Script make_script(std::uint64_t seed, Profile profile) {
  Random random(seed);
  Script script;
  script.seed = seed;
  script.profile = profile;
  script.repos = static_cast<int>(random.between(1, 3));
  const std::int64_t issues = random.between(5, 6) * script.repos;
  const std::int64_t span = (issues / script.repos) * 75 * kMinute;
  int id = 0;
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(script.repos));
  for (std::int64_t i = 0; i < issues; ++i) {
    const int repo = static_cast<int>(i % script.repos);
    script.steps.push_back({.id = ++id,
                            .move = Move::release_issue,
                            .at = random.below(span * 3 / 4),
                            .repo = repo,
                            .issue = ++numbers[static_cast<std::size_t>(repo)],
                            .random = random.next()});
  }
  int total = 0;
  for (int move = 0; move < kMoves; ++move) {
    total += weight(static_cast<Move>(move), profile);
  }
  // Some worlds are quiet, most have several things at once.
  const std::int64_t faults = random.chance(10) ? 0 : random.between(1, 3 * issues);
  for (std::int64_t i = 0; i < faults; ++i) {
    std::int64_t drawn = random.below(total);
    int move = 0;
    while (drawn >= weight(static_cast<Move>(move), profile)) {
      drawn -= weight(static_cast<Move>(move++), profile);
    }
    const int repo = static_cast<int>(random.below(script.repos));
    script.steps.push_back({.id = ++id,
                            .move = static_cast<Move>(move),
                            .at = random.below(span),
                            .repo = repo,
                            .issue = random.between(1, issues / script.repos),
                            .random = random.next()});
  }
  std::ranges::stable_sort(script.steps, {}, &Step::at);
  return script;
}

std::string describe(const Step& step) {
  const std::int64_t minute = step.at / kMinute;
  return fmt::format("{:3}  {:2}:{:02}  repo {} issue {}  {}: {}", step.id, minute / 60,
                     minute % 60, step.repo, step.issue, to_string(step.move),
                     kMoveTexts[static_cast<int>(step.move)]);
}

}  // namespace sim
