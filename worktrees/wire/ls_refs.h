#pragma once

#include <map>
#include <string>
#include <string_view>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"

namespace worktrees::wire {

/// Body of a request for the refs whose names begin with `prefix` (gitprotocol-v2, "ls-refs").
[[nodiscard]] std::string ls_refs_request(const std::string& prefix);

/// Name -> commit of each branch ("main", without "refs/heads/") in the answer. transient: this is
/// no whole answer of a server that speaks version 2, or it says that something is wrong.
[[nodiscard]] jobs::Result<std::map<std::string, jobs::Oid>> read_branches(std::string_view body);

}  // namespace worktrees::wire
