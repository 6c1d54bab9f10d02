#pragma once

#include <string>

namespace runner::process {

/// `runner supervise TURN_DIR`: the tiny parent of one agent. Takes the turn over if nobody did
/// before, runs the program of spec.json, and writes exit.json as its last act. Returns the exit
/// code: 0 when the turn ended and exit.json says how, or when the turn is or was somebody else's;
/// 1 when not even exit.json could be written.
///
/// Must be called before the process has a second thread. Changes the process for good: signal
/// mask, environment.
[[nodiscard]] int supervise(const std::string& turn_directory);

}  // namespace runner::process
