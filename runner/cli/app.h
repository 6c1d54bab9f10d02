#pragma once

#include "runner/cli/grammar.h"

namespace runner::cli {

/// The whole program behind main: reads the command line, runs one command, returns the exit code.
/// Exceptions that no command caught come through; main reports them as a bug.
[[nodiscard]] int run_main(int argc, char** argv);

/// The command line as data: for completion, help, the man page's and the documents' tests.
[[nodiscard]] CommandInfo command_grammar();

}  // namespace runner::cli
