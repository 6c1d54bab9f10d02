#pragma once

#include <functional>
#include <map>
#include <optional>
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

 private:
  using TurnKey = std::pair<jobs::RunId, int>;
  struct State {
    std::map<jobs::RunId, jobs::Run> runs;
    std::map<TurnKey, jobs::Turn> turns;
    std::vector<jobs::Event> events;
    std::vector<jobs::Attempt> attempts;
    std::map<std::int64_t, jobs::OutboxRow> outbox;
    std::int64_t next_effect = 1;
    std::map<std::int64_t, jobs::Brake> brakes;
    std::int64_t next_brake = 1;
    std::vector<jobs::Request> requests;
    std::optional<jobs::Pause> pause;
    std::vector<jobs::LedgerRow> ledger;
    std::map<jobs::IssueKey, jobs::Usage> carried;
    std::vector<jobs::PastDecision> decisions;
    std::map<jobs::TickId, jobs::TickRow> ticks;
    jobs::Counters counters;
    jobs::Lease lease;
  };

  /// Runs `body` on a copy that replaces the state only if it succeeds.
  jobs::Status writing(const jobs::Lease* lease, const std::function<jobs::Status(State&)>& body);
  static jobs::Status apply(State& state, const jobs::TickId& tick, const jobs::Change& change,
                            std::optional<jobs::TimePoint> now);
  static jobs::Status put_run(State& state, const jobs::Run& run);
  static jobs::Status put_turn(State& state, const jobs::Turn& turn);
  static jobs::Status add_ledger(State& state, const jobs::LedgerRow& row);
  static jobs::Status clear(State& state, const std::vector<std::int64_t>& ids,
                            const std::string& by, jobs::TimePoint now);
  static void prune_ledger(State& state, jobs::TimePoint before);

  State state_;
  std::function<bool(const std::string&)> owner_is_dead_;
};

}  // namespace fakes
