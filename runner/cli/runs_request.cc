#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "runner/cli/commands.h"
#include "runner/cli/describe.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_model.h"
#include "runner/cli/screen.h"
#include "runner/cli/state.h"

/// `runs cancel` and `runs release`: both leave a request for the next tick, because only a tick
/// holds the lease.
namespace runner::cli {

namespace {

struct Asked {
  jobs::Run run;
  jobs::Request request;
  std::vector<jobs::Brake> lifted;
};

bool concerns(const jobs::Brake& brake, const jobs::Run& run,
              const std::vector<jobs::Turn>& turns) {
  return brake.scope == "issue:" + run.issue.str() ||
         brake.scope == "repo:" + run.issue.repo.str() ||
         std::ranges::any_of(turns, [&](const jobs::Turn& turn) {
           return !turn.agent.empty() && brake.scope == "agent:" + turn.agent;
         });
}

/// Nothing is opened for writing until the request is known to make sense.
jobs::Result<Asked> ask(const RequestCommand& command, jobs::RequestKind kind) {
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(command.global));
  Asked asked;
  {
    RUNNER_ASSIGN(const auto reader, open_reader(fleet));
    RUNNER_ASSIGN(asked.run, reader->run(command.run));
    RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, reader->turns(asked.run.id));
    RUNNER_ASSIGN(const std::vector<jobs::Brake> brakes, reader->brakes(/*in_force_only=*/true));
    for (const jobs::Brake& brake : brakes) {
      if (kind == jobs::RequestKind::release && concerns(brake, asked.run, turns)) {
        asked.lifted.push_back(brake);
      }
    }
  }
  if (kind == jobs::RequestKind::cancel && asked.run.outcome) {
    return jobs::fail(jobs::ErrorKind::conflict,
                      fmt::format("run {} has ended already: {}", asked.run.id.str(),
                                  jobs::to_string(*asked.run.outcome)),
                      "only a live run can be cancelled: `runner runs --live`");
  }
  if (kind == jobs::RequestKind::release && !asked.run.outcome && asked.lifted.empty()) {
    return jobs::fail(
        jobs::ErrorKind::conflict,
        fmt::format("run {} is live and no brake holds it: there is nothing to release",
                    asked.run.id.str()),
        "`runner runs cancel` ends a live run");
  }
  const std::string by = user_name();
  asked.request = {.run = asked.run.id,
                   .kind = kind,
                   .by = by,
                   .why = jobs::one_line(command.why, kWhyBytes),
                   .at = present()};
  RUNNER_ASSIGN(const auto store, open_writer(fleet));
  RUNNER_POINT(person_before_request);
  RUNNER_TRY(store->add_request(asked.request));
  RUNNER_POINT(person_after_request);
  if (!asked.lifted.empty()) {
    std::vector<std::int64_t> ids;
    for (const jobs::Brake& brake : asked.lifted) {
      ids.push_back(brake.id);
    }
    RUNNER_TRY(store->clear_brakes(ids, by, asked.request.at));
  }
  return asked;
}

int answer(const RequestCommand& command, const Asked& asked, const std::string& sentence) {
  if (command.global.json) {
    Json request = Json::object();
    request.set("run", asked.run.id.str()).set("kind", jobs::to_string(asked.request.kind));
    request.set("by", asked.request.by).set("why", text_or_null(asked.request.why));
    request.set("at", to_json(asked.request.at));
    print_json(
        json_root().set("request", request).set("brakes_lifted", to_json_array(asked.lifted)));
    return 0;
  }
  for (const jobs::Brake& brake : asked.lifted) {
    put(fmt::format("lifted the brake on {}: {}\n", jobs::one_line(brake.scope),
                    jobs::one_line(brake.reason)));
  }
  put(sentence + "\n");
  return 0;
}

}  // namespace

int run_runs_cancel(const RequestCommand& command) {
  const auto asked = ask(command, jobs::RequestKind::cancel);
  if (!asked) {
    return report_error(command.global, asked.error());
  }
  return answer(command, *asked,
                fmt::format("asked to cancel {} ({}): the next tick carries it out",
                            asked->run.id.str(), asked->run.issue.str()));
}

int run_runs_release(const RequestCommand& command) {
  const auto asked = ask(command, jobs::RequestKind::release);
  if (!asked) {
    return report_error(command.global, asked.error());
  }
  return answer(command, *asked,
                fmt::format("asked to release {} ({}): the next tick carries it out; then set the "
                            "ready label to start it again",
                            asked->run.id.str(), asked->run.issue.str()));
}

}  // namespace runner::cli
