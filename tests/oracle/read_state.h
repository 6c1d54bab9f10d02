#pragma once

#include <string>

#include "tests/oracle/observation.h"

namespace oracle {

/// Adds what the state file says to `seen`. A file with a hot journal is copied to `scratch` first
/// and looked at there, so that looking repairs nothing.
void read_state(const std::string& state_dir, const std::string& scratch, Observation& seen);

}  // namespace oracle
