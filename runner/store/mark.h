#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace runner::store {

/// How many steps the state of a folder has seen, written into the lock file after each step that
/// changed something: a witness that does not lie in the state itself. A state that knows of fewer
/// steps is an older copy, or the disk has lost steps that were reported as written. Never ahead of
/// the state: it is written when the step is durable. Losing it weakens nothing but this.
using StepMark = std::optional<std::int64_t>;

/// Nothing if there is no mark, or none that can be read.
[[nodiscard]] StepMark read_mark(const std::string& lock_path);
[[nodiscard]] StepMark read_mark(int fd);
/// Not synced and never an error: the step itself is written already.
void write_mark(int fd, std::int64_t steps);

/// True if the file holds something that is no mark.
[[nodiscard]] bool has_damaged_mark(const std::string& lock_path);

}  // namespace runner::store
