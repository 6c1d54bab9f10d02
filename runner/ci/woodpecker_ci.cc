// Woodpecker: repositories are addressed by a number, there is no filter for commits, pages hold at
// most 50, and one commit may have several pipelines. Source: Swagger of Woodpecker 3.
#include <algorithm>
#include <array>
#include <map>
#include <mutex>

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

using jobs::CheckState;
using jobs::CiReport;
using jobs::ErrorKind;
using jobs::Oid;
using jobs::Repo;
using jobs::ReportedCheck;
using nlohmann::json;

namespace {

/// A larger page is cut to this without a word.
constexpr std::size_t kPage = 50;
/// A commit whose pipelines lie further back counts as not reported.
constexpr int kMostPagesOfPipelines = 4;

/// A pipeline of another branch says nothing about what is on the base; tags, releases and
/// deployments name no branch of their own.
bool is_about(const json& pipeline, const Oid& commit, const std::string& base,
              const std::vector<std::string>& events) {
  const std::string event = forge::text(pipeline, "event");
  const bool of_branch = event == "push" || event == "cron" || event == "manual";
  return forge::text(pipeline, "commit") == commit.str() &&
         std::ranges::find(events, event) != events.end() &&
         (!of_branch || forge::text(pipeline, "branch") == base);
}

/// Numbers to ask for, by event: a restart has a greater number than what it restarts.
using Newest = std::map<std::string, std::int64_t>;

std::optional<jobs::TimePoint> when(const json& object) {
  for (const char* key : {"finished", "started", "created"}) {
    if (const auto at = forge::unix_time(object, key)) {
      return at;
    }
  }
  return std::nullopt;
}

/// "number:step": the first failed step of a workflow, or nothing.
std::string failed_step(const json& workflow, std::int64_t number) {
  const json* steps = forge::field(workflow, "children");
  if (steps == nullptr || !steps->is_array()) {
    return {};
  }
  for (const json& step : *steps) {
    if (woodpecker_state(forge::text(step, "state")) == CheckState::failed) {
      return fmt::format("{}:{}", number, forge::number(step, "id"));
    }
  }
  return {};
}

/// What a pipeline as a whole says, with what it has to say in words.
ReportedCheck whole(const json& pipeline, const std::string& event) {
  ReportedCheck out{.name = event,
                    .source = "pipeline",
                    .state = woodpecker_state(forge::text(pipeline, "status")),
                    .word = forge::text(pipeline, "status"),
                    .at = when(pipeline),
                    .id = forge::number(pipeline, "number"),
                    .log = {}};
  if (const std::int64_t by = forge::number(pipeline, "cancel_info.superseded_by"); by > 0) {
    out.word += fmt::format(" by the newer pipeline {}", by);
  }
  return out;
}

void add_workflows(const json& pipeline, const std::string& event,
                   std::vector<ReportedCheck>& reported) {
  const std::int64_t number = forge::number(pipeline, "number");
  const ReportedCheck all = whole(pipeline, event);
  bool shown = false;
  if (const json* workflows = forge::field(pipeline, "workflows");
      workflows != nullptr && workflows->is_array()) {
    for (const json& workflow : *workflows) {
      ReportedCheck one{.name = forge::text(workflow, "name"),
                        .source = event,
                        .state = woodpecker_state(forge::text(workflow, "state")),
                        .word = forge::text(workflow, "state"),
                        .at = when(workflow),
                        .id = number,
                        .log = {}};
      one.at = one.at ? one.at : all.at;
      if (one.state == CheckState::failed) {
        one.log = failed_step(workflow, number);
      }
      shown = shown || one.state == all.state;
      reported.push_back(std::move(one));
    }
  }
  // A pipeline that is blocked, declined or whose configuration is broken has no workflows that
  // would say so; whatever it says that none of them does is said here.
  if (!shown) {
    reported.push_back(all);
  }
}

std::string errors_of(const json& pipeline) {
  std::string out;
  if (const json* errors = forge::field(pipeline, "errors");
      errors != nullptr && errors->is_array()) {
    for (const json& error : *errors) {
      out += forge::text(error, "message") + "\n";
    }
  }
  return out;
}

std::string lines_of(const std::vector<json>& entries) {
  std::string out;
  for (const json& entry : entries) {
    out += from_base64(forge::text(entry, "data")).value_or("") + "\n";
  }
  return out;
}

class WoodpeckerReader final : public jobs::CiReader {
 public:
  explicit WoodpeckerReader(ForgeCi parts) : parts_(std::move(parts)) {}

