#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "runner/cli/grammar.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// What the option parser is told, read back from it as plain data.
namespace runner::cli {

/// What the parser itself does not keep about its options and commands.
struct ParserNotes {
  std::vector<CLI::Option*> globals;
  std::map<const CLI::Option*, std::vector<std::string>> choices;
  std::map<const CLI::Option*, std::string> defaults;
  std::set<const CLI::App*> need_command;  ///< commands that only hold others
};

/// "runner runs show"
[[nodiscard]] std::string path_of(const CLI::App& app);
[[nodiscard]] CommandInfo describe(const CLI::App& app, const ParserNotes& notes);
[[nodiscard]] std::vector<OptionInfo> describe_globals(const ParserNotes& notes);

/// usage: an option of this command was given a value that is none of its choices.
[[nodiscard]] jobs::Status check_choices(const CLI::App& app, const ParserNotes& notes);
/// The usage error for the first argument that is missing.
[[nodiscard]] jobs::Error missing_argument(const CLI::App& app, const ParserNotes& notes);

}  // namespace runner::cli
