#include "runner/cli/completion.h"

#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"

/// All three scripts are tables: for each command path the words that may follow, and for each
/// option with fixed values those values. A word that needs a file or a folder falls back to the
/// shell's own completion.
namespace runner::cli {

namespace {

/// For a word inside single quotes of any of the three shells.
std::string shell_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "\u2019";  // a typographic one: no shell gives it a meaning
    } else {
      out += c;
    }
  }
  return out;
}

struct Entry {
  std::string path;  ///< "" for the program, "runs show" for a command of a command
  const CommandInfo* command = nullptr;
};

void collect(const CommandInfo& command, const std::string& path, std::vector<Entry>& entries) {
  entries.push_back({path, &command});
  for (const CommandInfo& child : command.commands) {
    collect(child, path.empty() ? child.name : path + " " + child.name, entries);
  }
}

std::vector<std::string> words_after(const CommandInfo& command,
                                     const std::vector<OptionInfo>& global) {
  std::vector<std::string> words;
  for (const CommandInfo& child : command.commands) {
    words.push_back(child.name);
  }
  for (const OptionInfo& positional : command.positionals) {
    words.insert(words.end(), positional.choices.begin(), positional.choices.end());
  }
  for (const OptionInfo& option : command.options) {
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
  for (const OptionInfo& option : global) {
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return words;
}

/// The path of commands is worked out by walking the words and keeping those that lead down the
/// tree: one case for each command, on "path word". `line` gets the case and the new path.
std::string walk(const std::vector<Entry>& entries,
                 fmt::format_string<std::string, std::string> line) {
  std::string out;
  for (const Entry& entry : entries) {
    if (!entry.path.empty()) {
      const bool nested = entry.path.find(' ') != std::string::npos;
      out += fmt::format(line, (nested ? "" : " ") + entry.path, std::string(entry.path));
    }
  }
  return out;
}

/// Options of a command, and the global ones.
std::vector<OptionInfo> options_of(const CommandInfo& command,
                                   const std::vector<OptionInfo>& global) {
  std::vector<OptionInfo> options = command.options;
  options.insert(options.end(), global.begin(), global.end());
  return options;
}

std::string bash(const std::vector<Entry>& entries, const std::vector<OptionInfo>& global) {
  std::string out =
      "# bash completion for runner\n"
      "_runner() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
      "  local path=\"\" word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n";
  out += walk(entries, "      '{}') path='{}' ;;\n");
  out += "    esac\n  done\n  case \"$path:$previous\" in\n";
  std::string tables = "  case \"$path\" in\n";
  for (const Entry& entry : entries) {
    const std::vector<OptionInfo> options = options_of(*entry.command, global);
    for (const OptionInfo& option : options) {
      for (const std::string& name : option.names) {
        if (!option.choices.empty()) {
          out += fmt::format(
              "    '{}:{}') COMPREPLY=($(compgen -W '{}' -- \"$current\")); return ;;\n",
              entry.path, name, fmt::join(option.choices, " "));
        } else if (!option.value.empty()) {
          out += fmt::format("    '{}:{}') COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n",
                             entry.path, name);
        }
      }
    }
    tables += fmt::format("    '{}') COMPREPLY=($(compgen -W '{}' -- \"$current\")) ;;\n",
                          entry.path, fmt::join(words_after(*entry.command, global), " "));
  }
  return out + "  esac\n" + tables + "  esac\n}\ncomplete -o default -F _runner runner\n";
}

std::string zsh(const std::vector<Entry>& entries, const std::vector<OptionInfo>& global) {
  std::string out =
      "#compdef runner\n"
      "_runner() {\n"
      "  local path_words=\"\" word previous=\"${words[CURRENT-1]}\"\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    case \"$path_words $word\" in\n";
  out += walk(entries, "      '{}') path_words='{}' ;;\n");
  out += "    esac\n  done\n  local -a choices\n  case \"$path_words:$previous\" in\n";
  std::string tables = "  case \"$path_words\" in\n";
  for (const Entry& entry : entries) {
    const std::vector<OptionInfo> options = options_of(*entry.command, global);
    std::string described;
    for (const CommandInfo& child : entry.command->commands) {
      described += fmt::format(" '{}:{}'", child.name, shell_quoted(child.summary));
    }
    for (const OptionInfo& positional : entry.command->positionals) {
      for (const std::string& choice : positional.choices) {
        described += fmt::format(" '{}'", choice);
      }
    }
    for (const OptionInfo& option : options) {
      for (const std::string& name : option.names) {
        described += fmt::format(" '{}:{}'", name, shell_quoted(option.description));
        if (!option.choices.empty()) {
          out += fmt::format("    '{}:{}') choices=({}); _describe value choices; return ;;\n",
                             entry.path, name, fmt::join(option.choices, " "));
        } else if (!option.value.empty()) {
          out += fmt::format("    '{}:{}') _files; return ;;\n", entry.path, name);
        }
      }
    }
    tables += fmt::format("    '{}') choices=({}); _describe word choices ;;\n", entry.path,
                          described.empty() ? described : described.substr(1));
  }
  return out + "  esac\n" + tables + "  esac\n}\ncompdef _runner runner\n";
}

/// fish asks once per rule whether it applies; a helper function answers with the path of commands.
std::string fish(const std::vector<Entry>& entries, const std::vector<OptionInfo>& global) {
  std::string out =
      "# fish completion for runner\n"
      "function __runner_at\n"
      "  set -l path ''\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    switch \"$path $word\"\n";
  out += walk(entries, "      case '{}'\n        set path '{}'\n");
  out += "    end\n  end\n  test \"$path\" = \"$argv[1]\"\nend\n";
  for (const Entry& entry : entries) {
    const std::string rule = fmt::format("complete -c runner -n '__runner_at \"{}\"'", entry.path);
    for (const CommandInfo& child : entry.command->commands) {
      out += fmt::format("{} -f -a '{}' -d '{}'\n", rule, child.name, shell_quoted(child.summary));
    }
    for (const OptionInfo& positional : entry.command->positionals) {
      if (!positional.choices.empty()) {
        out += fmt::format("{} -f -a '{}'\n", rule, fmt::join(positional.choices, " "));
      }
    }
    const std::vector<OptionInfo> options = options_of(*entry.command, global);
    for (const OptionInfo& option : options) {
      out += rule;
      for (const std::string& name : option.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.choices.empty()) {
        out += fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
      } else if (!option.value.empty()) {
        out += " -r";
      }
      out += fmt::format(" -d '{}'\n", shell_quoted(option.description));
    }
  }
  return out;
}

}  // namespace

jobs::Result<std::string> render_completion(std::string_view shell, const CommandInfo& root,
                                            const std::vector<OptionInfo>& global) {
  std::vector<Entry> entries;
  collect(root, "", entries);
  if (shell == "bash") {
    return bash(entries, global);
  }
  if (shell == "zsh") {
    return zsh(entries, global);
  }
  if (shell == "fish") {
    return fish(entries, global);
  }
  return jobs::fail(jobs::ErrorKind::usage,
                    fmt::format("there is no completion for the shell `{}`", jobs::one_line(shell)),
                    "bash, zsh and fish are known");
}

}  // namespace runner::cli