  jobs::Result<CiReport> observe(const Repo& repo, const Oid& commit) override {
    RUNNER_POINT(observe_ci);
    RUNNER_TRY(check_oid(commit));
    const std::string place = parts_.place(repo);
    RUNNER_ASSIGN(std::int64_t id, repo_id(place));
    auto found = newest_of(id, repo, commit);
    if (!found && found.error().kind == ErrorKind::not_found && forget(place)) {
      // It was activated anew since, and has another number now.
      RUNNER_ASSIGN(id, repo_id(place));
      found = newest_of(id, repo, commit);
    }
    RUNNER_ASSIGN(const Newest newest, std::move(found));
    return report(id, newest);
  }

 private:
  jobs::Result<CiReport> report(std::int64_t id, const Newest& newest) {
    std::vector<ReportedCheck> reported;
    for (const auto& [event, number] : newest) {
      RUNNER_ASSIGN(const forge::Reply reply,
                    parts_.api.get(fmt::format("/repos/{}/pipelines/{}", id, number)));
      RUNNER_ASSIGN(const json pipeline, forge::parsed(reply));
      add_workflows(pipeline, event, reported);
      if (reported.back().source == "pipeline") {
        reported.back().log = errors_of(pipeline);
      }
    }
    Look look = folded(std::move(reported), jobs::rules_of(parts_.config), parts_.clock.now());
    add_logs(id, look);
    return std::move(look.report);
  }

  /// Looked up by name, once for each object, which lives for one tick.
  jobs::Result<std::int64_t> repo_id(const std::string& place) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = ids_.find(place); known != ids_.end()) {
        return known->second;
      }
    }
    std::vector<std::string_view> parts{"repos", "lookup"};
    for (std::string_view rest = place; !rest.empty();) {
      parts.push_back(rest.substr(0, rest.find('/')));
      rest.remove_prefix(std::min(rest.size(), parts.back().size() + 1));
    }
    const auto reply = parts_.api.get(forge::path_of(parts));
    if (!reply) {
      return reply.error().kind == ErrorKind::not_found
                 ? jobs::fail(
                       ErrorKind::not_found,
                       fmt::format("Woodpecker knows no repository {}", jobs::one_line(place)),
                       "activate it in Woodpecker, with an account that [ci." + parts_.config.name +
                           "]'s token belongs to or may see")
                 : reply.error();
    }
    RUNNER_ASSIGN(const json found, forge::parsed(*reply));
    const std::int64_t id = forge::number(found, "id");
    if (id <= 0) {
      return jobs::fail(ErrorKind::transient,
                        fmt::format("Woodpecker gave no number for {}", jobs::one_line(place)));
    }
    const std::lock_guard lock(mutex_);
    ids_[place] = id;
    return id;
  }

  bool forget(const std::string& place) {
    const std::lock_guard lock(mutex_);
    return ids_.erase(place) > 0;
  }

  jobs::Result<Newest> newest_of(std::int64_t id, const Repo& repo, const Oid& commit) {
    const std::vector<std::string>& events = parts_.config.events;
    Newest newest;
    for (int page = 1; page <= kMostPagesOfPipelines; ++page) {
      RUNNER_ASSIGN(
          const forge::Reply reply,
          parts_.api.get(fmt::format("/repos/{}/pipelines?page={}&perPage={}", id, page, kPage)));
      RUNNER_ASSIGN(const std::vector<json> pipelines, forge::elements(reply, ""));
      for (const json& pipeline : pipelines) {
        if (is_about(pipeline, commit, repo.base, events)) {
          std::int64_t& number = newest[forge::text(pipeline, "event")];
          number = std::max(number, forge::number(pipeline, "number"));
        }
      }
      // Newest first: behind a page that brought one for each event lie only older ones.
      if (pipelines.size() < kPage || newest.size() == events.size()) {
        break;
      }
    }
    return newest;
  }

  void add_logs(std::int64_t id, Look& look) {
    std::vector<std::size_t> asked;
    std::vector<std::string> paths;
    for (const std::size_t i : worth_a_log(look.report)) {
      const ReportedCheck& check = look.checks[i];
      if (check.source == "pipeline" || check.log.empty()) {
        look.report.checks[i].log_tail = log_tail(check.log);
        continue;
      }
      const std::size_t colon = check.log.find(':');
      asked.push_back(i);
      paths.push_back(fmt::format("/repos/{}/logs/{}/{}", id, check.log.substr(0, colon),
                                  check.log.substr(colon + 1)));
    }
    const auto replies = parts_.api.get(paths);
    for (std::size_t at = 0; at < asked.size(); ++at) {
      const auto lines = replies[at] ? forge::elements(*replies[at], "") : replies[at].error();
      look.report.checks[asked[at]].log_tail =
          log_tail(lines ? lines_of(*lines)
                         : fmt::format("[its log could not be read: {}]", lines.error().message));
    }
  }

  ForgeCi parts_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> ids_;
};

}  // namespace

std::unique_ptr<jobs::CiReader> make_woodpecker_reader(ForgeCi parts) {
  return std::make_unique<WoodpeckerReader>(std::move(parts));
}

}  // namespace runner::ci
