#pragma once

#include <string>
#include <vector>

#include "jobs/base/error.h"
#include "runner/cli/grammar.h"

namespace runner::cli {

/// The usage error for words that `command` does not know, with "did you mean" where something is
/// close. `extras` are the words in the order in which they were written; not empty.
[[nodiscard]] jobs::Error unexpected_words(const CommandInfo& command,
                                           const std::vector<OptionInfo>& global,
                                           const std::vector<std::string>& extras);

/// The usage error for a value that is none of the option's choices.
[[nodiscard]] jobs::Error unknown_choice(const std::string& option, const std::string& value,
                                         const std::vector<std::string>& choices);

}  // namespace runner::cli
