#pragma once

namespace runner::process {

/// In a network namespace of our own, where nothing else is: switches its loopback on, so that
/// programs in it can talk to one another. It has nothing in common with the host's.
[[nodiscard]] bool bring_loopback_up();

}  // namespace runner::process
