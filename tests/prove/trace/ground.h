#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/oracle/judge.h"
#include "tests/oracle/observe_folder.h"
#include "tests/prove/frame/harness.h"
#include "tests/prove/trace/launch.h"

namespace prove::trace {

/// A folder of one worker with everything real in it: manifests, a git remote, a local tracker, a
/// state; in memory, because everything is synced all the time. It can be saved and put back at the
/// same path. Layout of `folder()`: manifests/ issues/ remotes/ state/ gates/ agent.log
/// pager.jsonl metrics.prom.
///
/// The life that is lived here: one issue, an agent that commits once per turn, a test command, CI
/// that is green with the commits of two turns. Agent, test and CI wait at gates.
class Ground {
 public:
  Ground(const Options& options, int number);
  /// Kills what still runs for it, and removes it.
  ~Ground();
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  /// Everything anew: manifests, remote, one released issue; no state.
  void make() const;
  void save(const std::string& name) const;
  void restore(const std::string& name) const;
  [[nodiscard]] bool saved(const std::string& name) const;

  /// The runner with these words.
  [[nodiscard]] Launch runner(const std::vector<std::string>& words) const;
  /// `runner supervise` as a tick starts it.
  [[nodiscard]] Launch supervisor(const std::string& turn_directory) const;
  [[nodiscard]] End tick() const { return run(runner({"tick"})); }

  /// "agent", "verify", "ci": what waits there goes on, now and later.
  void open(std::string_view gate) const;
  void close(std::string_view gate) const;
  void open_all() const;

  /// Directories of turns, those of CI included, in order.
  [[nodiscard]] std::vector<std::string> turns() const;
  /// Waits until no supervisor lives. False if that takes too long.
  [[nodiscard]] bool wait_for_turns(int seconds = 20) const;
  /// Pids of the supervisors that live.
  [[nodiscard]] std::vector<int> supervisors() const;
  /// Pids of every process that was started for this ground: agents, supervisors.
  [[nodiscard]] std::vector<int> processes() const;
  void kill_processes() const;

  [[nodiscard]] oracle::Observation observe() const;
  [[nodiscard]] static oracle::Rules rules();
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string state_dir() const { return folder_ + "/state"; }
  [[nodiscard]] std::string state_file() const { return folder_ + "/state/state.db"; }

 private:
  const Options& options_;
  std::string root_;
  std::string folder_;
};

void write_text(const std::string& path, const std::string& text);

}  // namespace prove::trace
