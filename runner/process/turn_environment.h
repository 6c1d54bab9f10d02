#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "jobs/model/turn.h"
#include "runner/process/redactor.h"
#include "runner/process/turn_files.h"

namespace runner::process {

/// A variable's value in the runner's own environment.
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// The runner's real environment.
[[nodiscard]] Lookup process_environment();

/// The whole environment of the agent: what the supervisor sets, spec.env, and the passed
/// variables; nothing else. HOME, TMPDIR, PATH and LANG may be replaced by the spec; the RUNNER_
/// names may not.
[[nodiscard]] std::map<std::string, std::string> agent_environment(const jobs::TurnSpec& spec,
                                                                   const TurnPaths& paths,
                                                                   const Lookup& lookup);

/// Knows the values of spec.redact_env, and of passed and plain variables whose names look secret.
[[nodiscard]] Redactor make_redactor(const jobs::TurnSpec& spec, const Lookup& lookup);

}  // namespace runner::process
