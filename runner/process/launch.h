#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"

namespace runner::process {

/// One program to be started: an argv and an environment, never a shell string.
struct Launch {
  std::string program;  ///< absolute path, from find_program
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;  ///< the whole environment
  std::string cwd;
  std::string input;              ///< a file that becomes its stdin; "" = an empty one
  int cgroup = -1;                ///< cgroup.procs of the control group that it joins; -1 = none
  int output = -1;                ///< becomes its stdout
  int errors = -1;                ///< becomes its stderr; -1 = `output` does
  std::int64_t memory_bytes = 0;  ///< RLIMIT_AS; 0 = not limited
  std::int64_t processes =
      0;  ///< RLIMIT_NPROC; 0 = not limited (the kernel does not apply it to root)
  std::int64_t file_bytes = 0;                 ///< RLIMIT_FSIZE; 0 = not limited
  jobs::Network network = jobs::Network::all;  ///< held by the container, not by launch()
  std::string marker;  ///< in its environment; its number goes into the limits (see limit_of)
};

/// Where `name` would be started from: as it is if it has a '/' (relative to `cwd`), else the first
/// executable on `path`. not_found: nowhere; denied: there, but not an executable file.
[[nodiscard]] jobs::Result<std::string> find_program(const std::string& name,
                                                     const std::string& path,
                                                     const std::string& cwd);

/// Starts it in a session of its own, with no other descriptor, default signal
/// dispositions, an empty signal mask, and dying when the calling thread dies. Returns its pid; the
/// caller waits for it.
[[nodiscard]] jobs::Result<pid_t> launch(const Launch& what);

}  // namespace runner::process
