#pragma once

#include <string>

#include "runner/cli/command.h"

/// `runner spend` and `runner attach`: what the agents cost, and how a person goes on with one of
/// their sessions. Both read only.
namespace runner::cli {

struct SpendCommand {
  Globals global;
  std::string by = "repo";
};
[[nodiscard]] int run_spend(const SpendCommand& command);

struct AttachCommand {
  Globals global;
  std::string run;  ///< id or the beginning of one
};
[[nodiscard]] int run_attach(const AttachCommand& command);

}  // namespace runner::cli
