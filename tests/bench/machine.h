#pragma once

#include <string>

namespace bench {

/// All that a published number says about the machine: cores, the file system of `folder`, the
/// kernel, git, and what else was at work before.
[[nodiscard]] std::string machine(const std::string& folder);

}  // namespace bench
