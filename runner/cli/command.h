#pragma once

#include <functional>
#include <string>

namespace runner::cli {

/// When output may carry colours and tables.
enum class Color { automatic, always, never };

/// Options that every command has.
struct Globals {
  std::string manifests_dir = "./manifests";
  bool json = false;
  Color color = Color::automatic;
};

/// Runs `function` on the command's struct once the global options are known.
template <typename Command>
std::function<int()> with_globals(Command& command, const Globals& global,
                                  int (*function)(const Command&)) {
  return [&command, &global, function] {
    command.global = global;
    return function(command);
  };
}

}  // namespace runner::cli
