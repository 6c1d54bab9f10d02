#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "jobs/ports/notifier.h"
#include "jobs/ports/ports.h"
#include "tests/oracle/observation.h"
#include "tests/sim_support/checks.h"
#include "tests/sim_support/kernel.h"

namespace sim {

/// Everything outside the program, the ticks that are alive in it, and the scheduler that lets one
/// of them go on at a time.
class World {
 public:
  World(const Script& script, const std::set<int>& dropped, bool keep_trace);

  /// Lives through the script, then lets ticks alone bring it to rest, then judges.
  void live();

  /// Every port call of every tick. Before it, time goes on, others may run, the tick may fall
  /// asleep or die, and the call may fail; after it, the tick may die or the answer be lost.
  template <typename Work>
  auto pass(Tick& tick, const Call& call, const Work& work) -> decltype(work()) {
    if (auto failed = before(tick, call)) {
      trace.add(ms(clock.truth()), tick.number, call.name, "refused");
      return std::move(*failed);
    }
    auto result = work();
    trace.add(ms(clock.truth()), tick.number, call.name,
              result ? "ok" : to_string(result.error().kind));
    if (auto lost = after(tick, call, result.has_value())) {
      trace.add(ms(clock.truth()), tick.number, call.name, "answer lost");
      return std::move(*lost);
    }
    return result;
  }

  jobs::Result<jobs::LandResult> land(const jobs::Repo& repo, const jobs::LandRequest& request);
  /// Something a quick run must have seen sometimes.
  void see(const std::string& mark) { ++marks[mark]; }
  [[nodiscard]] int index(const jobs::RepoName& repo) const;
  static std::int64_t ms(jobs::TimePoint time) { return time.time_since_epoch().count(); }

  Script script;
  Clock clock;
  Armed armed;
  Trace trace;
  Tracker tracker;
  Ci ci;
  Executor executor;
  fakes::FakeWorkspace git;
  fakes::MemoryStore store;
  std::vector<jobs::Notification> notified;
  std::shared_ptr<const jobs::Fleet> fleet;
  jobs::Fleet declared;  ///< what the manifests say when nobody edits them
  Checks checks;
  std::map<std::string, std::int64_t> marks;
  std::map<std::string, std::int64_t> counts;
  std::set<jobs::RepoName> rewritten;  ///< bases that somebody rewrote
  std::set<std::string> remotes_gone;
  bool kill_switch = false;
  std::shared_ptr<const oracle::Observation> looked;  ///< the oracle's last look
  std::int64_t activity = 0;                          ///< steps of runs and writes outside, ever

 private:
  friend class People;
  struct Event {
    jobs::TimePoint at;
    std::int64_t order;
    std::function<void()> what;
    friend bool operator>(const Event& a, const Event& b) {
      return std::pair(a.at, a.order) > std::pair(b.at, b.order);
    }
  };

  void at(jobs::TimePoint time, std::function<void()> what);
  void run_due();
  void start_tick(bool on_time);
  void run_tick(Tick& tick);
  bool one_step();
  void switch_away(Tick& tick);
  void sleep(Tick& tick, jobs::Duration length);
  std::optional<jobs::Error> before(Tick& tick, const Call& call);
  std::optional<jobs::Error> after(Tick& tick, const Call& call, bool worked);
  std::optional<jobs::Error> refusal(const Tick& tick, const Call& call);
  void tick_faults(Tick& tick, const Call& call);
  [[nodiscard]] Executor::Plan plan_turn(const jobs::TurnSpec& spec);
  [[nodiscard]] Executor::Plan plan_command(const jobs::TurnSpec& spec);
  [[nodiscard]] Ci::Plan plan_ci(const jobs::RepoName& repo);
  void settle();
  bool rest();
  void dry_run_matches();

  std::set<int> dropped_;
  Random schedule_;  ///< who goes on, how long a call takes
  Random agents_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::int64_t next_event_ = 0;
  std::vector<std::unique_ptr<Tick>> ticks_;
  std::set<std::string> dead_;  ///< owners that are known to live no more
  int tick_numbers_ = 0;
  bool settling_ = false;
  bool stands_still_ = false;  ///< a port call takes no time
  int looks_ = 0;
};

}  // namespace sim
