#pragma once

#include "jobs/base/result.h"
#include "runner/tick/apply.h"
#include "runner/tick/observe.h"

namespace runner {

/// The job janitor: worktrees of ended runs, orphans found by comparing the ledgers, retention.
/// What fails is a problem of its own and does not stop the rest.
[[nodiscard]] jobs::Status janitor_pass(TickContext& context, Observer& observer, Applier& applier);

}  // namespace runner
