#pragma once

#include <functional>

#include "jobs/base/result.h"

namespace jobs {

/// Asked by an adapter right before it does what nobody can refuse or take back, after whatever may
/// have taken long: does the caller still hold the lease? An error ends the call with it, and
/// nothing was done. Empty where no lease is needed.
using Fence = std::function<Status()>;

[[nodiscard]] inline Status ask(const Fence& still_ours) {
  return still_ours ? still_ours() : ok();
}

}  // namespace jobs
