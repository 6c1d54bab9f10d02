#include "runner/tick/tick_start.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "jobs/model/run_id.h"

namespace runner {

namespace {

const std::vector<jobs::TickJob> kAllJobs = {jobs::TickJob::watch, jobs::TickJob::fix_forward,
                                             jobs::TickJob::poll, jobs::TickJob::janitor};

std::vector<jobs::TickJob> wanted_jobs(const TickOptions& options) {
  if (options.jobs.empty()) {
    return kAllJobs;
  }
  std::vector<jobs::TickJob> in_order;
  for (const jobs::TickJob job : kAllJobs) {
    if (std::ranges::find(options.jobs, job) != options.jobs.end()) {
      in_order.push_back(job);
    }
  }
  return in_order;
}

}  // namespace

jobs::TickRow new_row(const jobs::ReaderPorts& readers, const TickOptions& options) {
  jobs::TickRow row;
  row.started_at = readers.clock->now();
  row.id = jobs::make_tick_id(row.started_at, {readers.clock->random(), readers.clock->random()});
  row.jobs = wanted_jobs(options);
  row.host = options.host;
  row.version = options.version;
  return row;
}

jobs::Result<bool> is_paused(const jobs::ReaderPorts& readers, TickReport& report) {
  RUNNER_ASSIGN(const std::optional<jobs::Pause> pause, readers.store->pause());
  if (pause) {
    report.kill_switch = true;
    report.kill_switch_detail =
        fmt::format("paused by {}{}", pause->by, pause->why.empty() ? "" : ": " + pause->why);
  }
  return pause.has_value();
}

void end_with(TickReport& report, jobs::Error error) {
  report.exit_code = jobs::exit_code(error.kind);
  report.fatal = std::move(error);
}

}  // namespace runner
