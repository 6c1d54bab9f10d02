#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace prove {

/// A program that a harness runs to its end.
struct Program {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  ///< all of it
  std::string folder;                    ///< working directory
  std::string output;                    ///< file for standard output and standard error
  int descriptors = 0;                   ///< RLIMIT_NOFILE; 0 = as it is
  std::chrono::seconds deadline{600};    ///< then it is killed
};

struct Ended {
  int code = -1;  ///< 128 + signal if it was killed
  bool too_late = false;
  long peak_kib = 0;  ///< largest resident set, as the kernel counted it
  double seconds = 0;
};

[[nodiscard]] Ended run_program(const Program& program);

/// This process's own environment, with `changes` ("NAME=value") put over it.
[[nodiscard]] std::vector<std::string> environment_with(const std::vector<std::string>& changes);

/// All of a file; empty if there is none.
[[nodiscard]] std::string read_whole(const std::string& path);

}  // namespace prove
