// One function per kind of effect: which writer port carries it out, and what it changes.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/pipelines/prompt.h"
#include "jobs/pipelines/pull_text.h"
#include "jobs/pipelines/run_change.h"
#include "jobs/pipelines/transition.h"
#include "jobs/pipelines/turn_spec.h"
#include "runner/tick/apply.h"
#include "runner/tick/observe.h"

namespace runner {

namespace {

/// The adapter called `name`, or why there is none.
template <typename Port>
jobs::Result<Port*> adapter(const std::map<std::string, Port*>& ports,
                            const jobs::ReaderPorts& readers, const std::string& family,
                            const std::string& name) {
  if (const auto found = ports.find(name); found != ports.end() && found->second != nullptr) {
    return found->second;
  }
  const auto why = readers.broken.find(family + "." + name);
  return jobs::fail(jobs::ErrorKind::transient,
                    why == readers.broken.end()
                        ? fmt::format("{} \"{}\" is not available", family, name)
                        : why->second,
                    "mend it in the manifests; the effect is tried again");
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && number > 0;
  return whole ? std::optional(number) : std::nullopt;
}

const jobs::Pipeline pipeline_of(const jobs::Fleet& fleet, const jobs::Run& run) {
  const auto found = fleet.pipelines.find(run.pipeline);
  return found == fleet.pipelines.end() ? jobs::default_pipeline() : found->second;
}

}  // namespace

jobs::Result<jobs::Change> Applier::on_tracker(const jobs::Effect& effect, const jobs::Run& run,
                                               const jobs::Repo& repo) {
  RUNNER_ASSIGN(jobs::TrackerWriter * tracker,
                adapter(context_.writers.trackers, context_.readers, "tracker", repo.tracker));
  const jobs::IssueNumber number = effect.issue.number;
  if (effect.kind == jobs::EffectKind::set_labels) {
    RUNNER_TRY(tracker->set_labels(repo, number, effect.add_labels, effect.remove_labels));
  } else if (effect.kind == jobs::EffectKind::upsert_comment) {
    return write_comment(*tracker, effect, run, repo);
  } else {
    RUNNER_TRY(tracker->close(repo, number, effect.text));
  }
  return jobs::Change{};
}

jobs::Result<jobs::Change> Applier::write_comment(jobs::TrackerWriter& tracker,
                                                  const jobs::Effect& effect, const jobs::Run& run,
                                                  const jobs::Repo& repo) {
  std::string known = run.comment;
  if (known.empty()) {
    // The issue has one comment: an earlier run may know it.
    RUNNER_ASSIGN(const std::vector<jobs::Run> runs,
                  context_.readers.store->runs({.live_only = false,
                                                .repo = {},
                                                .issue = effect.issue,
                                                .outcome = {},
                                                .limit = 0,
                                                .texts = false}));
    const auto last =
        std::ranges::find_if(runs, [](const jobs::Run& other) { return !other.comment.empty(); });
    known = last == runs.end() ? std::string() : last->comment;
  }
  const bool over = run.step == jobs::RunStep::ending || run.step == jobs::RunStep::ended;
  RUNNER_ASSIGN(std::string id,
                tracker.upsert_comment(repo, effect.issue.number,
                                       {.marker = effect.target,
                                        .body = effect.text,
                                        .id = std::move(known),
                                        .phase = over ? std::nullopt : std::optional(run.phase)}));
  if (id.empty() || id == run.comment) {
    return jobs::Change{};
  }
  jobs::RunChange change(run, context_.fleet, context_.readers.clock->now());
  change.run().comment = std::move(id);
  return std::move(change).take();
}

jobs::Fence Applier::fence() const {
  return [this]() -> jobs::Status {
    RUNNER_TRY(context_.writers.store->renew_lease(context_.lease, context_.readers.clock->now(),
                                                   context_.fleet.limits.lease_ttl));
    return jobs::ok();
  };
}

jobs::Result<jobs::Change> Applier::on_git(const jobs::Effect& effect, const jobs::Run& run,
                                           const jobs::Repo& repo) {
  jobs::WorkspaceWriter& git = *context_.writers.workspace;
  if (effect.kind == jobs::EffectKind::prepare_worktree) {
    RUNNER_ASSIGN(const jobs::Prepared prepared, git.prepare(repo, run));
    return jobs::after_prepared(run, prepared, context_.fleet, context_.readers.clock->now());
  }
  if (effect.kind == jobs::EffectKind::land) {
    jobs::LandRequest request;
    request.run = run;
    request.at = effect.at;
    request.author_name = context_.fleet.bot;
    if (repo.landing == jobs::LandingMode::pull_request) {
      request.propose = jobs::pull_branch(run);
    }
    request.merged = jobs::Oid(effect.target);
    if (!RUNNER_PLANTED(push_without_fence)) {
      request.still_ours = fence();
    }
    RUNNER_ASSIGN(const jobs::LandResult result, git.land(repo, request));
    const jobs::TimePoint now = context_.readers.clock->now();
    RUNNER_ASSIGN(const jobs::FurtherTurn further,
                  further_turn(*context_.readers.store, context_.fleet, run, now));
    return jobs::after_landing(run, result, pipeline_of(context_.fleet, run), context_.fleet,
                               further, now);
  }
  jobs::RunChange change(run, context_.fleet, context_.readers.clock->now());
  if (effect.kind == jobs::EffectKind::rescue) {
    RUNNER_ASSIGN(const jobs::Oid kept, git.rescue(repo, run));
    change.event("rescue", kept.empty() ? "nothing that the remote does not have"
                                        : fmt::format("{} kept as refs/runner/rescue/{}",
                                                      kept.str().substr(0, 12), run.id.str()));
  } else {
    RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, context_.readers.store->turns(run.id));
    for (const jobs::Turn& turn : turns) {
      RUNNER_TRY(context_.writers.executor->reap(turn.directory));
    }
    RUNNER_TRY(git.release(repo, run));
    change.run().worktree_released = true;
    change.event("worktree-released", run.worktree);
  }
  return std::move(change).take();
}

