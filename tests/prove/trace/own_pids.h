#pragma once

#include <functional>

namespace prove::trace {

/// Runs a whole harness among pids of its own, if this machine lets it (root does). A tick looks at
/// every process of the machine, more than once, and looks longer while others start processes:
/// here it sees only those of the harness. Besides, nothing that a case leaves running outlives the
/// harness, whatever ends it.
[[nodiscard]] int among_own_pids(const std::function<int()>& harness);

}  // namespace prove::trace
