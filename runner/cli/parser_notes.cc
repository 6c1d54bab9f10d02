#include "runner/cli/parser_notes.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "runner/cli/suggest.h"

namespace runner::cli {

namespace {

OptionInfo describe(const CLI::Option& option, const ParserNotes& notes) {
  OptionInfo info;
  if (!option.get_positional()) {
    for (const std::string& name : option.get_snames()) {
      info.names.push_back("-" + name);
    }
    for (const std::string& name : option.get_lnames()) {
      info.names.push_back("--" + name);
    }
  }
  const bool flag = option.get_expected_max() == 0;
  info.value = flag ? "" : option.get_type_name();
  // A check such as a range appends its words to the type's name.
  info.value = info.value.substr(0, info.value.find(':'));
  info.description = option.get_description();
  info.required = option.get_required();
  info.repeated = option.get_expected_max() > 1;
  if (const auto found = notes.choices.find(&option); found != notes.choices.end()) {
    info.choices = found->second;
  }
  if (const auto found = notes.defaults.find(&option); found != notes.defaults.end()) {
    info.default_value = found->second;
  }
  return info;
}

}  // namespace

std::string path_of(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : path_of(*parent) + " " + app.get_name();
}

CommandInfo describe(const CLI::App& app, const ParserNotes& notes) {
  CommandInfo info;
  info.name = app.get_name();
  info.path = path_of(app);
  info.summary = app.get_description();
  info.needs_command = notes.need_command.contains(&app);
  for (const CLI::Option* option : app.get_options()) {
    const bool global =
        std::find(notes.globals.begin(), notes.globals.end(), option) != notes.globals.end();
    if (!global) {
      (option->get_positional() ? info.positionals : info.options)
          .push_back(describe(*option, notes));
    }
  }
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    info.commands.push_back(describe(*child, notes));
  }
  return info;
}

std::vector<OptionInfo> describe_globals(const ParserNotes& notes) {
  std::vector<OptionInfo> infos;
  for (const CLI::Option* option : notes.globals) {
    infos.push_back(describe(*option, notes));
  }
  return infos;
}

jobs::Status check_choices(const CLI::App& app, const ParserNotes& notes) {
  for (const CLI::Option* option : app.get_options()) {
    const auto choices = notes.choices.find(option);
    if (choices == notes.choices.end()) {
      continue;
    }
    for (const std::string& value : option->reduced_results()) {
      if (std::find(choices->second.begin(), choices->second.end(), value) ==
          choices->second.end()) {
        const OptionInfo info = describe(*option, notes);
        return unknown_choice(info.names.empty() ? info.value : info.names.back(), value,
                              choices->second);
      }
    }
  }
  return jobs::ok();
}

jobs::Error missing_argument(const CLI::App& app, const ParserNotes& notes) {
  const CommandInfo info = describe(app, notes);
  std::size_t given = 0;
  for (const CLI::Option* option : app.get_options()) {
    given += option->get_positional() && option->count() > 0 ? 1U : 0U;
  }
  const std::string name = given < info.positionals.size() ? info.positionals[given].value : "more";
  return jobs::fail(jobs::ErrorKind::usage, fmt::format("`{}` needs {}", info.path, name),
                    fmt::format("`{} --help` shows what there is", info.path));
}

}  // namespace runner::cli
