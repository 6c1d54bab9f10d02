#pragma once

#include <string>
#include <vector>

/// The command line as plain data, taken from the option parser's own declarations, so that help,
/// completion and suggestions cannot say anything else than what is parsed.
namespace runner::cli {

struct OptionInfo {
  std::vector<std::string> names;  ///< "-f", "--follow"; empty for a positional argument
  std::string value;               ///< "DIR"; "" = a flag without a value
  std::string description;
  std::vector<std::string> choices;  ///< empty = anything
  std::string default_value;
  bool required = false;
  bool repeated = false;
};

struct CommandInfo {
  std::string name;
  std::string path;  ///< "runner runs show"
  std::string summary;
  std::vector<OptionInfo> positionals;
  std::vector<OptionInfo> options;
  std::vector<CommandInfo> commands;
  bool needs_command = false;  ///< it does nothing by itself
};

}  // namespace runner::cli
