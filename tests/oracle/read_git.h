#pragma once

#include <string>

#include "tests/oracle/observation.h"

namespace oracle {

/// The refs of a bare repository and everything that its base branch reaches. Throws
/// std::runtime_error if it cannot be read; a repository that is not there is empty.
[[nodiscard]] RemoteSeen read_remote(const std::string& path, const std::string& base_branch);

/// Names of the refs below refs/runner/rescue/ of every mirror in `state_dir`.
[[nodiscard]] std::vector<std::string> read_rescue_refs(const std::string& state_dir);

}  // namespace oracle
