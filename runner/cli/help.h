#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"
#include "runner/cli/grammar.h"

namespace runner::cli {

/// What a person reads after `--help`: usage, what the command is for, its arguments and options,
/// an example. `global` are the options of the program itself.
[[nodiscard]] std::string render_help(const CommandInfo& command,
                                      const std::vector<OptionInfo>& global);

/// The command that these words lead to from `root`. usage: a word that is no command, with a
/// suggestion.
[[nodiscard]] jobs::Result<CommandInfo> find_command(const CommandInfo& root,
                                                     const std::vector<std::string>& words);

/// The prose of one command.
struct HelpText {
  std::string_view path;     ///< "runner runs show"
  std::string_view text;     ///< what it does and what to know; lines of at most 78 characters
  std::string_view example;  ///< lines, each a command or what it answers
};
/// Empty text for an unknown path.
[[nodiscard]] HelpText help_text(std::string_view path);

}  // namespace runner::cli
