#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"
#include "runner/cli/grammar.h"

namespace runner::cli {

/// A completion script for "bash", "zsh" or "fish"; `global` are the options of every command.
/// usage: another shell.
[[nodiscard]] jobs::Result<std::string> render_completion(std::string_view shell,
                                                          const CommandInfo& root,
                                                          const std::vector<OptionInfo>& global);

}  // namespace runner::cli
