// GitHub: check runs and commit statuses are two systems that know nothing of each other, and a
// commit may have either or both. Sources: GitHub REST, "Check runs", "Check suites", "Commit
// statuses", "Workflow runs", "Compare two commits".
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "runner/ci/forge_ci.h"
#include "runner/ci/forge_read.h"
#include "runner/ci/forge_words.h"
#include "runner/ci/log_text.h"
#include "runner/forge/fields.h"

namespace runner::ci {

using jobs::CiReport;
using jobs::ErrorKind;
using jobs::Oid;
using jobs::Repo;
using jobs::ReportedCheck;
using nlohmann::json;

namespace {

constexpr std::string_view kActions = "github-actions";

/// Suite -> the workflow that it is a run of. Two workflows may have jobs of one name.
std::map<std::int64_t, std::string> workflows_of(const std::vector<json>& runs) {
  std::map<std::int64_t, std::string> found;
  for (const json& run : runs) {
    found[forge::number(run, "check_suite_id")] = forge::text(run, "path");
  }
  return found;
}

ReportedCheck check_run(const json& run, const std::map<std::int64_t, std::string>& workflows) {
  const std::int64_t suite = forge::number(run, "check_suite.id");
  const auto workflow = workflows.find(suite);
  ReportedCheck out;
  out.name = forge::text(run, "name");
  // A run again stays in its suite. Where the workflow is not known the suite stands for it.
  out.source = fmt::format("{} {}", forge::text(run, "app.slug"),
                           workflow == workflows.end() ? std::to_string(suite) : workflow->second);
  out.state = check_run_state(forge::text(run, "status"), forge::text(run, "conclusion"));
  const std::string conclusion = forge::text(run, "conclusion");
  out.word = conclusion.empty() ? forge::text(run, "status") : conclusion;
  out.at = forge::time(run, "completed_at");
  if (!out.at) {
    out.at = forge::time(run, "started_at");
  }
  out.id = forge::number(run, "id");
  for (const char* part : {"output.title", "output.summary", "output.text"}) {
    if (const std::string said = forge::text(run, part); !said.empty()) {
      out.log += said + "\n";
    }
  }
  return out;
}

/// A suite that was announced and has not ended. GitHub makes one for every installed App that may
/// write checks, and those of Apps that have no business with the commit stay queued for ever.
bool is_awaited(const json& suite) {
  return forge::text(suite, "status") != "completed" &&
         (forge::text(suite, "app.slug") == kActions ||
          forge::number(suite, "latest_check_runs_count") > 0);
}

std::string annotations(const std::vector<json>& list) {
  std::string out;
  for (const json& one : list) {
    out +=
        fmt::format("{}:{}: {}: {}\n", forge::text(one, "path"), forge::number(one, "start_line"),
                    forge::text(one, "annotation_level"), forge::text(one, "message"));
  }
  return out;
}

class ChecksReader final : public jobs::CiReader {
 public:
  explicit ChecksReader(ForgeCi parts) : parts_(std::move(parts)) {}

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
    add_logs(place, look);
    return std::move(look.report);
  }

 private:
  jobs::Result<Look> look_at(const std::string& place, const Oid& commit) {
    const std::string page = forge::query_of(
        std::array{std::pair<std::string_view, std::string_view>{"per_page", "100"}});
    const auto below = [&](std::string_view what) {
      return repo_path(place, {"commits", commit.str(), what}) + page;
    };
    const std::array paths{
        below("check-runs"), below("status"), below("check-suites"),
        repo_path(place, {"actions", "runs"}) +
            forge::query_of(
                std::array{std::pair<std::string_view, std::string_view>{"head_sha", commit.str()},
                           std::pair<std::string_view, std::string_view>{"per_page", "100"}})};
    auto replies = parts_.api.get(paths);
    RUNNER_ASSIGN(const auto runs,
                  all_elements(parts_.api, std::move(replies.at(0)), "check_runs"));
    RUNNER_ASSIGN(const auto statuses,
                  all_elements(parts_.api, std::move(replies.at(1)), "statuses"));
    RUNNER_ASSIGN(const auto suites,
                  all_elements(parts_.api, std::move(replies.at(2)), "check_suites"));
    // Which workflow a suite belongs to is good to know; a credential without that permission, or a
    // repository without Actions, still has checks.
    const auto workflow_runs = all_elements(parts_.api, std::move(replies.at(3)), "workflow_runs");
    if (!workflow_runs && jobs::is_retryable(workflow_runs.error().kind)) {
      return workflow_runs.error();
    }
    const auto workflows = workflows_of(workflow_runs.value_or(std::vector<json>{}));
    std::vector<ReportedCheck> reported;
    for (const json& run : runs) {
      reported.push_back(check_run(run, workflows));
    }
    for (const json& status : statuses) {
      reported.push_back(commit_status(status, "state"));
    }
    jobs::CheckRules rules = jobs::rules_of(parts_.config);
    rules.queued = static_cast<int>(std::ranges::count_if(suites, is_awaited));
    return folded(std::move(reported), rules, parts_.clock.now());
  }

  /// The head of the base branch, if it is another commit and contains this one; else empty.
  jobs::Result<Oid> containing_head(const std::string& place, const std::string& base,
                                    const Oid& commit) {
    const auto reply =
        parts_.api.get(repo_path(place, {"compare", base + "..." + commit.str()}) + "?per_page=1");
    if (!reply) {
      return reply.error().kind == ErrorKind::not_found ? jobs::Result<Oid>(Oid{}) : reply.error();
    }
    RUNNER_ASSIGN(const json compared, forge::parsed(*reply));
    Oid head(forge::text(compared, "base_commit.sha"));
    // "behind": the base has everything that the commit has, and more.
    const bool contains = forge::text(compared, "status") == "behind" && check_oid(head);
    return contains ? head : Oid{};
  }

  void add_logs(const std::string& place, Look& look) {
    std::vector<std::size_t> asked;
    std::vector<std::string> paths;
    for (const std::size_t i : worth_a_log(look.report)) {
      look.report.checks[i].log_tail = log_tail(look.checks[i].log);
      if (look.checks[i].source != kCommitStatus) {
        asked.push_back(i);
        paths.push_back(
            repo_path(place, {"check-runs", std::to_string(look.checks[i].id), "annotations"}) +
            "?per_page=50");
      }
    }
    const auto replies = parts_.api.get(paths);
    for (std::size_t at = 0; at < asked.size(); ++at) {
      const std::size_t i = asked[at];
      const auto list = replies[at] ? forge::elements(*replies[at], "") : replies[at].error();
      look.report.checks[i].log_tail = log_tail(
          look.checks[i].log +
          (list ? annotations(*list)
                : fmt::format("[its annotations could not be read: {}]", list.error().message)));
    }
  }

  ForgeCi parts_;
};

}  // namespace

std::unique_ptr<jobs::CiReader> make_checks_reader(ForgeCi parts) {
  return std::make_unique<ChecksReader>(std::move(parts));
}

}  // namespace runner::ci