jobs::Result<jobs::Change> Applier::on_pull(const jobs::Effect& effect, const jobs::Run& run,
                                            const jobs::Repo& repo) {
  RUNNER_ASSIGN(jobs::PullWriter * pulls,
                adapter(context_.writers.pulls, context_.readers, "pulls", repo.tracker));
  RUNNER_TRY(jobs::ask(fence()));
  if (effect.kind == jobs::EffectKind::open_pull) {
    RUNNER_ASSIGN(const jobs::PullFacts pull, pulls->open(repo, {.branch = jobs::pull_branch(run),
                                                                 .head = run.head,
                                                                 .base = repo.base,
                                                                 .title = jobs::pull_title(run),
                                                                 .body = jobs::pull_body(run)}));
    jobs::RunChange change(run, context_.fleet, context_.readers.clock->now());
    change.event("pull-request", fmt::format("#{} {}", pull.number, jobs::one_line(pull.url)));
    return std::move(change).take();
  }
  const std::optional<std::int64_t> number = parse_number(effect.target);
  if (!number) {
    return jobs::fail(jobs::ErrorKind::bug, "the effect names no pull request");
  }
  RUNNER_TRY(pulls->merge(repo, *number, run.head, jobs::merge_message(run, *number)));
  return jobs::Change{};
}

jobs::Result<jobs::PromptText> Applier::prompt_of(const jobs::Repo& repo, const jobs::Stage& stage,
                                                  const jobs::Run& run) {
  if (stage.kind == jobs::StageKind::agent && !repo.prompt_in_repo.empty()) {
    RUNNER_ASSIGN(const std::string path, jobs::prompt_path(repo.prompt_in_repo, stage.name));
    RUNNER_ASSIGN(std::optional<std::string> found,
                  context_.readers.workspace->file_at(repo, run.base, path));
    if (found) {
      return jobs::PromptText{*std::move(found), path};
    }
  }
  return jobs::prompt_text(repo, stage);
}

