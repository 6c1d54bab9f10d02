#pragma once

#include "manifests/read.h"

namespace manifests {

/// What no single table can know: names that name nothing, repositories that share what they must
/// not, stages without a command. Also fills in a repository's only possible tracker and agent.
void validate(Reading& reading, const Tables& tables, jobs::Fleet& fleet);

/// A part of validate: repositories that have the same name, remote or issues.
void report_twins(Reading& reading, const Tables& tables, const jobs::Fleet& fleet);

}  // namespace manifests
