#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/ports/clock.h"
#include "jobs/ports/executor.h"

namespace sim {

/// Turns with supervisors that live in virtual time, a log of what was really started, and a meter
/// of what was really spent: neither is shown to the program under test.
class Executor final : public jobs::ExecutorReader, public jobs::ExecutorWriter {
 public:
  enum class UsageReport : std::uint8_t {
    exact,
    lost,
    late,
    doubled,
    reordered,
    negative,
    partial
  };
  /// What one turn is going to do.
  struct Plan {
    jobs::Duration takes = std::chrono::minutes(4);
    jobs::TurnExit exit{
        .end = jobs::TurnEnd::exited, .exit_code = 0, .signal = 0, .detail = {}, .at = {}};
    bool stuck = false;  ///< nothing ends it but a stop
    int orphans = 0;     ///< left behind when its supervisor is gone
    jobs::Usage spends;
    UsageReport report = UsageReport::exact;
    std::string blocked;
    std::vector<std::string> phases;
    std::function<void(const jobs::TurnSpec&)> work;  ///< done right before the end
  };
  struct Turn {
    jobs::TurnSpec spec;
    Plan plan;
    jobs::TimePoint started;
    bool ended = false;
    jobs::TurnExit exit;
    int orphans = 0;
  };

  explicit Executor(jobs::Clock& clock) : clock_(clock) {}

  std::function<Plan(const jobs::TurnSpec&)> plan;  ///< asked when a turn really starts
  /// Told before a turn really starts; the place to judge that it may.
  std::function<void(const jobs::TurnSpec&)> starting;

  /// Ends what has come to its end by now.
  void settle();
  /// When the next turn ends by itself, if one does.
  [[nodiscard]] std::optional<jobs::TimePoint> next_end() const;
  void forget_directory(const std::string& directory) { turns_.erase(directory); }
  [[nodiscard]] const std::map<std::string, Turn>& turns() const { return turns_; }
  [[nodiscard]] const std::map<std::string, int>& starts() const { return starts_; }
  [[nodiscard]] const std::map<std::string, jobs::Usage>& meter() const { return meter_; }

  jobs::Result<jobs::TurnFacts> observe(const std::string& directory) override;
  jobs::Result<std::vector<std::string>> list() override;
  jobs::Status start(const jobs::TurnSpec& spec, const jobs::Fence& still_ours) override;
  jobs::Status stop(const std::string& directory, const std::string& why) override;
  jobs::Result<int> reap(const std::string& directory) override;
  jobs::Status remove(const std::string& directory) override;

 private:
  void end(Turn& turn, jobs::TurnExit exit, jobs::TimePoint at, bool worked);
  [[nodiscard]] std::optional<jobs::Usage> reported(const Turn& turn) const;

  jobs::Clock& clock_;
  std::map<std::string, Turn> turns_;
  std::map<std::string, int> starts_;
  std::map<std::string, jobs::Usage> meter_;
};

}  // namespace sim