jobs::Result<jobs::Change> Applier::start_turn(const jobs::Effect& effect, const jobs::Run& run,
                                               const jobs::Repo& repo) {
  RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, context_.readers.store->turns(run.id));
  const auto turn = std::ranges::find(turns, effect.turn, &jobs::Turn::number);
  if (turn == turns.end()) {
    return jobs::fail(jobs::ErrorKind::bug, fmt::format("turn {} is not recorded", effect.turn));
  }
  if (turn->state != jobs::TurnState::planned && !RUNNER_PLANTED(running_turn_started_again)) {
    // Its start was seen since, though the answer to it was lost. A second one finds the directory
    // taken, unless somebody deleted it.
    return jobs::Change{};
  }
  if (run.worktree.empty()) {
    return jobs::fail(jobs::ErrorKind::bug, "the run has no worktree");
  }
  if (turn != turns.begin()) {
    // What the turn before it left, if its supervisor was killed, must not work beside this one.
    RUNNER_TRY(context_.writers.executor->reap(std::prev(turn)->directory));
  }
  const jobs::Pipeline pipeline = pipeline_of(context_.fleet, run);
  RUNNER_ASSIGN(const jobs::PromptText prompt,
                prompt_of(repo, jobs::stage_named(pipeline, turn->stage), run));
  RUNNER_ASSIGN(jobs::TurnSpec spec, jobs::make_turn_spec(context_.fleet, repo, pipeline, run,
                                                          *turn, prompt.text, prompt.where, turns));
  RUNNER_TRY(context_.writers.executor->start(
      spec, RUNNER_PLANTED(start_without_fence) ? jobs::Fence() : fence()));
  return jobs::Change{};
}

jobs::Result<jobs::Change> Applier::stop_turn(const jobs::Effect& effect, const jobs::Run& run) {
  RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, context_.readers.store->turns(run.id));
  for (const jobs::Turn& turn : turns) {
    if (turn.number == effect.turn && turn.state != jobs::TurnState::ended) {
      RUNNER_TRY(context_.writers.executor->stop(turn.directory, effect.text));
    }
  }
  return jobs::Change{};
}

jobs::Result<jobs::Change> Applier::start_ci(const jobs::Run& run, const jobs::Repo& repo) {
  if (repo.ci.empty()) {
    return jobs::Change{};
  }
  RUNNER_ASSIGN(jobs::CiWriter * ci, adapter(context_.writers.ci, context_.readers, "ci", repo.ci));
  const bool asked = run.step == jobs::RunStep::proposed;
  RUNNER_TRY(ci->start(repo, asked ? run.head : run.landed));
  jobs::RunChange change(run, context_.fleet, context_.readers.clock->now());
  if (!asked) {
    change.run().phase = std::max(run.phase, jobs::Phase::ci);
  }
  return std::move(change).take();
}

jobs::Result<jobs::Change> Applier::notify(const jobs::Effect& effect, const jobs::Run& run) {
  RUNNER_ASSIGN(jobs::Notifier * notifier,
                adapter(context_.writers.notifiers, context_.readers, "notify", effect.target));
  jobs::Notification message;
  message.key = effect.key;
  if (RUNNER_PLANTED(notified_without_key)) {
    message.key += fmt::format("@{}", context_.lease.epoch);
  }
  message.repo = effect.issue.repo.str();
  message.issue = effect.issue.number;
  message.run = run.id.str();
  message.outcome = run.outcome ? std::string(to_string(*run.outcome)) : "";
  message.text = effect.text;
  message.at = effect.at;
  RUNNER_TRY(notifier->send(message));
  return jobs::Change{};
}

}  // namespace runner
