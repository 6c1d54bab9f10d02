#pragma once

#include <string>

#include "tests/oracle/observation.h"

namespace oracle {

/// Adds every issue below the local tracker's folder, with its comments: state, labels and texts as
/// a person with an editor sees them.
void read_issues(const std::string& folder, Observation& seen);

}  // namespace oracle
