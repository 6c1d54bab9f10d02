#include "runner/cli/suggest.h"

#include <utility>

#include <fmt/format.h>

#include "jobs/base/result.h"
#include "jobs/base/text.h"

namespace runner::cli {

namespace {

std::string hint(const std::string& nearest, const CommandInfo& command) {
  if (!nearest.empty()) {
    return fmt::format("did you mean `{}`?", nearest);
  }
  return fmt::format("`{} --help` shows what there is", command.path);
}

}  // namespace

jobs::Error unexpected_words(const CommandInfo& command, const std::vector<OptionInfo>& global,
                             const std::vector<std::string>& extras) {
  for (const std::string& word : extras) {
    if (word.size() < 2 || word.front() != '-') {
      continue;
    }
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> known;
    for (const std::vector<OptionInfo>* options : {&command.options, &global}) {
      for (const OptionInfo& option : *options) {
        known.insert(known.end(), option.names.begin(), option.names.end());
      }
    }
    return jobs::fail(jobs::ErrorKind::usage,
                      fmt::format("`{}` has no option `{}`", command.path, jobs::one_line(name)),
                      hint(name.starts_with("--") ? jobs::did_you_mean(name, known) : "", command));
  }
  const std::string word = jobs::one_line(extras.front());
  if (command.commands.empty()) {
    return jobs::fail(jobs::ErrorKind::usage,
                      fmt::format("`{}` does not take the argument `{}`", command.path, word),
                      hint("", command));
  }
  std::vector<std::string> known;
  known.reserve(command.commands.size());
  for (const CommandInfo& child : command.commands) {
    known.push_back(child.name);
  }
  std::string nearest = jobs::did_you_mean(extras.front(), known);
  if (!nearest.empty()) {
    nearest.insert(0, command.path + " ");
  }
  return jobs::fail(jobs::ErrorKind::usage,
                    fmt::format("`{}` has no command `{}`", command.path, word),
                    hint(nearest, command));
}

jobs::Error unknown_choice(const std::string& option, const std::string& value,
                           const std::vector<std::string>& choices) {
  const std::string nearest = jobs::did_you_mean(value, choices);
  return jobs::fail(jobs::ErrorKind::usage,
                    fmt::format("{} cannot be `{}`: it is one of {}", option, jobs::one_line(value),
                                fmt::join(choices, ", ")),
                    nearest.empty() ? std::string{} : fmt::format("did you mean `{}`?", nearest));
}

}  // namespace runner::cli
