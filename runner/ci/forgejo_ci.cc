// Forgejo and Gitea: a commit's statuses are what counts, also for their own Actions, which write
// one for each job. The runs are asked beside them, because a status knows no "cancelled" (it says
// failure) and no "needs approval" (it says pending). Sources: Swagger of Forgejo 16; Gitea's
// combined status, which counts warning and skipped as success.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/crash_point.h"
#include "runner/ci/forge_ci.h"
#include "runner/ci/forge_read.h"
#include "runner/ci/forge_words.h"
#include "runner/ci/log_text.h"
#include "runner/forge/fields.h"
#include "runner/forge/pages.h"

namespace runner::ci {

using jobs::CheckState;
using jobs::CiReport;
using jobs::ErrorKind;
using jobs::Oid;
using jobs::Repo;
using jobs::ReportedCheck;
using nlohmann::json;

namespace {

constexpr int kMostPagesOfStatuses = 20;

/// One Actions run, in either dialect.
struct Run {
  std::int64_t id = 0;
  std::string index;  ///< the number in its address
  std::string workflow;
  std::string word;
  CheckState state = CheckState::running;
  std::optional<jobs::TimePoint> at;
};

/// Gitea imitates GitHub (head_sha, conclusion); Forgejo says commit_sha, and the outcome is in
/// `status`.
std::optional<Run> run_of(const json& run, const Oid& commit) {
  const bool forgejo = forge::field(run, "commit_sha") != nullptr;
  if (forge::text(run, forgejo ? "commit_sha" : "head_sha") != commit.str()) {
    return std::nullopt;
  }
  Run out;
  out.id = forge::number(run, "id");
  out.index = std::to_string(forge::number(run, forgejo ? "index_in_repo" : "run_number"));
  out.workflow = forge::text(run, forgejo ? "workflow_id" : "path");
  out.workflow = out.workflow.substr(0, out.workflow.find('@'));
  const std::string conclusion = forgejo ? std::string() : forge::text(run, "conclusion");
  const std::string status = forge::text(run, "status");
  out.word = conclusion.empty() ? status : conclusion;
  out.state = forgejo ? forgejo_run_state(status) : check_run_state(status, conclusion);
  if (forge::flag(run, "need_approval") && out.state == CheckState::running) {
    out.state = CheckState::held;
    out.word = "an approval";
  }
  for (const char* when : {"stopped", "completed_at", "updated", "updated_at", "started",
                           "started_at", "created", "created_at"}) {
    out.at = out.at ? out.at : forge::time(run, when);
  }
  return out;
}

/// Forgejo links the status of a job to ".../actions/runs/INDEX/jobs/N".
const Run* run_behind(const ReportedCheck& status, const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (status.log.find(fmt::format("/actions/runs/{}/", run.index)) != std::string::npos) {
      return &run;
    }
  }
  return nullptr;
}

/// What a status cannot say: `run`, where it is known, or the words beside the status do.
void correct(ReportedCheck& status, const Run* run) {
  if (run != nullptr && run->state == CheckState::held && status.state == CheckState::running) {
    status.state = CheckState::held;
    status.word = run->word;
  }
  // The job may have failed before the others were cancelled; a person sees that, an agent would
  // be sent to mend what nobody found fault with.
  const bool cancelled = (run != nullptr && run->state == CheckState::stopped) ||
                         status.log.starts_with("Has been cancelled");
  if (cancelled && status.state == CheckState::failed) {
    status.state = CheckState::stopped;
    status.word = "cancelled";
  }
}

ReportedCheck run_alone(const Run& run) {
  return {.name = run.workflow,
          .source = "actions",
          .state = run.state,
          .word = run.word,
          .at = run.at,
          .id = run.id,
          .log = fmt::format("run {} ended: {}\n", run.index, run.word)};
}

class ForgejoReader final : public jobs::CiReader {
 public:
  explicit ForgejoReader(ForgeCi parts) : parts_(std::move(parts)) {}

