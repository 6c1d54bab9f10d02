#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"
#include "runner/process/fd.h"

/// Control groups of version 2: a set of processes that can be ended as a whole, wherever they
/// went.
namespace runner::process {

/// The folder of our own group, from the texts of /proc/self/mountinfo and /proc/self/cgroup;
/// nothing where no tree of version 2 is mounted, or only a part of it that we are not in.
[[nodiscard]] std::optional<std::string> own_cgroup(std::string_view mountinfo,
                                                    std::string_view self);

/// One group, made for one turn. Destroyed, it is removed if it is empty.
class Cgroup {
 public:
  /// Below our own group. `name` is one path component. denied: there is no such tree here, we may
  /// not make groups in it, or it cannot kill. A folder on another file system is never taken for
  /// one, whatever can be written there.
  [[nodiscard]] static jobs::Result<Cgroup> make(const std::string& name);
  /// One that is there already, by its path; nothing if it is none, or its name is another one.
  [[nodiscard]] static std::optional<Cgroup> open(const std::string& path, const std::string& name);
  Cgroup(Cgroup&&) noexcept = default;
  Cgroup& operator=(Cgroup&&) noexcept = default;
  ~Cgroup();

  [[nodiscard]] const std::string& path() const { return path_; }
  /// For a process that writes "0" there to join.
  [[nodiscard]] int procs() const { return procs_.get(); }
  /// Bounds for all of it together, 0 = none. Says which could not be set here; "" = all were.
  [[nodiscard]] std::string limit(std::int64_t memory_bytes, std::int64_t processes) const;
  [[nodiscard]] std::vector<pid_t> members() const;
  /// KILL to all of it at once; waits, for ten seconds at most, until it is empty.
  void kill() const;

 private:
  Cgroup(std::string path, Fd procs, Fd killer);

  std::string path_;
  Fd procs_;
  Fd killer_;
};

/// What the group of a turn is called, from its marker.
[[nodiscard]] std::string cgroup_name(const std::string& marker);

}  // namespace runner::process
