#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/oracle/judge.h"
#include "tests/prove/frame/harness.h"
#include "tests/support/small_fleet.h"

namespace prove::policy {

/// One case: a small fleet driven by the real program, and what must be true of it, looked at from
/// outside (the state file by SQLite, remotes by git, issues and turn directories as files).
class Bench {
 public:
  Bench(const Options& options, Record& record, std::string name);

  /// Writes the manifests; nothing of them may be said later but by `set`.
  void begin();
  /// Changes a value of [limits] that is already there, or adds one.
  void set(const std::string& key, const std::string& value);
  /// An issue released by alice a minute ago, with further lines of front matter.
  void issue(const std::string& repo, int number, const std::string& lines = "",
             const std::string& body = "Please do it.") const;
  /// As a file: the agent "waiter" goes on only when this was called.
  void let_go() const;
  [[nodiscard]] std::string waiting() const;  ///< the shell words of it

  /// A tick that must end well.
  void tick();
  /// A tick of its own for which this holds: RUNNER_POINT of docs/testing.md; the points that it
  /// passes are written to `log`.
  [[nodiscard]] test_support::Started start_at(const std::string& point, const std::string& log);
  /// Ticks, whatever they say, until `done`; a violation if that takes longer than `seconds`.
  bool tick_until(const std::string& what, int invariant, const std::function<bool()>& done,
                  int seconds = 30);
  /// Ticks until no run is live, then two more; then the oracle judges everything.
  void finish(int seconds = 30);

  /// What the state says now, and nothing else.
  [[nodiscard]] oracle::Observation rows() const;
  /// Everything.
  [[nodiscard]] oracle::Observation look() const;
  /// The newest run of an issue; an empty id if there is none.
  [[nodiscard]] oracle::RunRow run_of(const std::string& repo, int number = 1) const;
  /// Why the issue was not started at the newest tick that looked at it; "selected" if it was.
  [[nodiscard]] std::string reason(const std::string& repo, int number) const;
  /// Folder of a turn.
  [[nodiscard]] std::string turn(const oracle::RunRow& run, int number) const;
  /// Waits, without ticks.
  bool wait_for(const std::string& what, int invariant, const std::function<bool()>& done,
                int seconds = 20);

  bool expect(bool right, int invariant, const std::string& what);
  /// Expects that the newest run of the issue has ended like that.
  void expect_end(const std::string& repo, const std::string& outcome, int invariant,
                  int number = 1);
  [[nodiscard]] bool failed() const { return failed_; }

  test_support::SmallFleet fleet;
  oracle::Rules rules;

 private:
  Record& record_;
  std::string name_;
  std::uint64_t seed_;
  std::string limits_;
  bool failed_ = false;
};

/// "2026-11-21T09:30:00Z", so many seconds ago.
[[nodiscard]] std::string ago(int seconds);

struct Case {
  std::string name;
  void (*play)(Bench& bench);
};

[[nodiscard]] std::vector<Case> start_cases();
[[nodiscard]] std::vector<Case> money_cases();
[[nodiscard]] std::vector<Case> turn_cases();
[[nodiscard]] std::vector<Case> landing_cases();

}  // namespace prove::policy
