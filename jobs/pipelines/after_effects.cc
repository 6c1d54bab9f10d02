// What finished effects change about their run.
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/text.h"
#include "jobs/pipelines/run_change.h"
#include "jobs/pipelines/transition.h"

namespace jobs {

Change after_prepared(const Run& run, const Prepared& prepared, const Fleet& fleet, TimePoint now) {
  RunChange change(run, fleet, now);
  change.run().worktree = prepared.path;
  change.run().base = prepared.base;
  change.run().head = prepared.base;
  std::string set_up;
  for (const std::string& line : prepared.setup_log) {
    set_up += (set_up.empty() ? ", set up: " : "; ") + line;
  }
  change.event("worktree", fmt::format("{} at {}{}", prepared.recycled ? "recycled" : "made",
                                       prepared.base.str().substr(0, 12), one_line(set_up, 400)));
  if (!prepared.remark.empty()) {
    change.event("worktree-remark", one_line(prepared.remark, 600));
  }
  if (run.step == RunStep::preparing) {
    change.run().step = RunStep::turning;
  }
  return std::move(change).take();
}

Change after_landing(const Run& run, const LandResult& result, const Pipeline& pipeline,
                     const Fleet& fleet, const FurtherTurn& further, TimePoint now) {
  RunChange change(run, fleet, now);
  Run& row = change.run();
  const bool over = row.step == RunStep::ending || row.step == RunStep::ended;
  switch (result.kind) {
    case LandResult::Kind::landed: {
      row.landed = result.commit;
      row.landed_at = now;
      ++row.landings;
      // The branch was moved on to the landed commit, so that a later fix starts from what the base
      // has.
      row.base = result.commit;
      row.head = result.commit;
      row.phase = std::max(row.phase, Phase::pushed);
      row.failing.clear();
      change.event("landed",
                   fmt::format("{} on the base branch", result.commit.str().substr(0, 12)));
      if (over) {
        break;
      }
      row.reason = "landed";
      const Stage* next = stage_after(pipeline, row.stage);
      if (next == nullptr) {
        change.end(Outcome::landed, "landed; the pipeline has no further stage", true);
        break;
      }
      row.stage = next->name;
      row.step = RunStep::watching;
      change.start_ci();
      change.comment();
      break;
    }
    case LandResult::Kind::needs_verify:
      row.head = result.head;
      row.base = result.base;
      row.verified_tree = Oid();
      ++row.land_attempts;
      change.event("merged-base", fmt::format("the base moved to {}; merged, to be verified again",
                                              result.base.str().substr(0, 12)));
      if (!over && row.land_attempts >= fleet.limits.land_attempts) {
        change.end(row.landings > 0 ? Outcome::frozen : Outcome::needs_human,
                   fmt::format("the base moved under {} landings in a row", row.land_attempts),
                   false);
      } else if (!over) {
        const auto verify = std::ranges::find(pipeline.stages, StageKind::command, &Stage::kind);
        if (verify == pipeline.stages.end()) {
          change.end(
              row.landings > 0 ? Outcome::frozen : Outcome::needs_human,
              "the base moved, and the pipeline has no command stage that could verify the merge",
              false);
        } else {
          change.start_turn(*verify, TurnKind::command, result.head);
        }
      }
      break;
    case LandResult::Kind::conflict: {
      const bool parked = !over && !further.parked.empty();
      row.land_attempts += parked ? 0 : 1;
      const std::string files = one_line(fmt::format("{}", fmt::join(result.files, ", ")), 500);
      change.event("conflict", files);
      if (over) {
        break;
      }
      if (parked && further.reached_cap.empty()) {
        row.step = RunStep::waiting;
        row.not_before = further.not_before;
        row.reason = fmt::format("the landing conflicts in {}; {}", files, further.parked);
        change.event("retry-later", row.reason);
        break;
      }
      if (row.land_attempts >= fleet.limits.land_attempts) {
        change.end(row.landings > 0 ? Outcome::frozen : Outcome::needs_human,
                   fmt::format("{} landings met conflicts or a moved base, last in {}",
                               row.land_attempts, files),
                   true);
        break;
      }
      if (!further.reached_cap.empty()) {
        change.end(row.landings > 0 ? Outcome::frozen : Outcome::needs_human,
                   fmt::format("the landing conflicts in {}; no further turn: {}", files,
                               further.reached_cap),
                   false);
        break;
      }
      change.start_turn(
          agent_stage_before(pipeline, row.stage), TurnKind::corrective, row.head,
          fmt::format("The base branch moved to commit {} while you worked, and merging it "
                      "conflicts in:\n{}\n\n"
                      "Merge that commit into your branch (`git merge {}`), resolve the conflicts "
                      "so that both "
                      "changes keep their meaning, run the tests, and commit the merge.",
                      result.base.str(), fmt::join(result.files, "\n"), result.base.str()));
      break;
    }
    case LandResult::Kind::proposed:
      row.head = result.head;
      row.reason = "pushed, to be merged by pull request";
      change.event("proposed",
                   fmt::format("{} pushed for a pull request", result.head.str().substr(0, 12)));
      if (!over) {
        row.step = RunStep::proposed;
        Effect open;
        open.kind = EffectKind::open_pull;
        change.effect(std::move(open));
      }
      break;
    case LandResult::Kind::rejected:
      change.event("rejected", fmt::format("{}: {}", result.rule, one_line(result.message, 400)));
      if (!over) {
        change.end(row.landings > 0 ? Outcome::frozen : Outcome::needs_human,
                   fmt::format("the landing was refused by rule {}: {}", result.rule,
                               one_line(result.message, 400)),
                   true);
      }
      break;
  }
  return std::move(change).take();
}

}  // namespace jobs
