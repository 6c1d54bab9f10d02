#include "runner/cli/help.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runner/cli/suggest.h"

namespace runner::cli {

namespace {

constexpr std::size_t kLine = 80;
constexpr std::size_t kLeft = 26;

std::string usage_of_positional(const OptionInfo& positional) {
  const std::string name = positional.value + (positional.repeated ? "..." : "");
  return positional.required ? name : "[" + name + "]";
}

std::string usage(const CommandInfo& command) {
  std::string line = "Usage: " + command.path;
  if (!command.options.empty()) {
    line += " [OPTIONS]";
  }
  for (const OptionInfo& positional : command.positionals) {
    line += " " + usage_of_positional(positional);
  }
  if (!command.commands.empty()) {
    line += command.needs_command ? " COMMAND" : " [COMMAND]";
  }
  return line + "\n";
}

std::string left_of(const OptionInfo& option) {
  if (option.names.empty()) {
    return option.value;
  }
  std::string left;
  for (const std::string& name : option.names) {
    left += (left.empty() ? "" : ", ") + name;
  }
  return option.value.empty() ? left : left + " " + option.value;
}

std::string right_of(const OptionInfo& option) {
  std::string right = option.description;
  if (!option.choices.empty()) {
    right += fmt::format(" ({})", fmt::join(option.choices, ", "));
  }
  if (!option.default_value.empty()) {
    right += fmt::format(" [default: {}]", option.default_value);
  }
  return right;
}

/// `left` in its column and the words of `right` beside it, wrapped.
std::string row(const std::string& left, const std::string& right) {
  std::string out = "  " + left;
  std::size_t column = out.size();
  if (column + 2 > kLeft) {
    out += "\n";
    column = 0;
  }
  out += std::string(kLeft - column, ' ');
  column = kLeft;
  std::istringstream words(right);
  std::string word;
  bool first = true;
  while (words >> word) {
    if (!first && column + 1 + word.size() > kLine) {
      out += "\n" + std::string(kLeft, ' ');
      column = kLeft;
      first = true;
    }
    out += (first ? "" : " ") + word;
    column += word.size() + (first ? 0 : 1);
    first = false;
  }
  return out + "\n";
}

std::string section(const std::string& title, const std::vector<OptionInfo>& options) {
  if (options.empty()) {
    return {};
  }
  std::string out = "\n" + title + ":\n";
  for (const OptionInfo& option : options) {
    out += row(left_of(option), right_of(option));
  }
  return out;
}

}  // namespace

std::string render_help(const CommandInfo& command, const std::vector<OptionInfo>& global) {
  const HelpText text = help_text(command.path);
  std::string out = command.summary + "\n\n" + usage(command);
  if (!text.text.empty()) {
    out += "\n" + std::string(text.text) + "\n";
  }
  if (!command.commands.empty()) {
    out += "\nCommands:\n";
    for (const CommandInfo& child : command.commands) {
      out += row(child.name, child.summary);
    }
  }
  out += section("Arguments", command.positionals);
  out += section("Options", command.options);
  out += section("Options of every command", global);
  if (!text.example.empty()) {
    out += "\nExample:\n";
    std::istringstream lines{std::string(text.example)};
    for (std::string line; std::getline(lines, line);) {
      out += line.empty() ? "\n" : "  " + line + "\n";
    }
  }
  return out;
}

jobs::Result<CommandInfo> find_command(const CommandInfo& root,
                                       const std::vector<std::string>& words) {
  const CommandInfo* found = &root;
  for (const std::string& word : words) {
    const auto child = std::find_if(found->commands.begin(), found->commands.end(),
                                    [&](const CommandInfo& known) { return known.name == word; });
    if (child == found->commands.end()) {
      return unexpected_words(*found, {}, {word});
    }
    found = &*child;
  }
  return *found;
}

}  // namespace runner::cli
