#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/bench/timing.h"

namespace bench {

/// Measures programs from a process that was made while this one was small: what a process holds
/// when it forks is part of the peak of the program that the child becomes. Make it first.
class Launcher {
 public:
  Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;
  ~Launcher();
  /// To its end, with its standard output thrown away. Throws std::runtime_error if it fails.
  [[nodiscard]] Sample run(const std::vector<std::string>& argv) const;

 private:
  int to_child_ = -1;
  int from_child_ = -1;
  pid_t child_ = -1;
};

}  // namespace bench
