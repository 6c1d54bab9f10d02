#pragma once

#include "jobs/base/error.h"
#include "runner/cli/command.h"

namespace runner::cli {

/// The one place that words an error for a person or a script: "error: what", "  while ...", "
/// next: ..." on standard error; with --json the object {"schema": 1, "error": ...} on standard
/// output instead. Returns the exit code of its kind.
[[nodiscard]] int report_error(const Globals& global, const jobs::Error& error);

}  // namespace runner::cli
