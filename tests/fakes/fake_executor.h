#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/ports/clock.h"
#include "jobs/ports/executor.h"

namespace fakes {

/// Both executor ports in memory, held to the same contract suite as the real one
/// (tests/contract/executor). It stands for the outside world: a crash test keeps it while
/// everything that looked at it is made anew. For one thread.
class FakeExecutor final : public jobs::ExecutorReader, public jobs::ExecutorWriter {
 public:
  /// What a turn will do. Scripts are used up in order; without one a turn exits with 0.
  struct Script {
    jobs::TurnExit exit{
        .end = jobs::TurnEnd::exited, .exit_code = 0, .signal = 0, .detail = {}, .at = {}};
    bool hangs = false;  ///< runs until finish(), lose() or stop()
    int looks = 0;       ///< seen running by this many observes before it has ended
    std::optional<jobs::Usage> usage;
    std::string blocked;
    std::vector<std::string> phases;
    std::vector<std::string> notes;
    std::string output;
    std::function<void(const jobs::TurnSpec&)> work;  ///< done at the start: commits, for example
  };

  explicit FakeExecutor(std::string root, jobs::Clock* clock)
      : root_(std::move(root)), clock_(clock) {}

  /// For the next turn that is started and has no script of its own.
  void script(Script what) { scripts_.push_back(std::move(what)); }
  /// For the turn in this directory.
  void script_for(const std::string& directory, Script what) {
    own_scripts_[directory] = std::move(what);
  }
  /// The next start fails with this and starts nothing.
  void fail_start(jobs::Error error) { failures_.push_back(std::move(error)); }

  /// The end of a turn that hangs.
  void finish(const std::string& directory, jobs::TurnExit exit);
  /// Its supervisor dies without a word and leaves `orphans` processes.
  void lose(const std::string& directory, int orphans = 0);

  /// How often something was really started in this directory; more than once is what must never
  /// happen.
  [[nodiscard]] int starts(const std::string& directory) const;
  [[nodiscard]] int starts() const;
  [[nodiscard]] int start_calls() const { return start_calls_; }
  /// Processes of turns that are there now.
  [[nodiscard]] int processes() const;
  /// The spec a turn was started with; null if it was not.
  [[nodiscard]] const jobs::TurnSpec* spec(const std::string& directory) const;
  [[nodiscard]] const std::vector<std::string>& stop_reasons() const { return stop_reasons_; }

  jobs::Result<jobs::TurnFacts> observe(const std::string& turn_directory) override;
  jobs::Result<std::vector<std::string>> list() override;
  jobs::Status start(const jobs::TurnSpec& spec, const jobs::Fence& still_ours) override;
  jobs::Status stop(const std::string& turn_directory, const std::string& why) override;
  jobs::Result<int> reap(const std::string& turn_directory) override;
  jobs::Status remove(const std::string& turn_directory) override;

 private:
  struct Turn {
    jobs::TurnSpec spec;
    Script script;
    jobs::TurnFacts facts;
    int orphans = 0;
  };

  [[nodiscard]] Script take_script(const std::string& directory);
  void end(Turn& turn, jobs::TurnExit exit);

  std::string root_;
  jobs::Clock* clock_;
  std::map<std::string, Turn> turns_;
  std::map<std::string, int> starts_;  ///< outlives remove()
  std::map<std::string, Script> own_scripts_;
  std::deque<Script> scripts_;
  std::deque<jobs::Error> failures_;
  std::vector<std::string> stop_reasons_;
  int start_calls_ = 0;
};

}  // namespace fakes
