#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/support/playground.h"

namespace test_support {

/// What `runner runs --json` tells of a run, as far as tests ask.
struct RunSeen {
  std::string id;
  std::string repo;
  int issue = 0;
  bool live = false;
  std::string step;
  std::string outcome;  ///< empty while it is live
  std::string reason;
  std::string landed;
  std::string worktree;
  int turns = 0;
  bool reserved_left = true;  ///< something of its ledger is neither settled nor released
  int settled_turns = 0;      ///< of agents, in the books
};

/// The path of a program of tests/programs.
[[nodiscard]] std::string test_program(const std::string& name);

/// A fleet with everything real: manifests, bare git remotes, a local tracker, agents that are
/// processes, and the real binary. Layout of `folder()`: manifests/ issues/ remotes/ state/
/// pager.jsonl agent.log meter.log metrics.prom.
class SmallFleet {
 public:
  SmallFleet();
  ~SmallFleet();
  SmallFleet(const SmallFleet&) = delete;
  SmallFleet& operator=(const SmallFleet&) = delete;

  /// Lines of the manifest, all to be set before `write`.
  std::string fleet_lines = "kill_switch = false\n";
  std::string limit_lines;
  std::string other_tables;
  std::string remote_prefix;  ///< "http://..." in front of "/NAME.git"; empty: remotes are paths
  std::string default_lines = "test = [\"true\"]\n";
  void agent(const std::string& name, const std::vector<std::string>& command,
             const std::string& lines = "");
  /// `fake_agent` with these steps.
  void scripted(const std::string& name, const std::vector<std::string>& steps,
                const std::string& lines = "");
  /// A shell script in the agent's worktree.
  void shell(const std::string& name, const std::string& script, const std::string& lines = "");
  /// A repository with a remote of one commit, worked on by the agent of that name.
  void repo(const std::string& name, const std::string& agent, const std::string& lines = "");
  /// The same with no remote made.
  void repo_without_remote(const std::string& name, const std::string& agent,
                           const std::string& lines = "");
  void write() const;

  /// An open issue that alice has released; `write_issue` takes the file as it is.
  void issue(const std::string& repo, int number, const std::string& title = "Do something") const;
  void write_issue(const std::string& repo, const std::string& file,
                   const std::string& content) const;
  [[nodiscard]] std::string issue_file(const std::string& repo, int number) const;
  [[nodiscard]] std::string issue_text(const std::string& repo, int number) const;

  [[nodiscard]] Answer run(const std::vector<std::string>& words) const { return play.run(words); }
  [[nodiscard]] Answer tick() const;
  /// Ticks until `done`; false if that takes longer than `seconds`.
  [[nodiscard]] bool tick_until(const std::function<bool()>& done, int seconds = 60) const;
  /// At least one tick, then until no run is live.
  [[nodiscard]] bool tick_until_quiet(int seconds = 60) const;
  [[nodiscard]] std::vector<RunSeen> runs() const;
  /// The newest run of a repository; one with an empty id if there is none.
  [[nodiscard]] RunSeen run_of(const std::string& repo) const;
  /// The reason why an issue was not started at the last tick, or would not be now: "reason:
  /// detail".
  [[nodiscard]] std::string reason_of(const std::string& repo, int number) const;

  [[nodiscard]] std::string remote(const std::string& repo) const;
  /// What git says, without a line end.
  [[nodiscard]] std::string git(const std::string& folder,
                                const std::vector<std::string>& words) const;
  [[nodiscard]] std::string shell_output(const std::string& script) const;
  /// Commits on the base branch beyond the first, merges not counted.
  [[nodiscard]] int commits_landed(const std::string& repo) const;
  /// Starts of `fake_agent` so far, as it counts them itself.
  [[nodiscard]] int agent_starts() const;
  /// Waits, without ticks, until the agents have been started so often.
  [[nodiscard]] bool wait_for_starts(int count, int seconds = 30) const;
  /// Every process that was started for this fleet and still lives: pid and command line.
  [[nodiscard]] std::string processes() const;
  [[nodiscard]] const std::string& folder() const { return play.folder(); }
  [[nodiscard]] std::vector<std::string> notifications() const;

  Playground play;
  /// Called when a tick has ended.
  std::function<void()> after_tick;

 private:
  std::string agents_;
  std::string repos_;
  std::string allow_;
};

}  // namespace test_support
