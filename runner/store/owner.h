#pragma once

#include <string>

namespace runner::store {

/// Who this process is, for a lease: "host:pid:start-time:boot-id:pid-namespace". Unique over
/// reboots and reuse of pids.
[[nodiscard]] std::string this_owner();

/// True only if `owner` was made by this_owner in this very pid namespace of this very boot and
/// that process is gone. Anything else (another host, another container, text that is not an owner)
/// is unknown, and unknown counts as alive.
[[nodiscard]] bool owner_is_dead(const std::string& owner);

}  // namespace runner::store
