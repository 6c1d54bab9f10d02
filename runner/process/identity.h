#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// Who a process is, and which processes belong to a turn. A pid alone says nothing: pids are used
/// again.
namespace runner::process {

/// A process over time. The same pid with another start time, boot or pid namespace is somebody
/// else.
struct Identity {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  ///< clock ticks since boot
  std::string boot_id;
  std::string pid_namespace;  ///< "pid:[4026531836]"
  std::string host;
  friend bool operator==(const Identity&, const Identity&) = default;
};

[[nodiscard]] Identity own_identity();

enum class Life : std::uint8_t {
  alive,
  dead,
  elsewhere,  ///< of another host or pid namespace: cannot be told from here
};
/// Zombies are dead.
[[nodiscard]] Life life_of(const Identity& identity);

/// One line of /proc/<pid>/stat. `start_time` 0 = no such process.
struct ProcessStat {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';
  std::uint64_t start_time = 0;
};
[[nodiscard]] ProcessStat stat_of(pid_t pid);

/// Milliseconds since it was started, those in which the machine slept too. Only for what is alive.
[[nodiscard]] std::int64_t age_of(const Identity& identity);

/// Every process seen from here.
[[nodiscard]] std::vector<ProcessStat> all_processes();

/// Live processes below `ancestor`, whatever session or group they moved to.
[[nodiscard]] std::vector<pid_t> descendants_of(pid_t ancestor);

/// A number that stands for `marker` in the limits of a process (the resident set's, which the
/// kernel does not apply): inherited like the environment, but kept by a program that starts
/// another one with an environment of its own making.
[[nodiscard]] std::uint64_t limit_of(const std::string& marker);

/// Live processes that were started with `marker` ("NAME=value") in their environment, or have its
/// number in their limits.
[[nodiscard]] std::vector<pid_t> census(const std::string& marker);

/// KILL to everything that `find` returns, again and again, until it returns nothing or `rounds`
/// are over. `reap` runs after each round, because a dead child that nobody waits for looks alive
/// to nobody but still holds its place. Returns how many different processes were killed.
int kill_until_gone(const std::function<std::vector<pid_t>()>& find,
                    const std::function<void()>& reap, int rounds = 300);

}  // namespace runner::process
