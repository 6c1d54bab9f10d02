#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jobs/ports/store.h"

namespace fakes {

/// A Store in memory, held to the same contract suite as the real one (tests/contract/store). A
/// copy of it is a snapshot: a crash test copies before a step and goes on with the copy. For one
/// thread.
class MemoryStore final : public jobs::Store {
 public:
  MemoryStore() = default;
  explicit MemoryStore(std::function<bool(const std::string&)> owner_is_dead)
      : owner_is_dead_(std::move(owner_is_dead)) {}

  jobs::Result<std::vector<jobs::Run>> runs(const jobs::RunFilter& filter) override;
  jobs::Result<jobs::Run> run(const std::string& id_or_prefix) override;
  jobs::Result<std::vector<jobs::Turn>> turns(const jobs::RunId& run) override;
  jobs::Result<std::vector<jobs::Event>> events(const jobs::RunId& run) override;
  jobs::Result<std::vector<jobs::Attempt>> attempts(const jobs::IssueKey& issue) override;
  jobs::Result<std::vector<jobs::OutboxRow>> outbox(const std::optional<jobs::RunId>& run) override;
  jobs::Result<std::vector<jobs::Brake>> brakes(bool in_force_only) override;
  jobs::Result<std::vector<jobs::Request>> requests() override;
  jobs::Result<std::optional<jobs::Pause>> pause() override;
  jobs::Result<jobs::Spend> spend(const jobs::SpendFilter& filter) override;
  jobs::Result<std::map<jobs::IssueKey, jobs::Spend>> spend_by_issue(
      const std::optional<jobs::TimePoint>& since) override;
  jobs::Result<std::vector<jobs::LedgerRow>> ledger(const jobs::RunId& run) override;
  jobs::Result<std::vector<jobs::PastDecision>> decisions(const jobs::IssueKey& issue,
                                                          int limit) override;
  jobs::Result<std::vector<jobs::TickRow>> ticks(int limit) override;
  jobs::Result<jobs::Counters> counters() override;

  jobs::Result<jobs::Lease> acquire_lease(const std::string& owner, jobs::TimePoint now,
                                          jobs::Duration ttl) override;
  jobs::Result<jobs::Lease> renew_lease(const jobs::Lease& lease, jobs::TimePoint now,
                                        jobs::Duration ttl) override;
  jobs::Status release_lease(const jobs::Lease& lease) override;
  jobs::Status begin_tick(const jobs::Lease& lease, const jobs::TickRow& tick) override;
  jobs::Status end_tick(const jobs::Lease& lease, const jobs::TickRow& tick) override;
  jobs::Status commit(const jobs::Lease& lease, const jobs::TickId& tick,
                      const jobs::Change& change) override;
  jobs::Status claim_effect(const jobs::Lease& lease, std::int64_t id) override;
  jobs::Status finish_effect(const jobs::Lease& lease, const jobs::TickId& tick,
                             const EffectEnd& end, const jobs::Change& change,
                             jobs::TimePoint now) override;
  jobs::Status prune(const jobs::Lease& lease, const jobs::PruneSpec& spec) override;
  jobs::Status add_request(const jobs::Request& request) override;
  jobs::Status set_pause(const jobs::Pause& pause) override;
  jobs::Status clear_pause(const std::string& by, jobs::TimePoint now) override;
  jobs::Status clear_brakes(const std::vector<std::int64_t>& ids, const std::string& by,
                            jobs::TimePoint now) override;

 public:
  using TurnKey = std::pair<jobs::RunId, int>;
  struct State {
    std::map<jobs::RunId, jobs::Run> runs;
    std::map<TurnKey, jobs::Turn> turns;
    std::vector<jobs::Event> events;
    std::vector<jobs::Attempt> attempts;
    std::map<std::int64_t, jobs::OutboxRow> outbox;
    std::set<std::string> effect_keys;  ///< of `outbox`
    std::int64_t next_effect = 1;
    std::map<std::int64_t, jobs::Brake> brakes;
    std::int64_t next_brake = 1;
    std::vector<jobs::Request> requests;
    std::optional<jobs::Pause> pause;
    std::vector<jobs::LedgerRow> ledger;
    std::int64_t ledger_pruned = 0;  ///< rows that retention took from the front
    /// Where in `ledger` a turn's reservation and its end stand; -1 = no end yet.
    std::map<TurnKey, std::pair<std::ptrdiff_t, std::ptrdiff_t>> accounts;
    std::map<jobs::IssueKey, jobs::Usage> carried;
    std::vector<jobs::PastDecision> decisions;
    std::set<std::pair<jobs::TickId, jobs::IssueKey>> decided;  ///< of `decisions`
    std::map<jobs::TickId, jobs::TickRow> ticks;
    jobs::Counters counters;
    jobs::Lease lease;
  };
  /// For a judge that looks without asking the port.
  [[nodiscard]] const State& look() const { return state_; }

 private:
  using Undo = std::vector<std::function<void(State&)>>;

  /// Runs `body`; what it changed and noted in `undo` is taken back if it fails.
  jobs::Status writing(const jobs::Lease* lease,
                       const std::function<jobs::Status(State&, Undo&)>& body);
  static jobs::Status apply(State& state, Undo& undo, const jobs::TickId& tick,
                            const jobs::Change& change, std::optional<jobs::TimePoint> now);
  static jobs::Status put_run(State& state, Undo& undo, const jobs::Run& run);
  static jobs::Status put_turn(State& state, Undo& undo, const jobs::Turn& turn);
  static jobs::Status add_ledger(State& state, Undo& undo, const jobs::LedgerRow& row);
  static jobs::Status clear(State& state, Undo& undo, const std::vector<std::int64_t>& ids,
                            const std::string& by, jobs::TimePoint now);
  static void prune_ledger(State& state, jobs::TimePoint before);

  State state_;
  std::function<bool(const std::string&)> owner_is_dead_;
};

}  // namespace fakes
