#pragma once

#include "jobs/base/result.h"
#include "runner/tick/apply.h"

namespace runner {

/// Carries out what people asked for with `runner runs release`, and drops requests that have
/// nothing left to do. A request to cancel a live run stays until the job watch has seen it.
[[nodiscard]] jobs::Status carry_out_requests(TickContext& context);

}  // namespace runner
