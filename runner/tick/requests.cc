#include "runner/tick/requests.h"

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/pipelines/run_change.h"

namespace runner {

namespace {

jobs::Change released(const jobs::Run& run, const jobs::Request& request, const jobs::Fleet& fleet,
                      jobs::TimePoint now) {
  jobs::RunChange change(run, fleet, now);
  if (run.live()) {
    change.run().not_before = now;  // a waiting run tries again at once
  } else {
    change.run().released = true;
  }
  change.event("released",
               fmt::format("by {}{}", request.by, request.why.empty() ? "" : ": " + request.why));
  return std::move(change).take();
}

}  // namespace

jobs::Status carry_out_requests(TickContext& context) {
  RUNNER_ASSIGN(const std::vector<jobs::Request> requests, context.readers.store->requests());
  for (const jobs::Request& request : requests) {
    jobs::Change change;
    const auto run = context.readers.store->run(request.run.str());
    if (run) {
      const bool ending = run->step == jobs::RunStep::ending || run->step == jobs::RunStep::ended;
      if (request.kind == jobs::RequestKind::cancel && !ending) {
        continue;
      }
      if (request.kind == jobs::RequestKind::release) {
        change = released(*run, request, context.fleet, context.readers.clock->now());
      }
    } else if (run.error().kind != jobs::ErrorKind::not_found) {
      return run.error();
    }
    change.requests_done.push_back(request);
    RUNNER_POINT(request_before_record);
    RUNNER_TRY(context.writers.store->commit(context.lease, context.tick, change));
    RUNNER_POINT(request_after_record);
  }
  return jobs::ok();
}

}  // namespace runner