  jobs::Result<CiReport> observe(const Repo& repo, const Oid& commit) override {
    RUNNER_POINT(observe_ci);
    RUNNER_TRY(check_oid(commit));
    const std::string place = parts_.place(repo);
    RUNNER_ASSIGN(Look look, look_at(place, commit));
    if (look.report.verdict == jobs::Verdict::stopped) {
      RUNNER_ASSIGN(const Oid head, containing_head(place, repo.base, commit));
      if (!head.empty()) {
        RUNNER_ASSIGN(look, look_at(place, head));
        speaks_of(look.report, head);
      }
    }
    for (const std::size_t i : worth_a_log(look.report)) {
      look.report.checks[i].log_tail = log_tail(look.checks[i].log);
    }
    return std::move(look.report);
  }

 private:
  jobs::Result<Look> look_at(const std::string& place, const Oid& commit) {
    RUNNER_ASSIGN(const std::vector<json> statuses,
                  forge::numbered_pages(
                      parts_.api, {.path = repo_path(place, {"commits", commit.str(), "status"}),
                                   .key = "statuses",
                                   .most_pages = kMostPagesOfStatuses}));
    // `head_sha` matches whole ids only.
    const auto listed = forge::numbered_pages(
        parts_.api, {.path = repo_path(place, {"actions", "runs"}) + "?head_sha=" + commit.str(),
                     .key = "workflow_runs",
                     .most_pages = kMostPagesOfStatuses});
    // Actions may be off, or closed to this credential: the statuses are there all the same.
    if (!listed && jobs::is_retryable(listed.error().kind)) {
      return listed.error();
    }
    std::vector<Run> runs;
    for (const json& run : listed.value_or(std::vector<json>{})) {
      if (auto one = run_of(run, commit)) {
        runs.push_back(*std::move(one));
      }
    }
    return folded(joined(statuses, runs), jobs::rules_of(parts_.config), parts_.clock.now());
  }

  static std::vector<ReportedCheck> joined(const std::vector<json>& statuses,
                                           const std::vector<Run>& runs) {
    std::vector<ReportedCheck> reported;
    std::vector<const Run*> behind;
    for (const json& status : statuses) {
      reported.push_back(commit_status(status, "status"));
      const Run* run = run_behind(reported.back(), runs);
      correct(reported.back(), run);
      behind.push_back(run);
    }
    for (const Run& run : runs) {
      // One whose jobs have no status yet, or whose end no job's status shows.
      if (std::ranges::find(behind, &run) == behind.end()) {
        reported.push_back(run_alone(run));
      }
    }
    return reported;
  }

  /// The head of the base branch, if it is another commit and contains this one; else empty.
  jobs::Result<Oid> containing_head(const std::string& place, const std::string& base,
                                    const Oid& commit) {
    const auto replies =
        parts_.api.get(std::array{repo_path(place, {"branches", base}),
                                  repo_path(place, {"compare", base + "..." + commit.str()})});
    for (const auto& reply : replies) {
      if (!reply) {
        return reply.error().kind == ErrorKind::not_found ? jobs::Result<Oid>(Oid{})
                                                          : reply.error();
      }
    }
    RUNNER_ASSIGN(const json branch, forge::parsed(*replies.at(0)));
    RUNNER_ASSIGN(const json compared, forge::parsed(*replies.at(1)));
    Oid head(forge::text(branch, "commit.id"));
    const json* missing = forge::field(compared, "total_commits");
    const bool contains = missing != nullptr && *missing == 0 && head != commit && check_oid(head);
    return contains ? head : Oid{};
  }

  ForgeCi parts_;
};

}  // namespace

std::unique_ptr<jobs::CiReader> make_forgejo_reader(ForgeCi parts) {
  return std::make_unique<ForgejoReader>(std::move(parts));
}

}  // namespace runner::ci
