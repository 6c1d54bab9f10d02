#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "runner/process/launch.h"
#include "runner/process/sandbox_plan.h"
#include "runner/process/turn_files.h"

namespace runner::process {

/// How the first process of a container ended.
struct ProgramEnd {
  bool exited = false;  ///< else by `signal`
  int code = 0;
  int signal = 0;
  std::string note;  ///< what is odd about it; usually empty
};

/// A started program with everything it starts, which can be ended as a whole. Entirely passive:
/// whoever holds it polls. Destroyed, it kills what is left.
class Container {
 public:
  Container() = default;
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  virtual ~Container() = default;

  /// "sandbox", "pid-namespace", "cgroup" or "group".
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// What could not be had of the containment; "" = nothing is missing.
  [[nodiscard]] virtual const std::string& lacks() const = 0;
  /// Readable when poll() may have news.
  [[nodiscard]] virtual int wake_fd() const = 0;
  /// The end of the program, once it is known. What the program left running goes on.
  [[nodiscard]] virtual std::optional<ProgramEnd> poll() = 0;
  /// TERM to everything in it.
  virtual void terminate() = 0;
  /// KILL to everything in it; nothing is left when this returns (bounded: a process stuck in the
  /// kernel stays).
  virtual void kill_all() = 0;
};

/// Starts the program in the strongest container that `wish` allows and that holds what the launch
/// asks for, its network above all: nothing weaker than was declared, ever. denied: there is no
/// such container here. The caller must have one thread only.
[[nodiscard]] jobs::Result<std::unique_ptr<Container>> start_contained(const Launch& what,
                                                                       jobs::Containment wish,
                                                                       const SandboxNeeds& needs,
                                                                       const TurnPaths& paths);

/// The kinds. `paths` says which folder only we may write. denied: cannot be had here.
[[nodiscard]] jobs::Result<std::unique_ptr<Container>> start_in_sandbox(const Launch& what,
                                                                        const SandboxNeeds& needs,
                                                                        const TurnPaths& paths);
[[nodiscard]] jobs::Result<std::unique_ptr<Container>> start_in_namespace(const Launch& what,
                                                                          const TurnPaths& paths,
                                                                          bool own_user_namespace);
[[nodiscard]] jobs::Result<std::unique_ptr<Container>> start_in_cgroup(const Launch& what,
                                                                       const TurnPaths& paths);
[[nodiscard]] jobs::Result<std::unique_ptr<Container>> start_in_group(const Launch& what,
                                                                      const TurnPaths& paths);

/// Where bubblewrap is: RUNNER_BUBBLEWRAP, else the first bwrap on PATH; "" = nowhere. `lookup` as
/// in turn_environment.h.
[[nodiscard]] std::string find_bubblewrap(
    const std::function<std::optional<std::string>(const std::string& name)>& lookup);

/// What `automatic` would take on this host now, tried with a program that ends at once.
[[nodiscard]] std::string strongest_containment();

/// Overwrites the environment this process was started with, in place, so that /proc/<pid>/environ
/// shows nothing. getenv finds nothing afterwards.
void wipe_environment();

}  // namespace runner::process
