#pragma once

#include <string>
#include <vector>

#include "jobs/ports/store.h"
#include "tests/sim_support/world.h"

namespace sim {

/// The state as one tick sees it: every call passes through the world.
class TickStore final : public jobs::Store {
 public:
  TickStore(World& world, Tick& tick) : world_(world), tick_(tick) {}

  jobs::Result<std::vector<jobs::Run>> runs(const jobs::RunFilter& filter) override {
    return read("store.runs", [&] { return world_.store.runs(filter); });
  }
  jobs::Result<jobs::Run> run(const std::string& id) override {
    return read("store.run", [&] { return world_.store.run(id); });
  }
  jobs::Result<std::vector<jobs::Turn>> turns(const jobs::RunId& run) override {
    return read("store.turns", [&] { return world_.store.turns(run); });
  }
  jobs::Result<std::vector<jobs::Event>> events(const jobs::RunId& run) override {
    return read("store.events", [&] { return world_.store.events(run); });
  }
  jobs::Result<std::vector<jobs::Attempt>> attempts(const jobs::IssueKey& issue) override {
    return read("store.attempts", [&] { return world_.store.attempts(issue); });
  }
  jobs::Result<std::vector<jobs::OutboxRow>> outbox(
      const std::optional<jobs::RunId>& run) override {
    return read("store.outbox", [&] { return world_.store.outbox(run); });
  }
  jobs::Result<std::vector<jobs::Brake>> brakes(bool in_force_only) override {
    return read("store.brakes", [&] { return world_.store.brakes(in_force_only); });
  }
  jobs::Result<std::vector<jobs::Request>> requests() override {
    return read("store.requests", [&] { return world_.store.requests(); });
  }
  jobs::Result<std::optional<jobs::Pause>> pause() override {
    return read("store.pause", [&] { return world_.store.pause(); });
  }
  jobs::Result<jobs::Spend> spend(const jobs::SpendFilter& filter) override {
    return read("store.spend", [&] { return world_.store.spend(filter); });
  }
  jobs::Result<std::map<jobs::IssueKey, jobs::Spend>> spend_by_issue(
      const std::optional<jobs::TimePoint>& since) override {
    return read("store.spend_by_issue", [&] { return world_.store.spend_by_issue(since); });
  }
  jobs::Result<std::vector<jobs::LedgerRow>> ledger(const jobs::RunId& run) override {
    return read("store.ledger", [&] { return world_.store.ledger(run); });
  }
  jobs::Result<std::vector<jobs::PastDecision>> decisions(const jobs::IssueKey& issue,
                                                          int limit) override {
    return read("store.decisions", [&] { return world_.store.decisions(issue, limit); });
  }
  jobs::Result<std::vector<jobs::TickRow>> ticks(int limit) override {
    return read("store.ticks", [&] { return world_.store.ticks(limit); });
  }
  jobs::Result<jobs::Counters> counters() override {
    return read("store.counters", [&] { return world_.store.counters(); });
  }
  jobs::Result<jobs::Lease> acquire_lease(const std::string& owner, jobs::TimePoint now,
                                          jobs::Duration ttl) override {
    return write("store.acquire_lease", [&] {
      auto lease = world_.store.acquire_lease(owner, now, ttl);
      tick_.epoch = lease ? lease->epoch : 0;
      return lease;
    });
  }
  jobs::Result<jobs::Lease> renew_lease(const jobs::Lease& lease, jobs::TimePoint now,
                                        jobs::Duration ttl) override {
    return write("store.renew_lease", [&] { return world_.store.renew_lease(lease, now, ttl); });
  }
  jobs::Status release_lease(const jobs::Lease& lease) override {
    return write("store.release_lease", [&] { return world_.store.release_lease(lease); });
  }
  jobs::Status begin_tick(const jobs::Lease& lease, const jobs::TickRow& tick) override {
    return write("store.begin_tick", [&] { return world_.store.begin_tick(lease, tick); });
  }
  jobs::Status end_tick(const jobs::Lease& lease, const jobs::TickRow& tick) override {
    return write("store.end_tick", [&] { return world_.store.end_tick(lease, tick); });
  }
  jobs::Status commit(const jobs::Lease& lease, const jobs::TickId& tick,
                      const jobs::Change& change) override {
    return write("store.commit", [&] {
      return world_.checks.step(tick_, change,
                                [&] { return world_.store.commit(lease, tick, change); });
    });
  }
  jobs::Status claim_effect(const jobs::Lease& lease, std::int64_t id) override {
    return write("store.claim_effect", [&] {
      const bool before = world_.checks.claimed_before(id);
      auto claimed = world_.store.claim_effect(lease, id);
      tick_.claimed = claimed ? id : 0;
      if (claimed && before) {
        world_.see("an effect is claimed again by a later epoch");
      }
      return claimed;
    });
  }
  jobs::Status finish_effect(const jobs::Lease& lease, const jobs::TickId& tick,
                             const EffectEnd& end, const jobs::Change& change,
                             jobs::TimePoint now) override {
    return write("store.finish_effect", [&] {
      return world_.checks.step(tick_, change, [&] {
        auto done = world_.store.finish_effect(lease, tick, end, change, now);
        if (done) {
          tick_.claimed = 0;
          world_.checks.finished(end);
        }
        return done;
      });
    });
  }
  jobs::Status prune(const jobs::Lease& lease, const jobs::PruneSpec& spec) override {
    return write("store.prune", [&] { return world_.store.prune(lease, spec); });
  }
  jobs::Status add_request(const jobs::Request& request) override {
    return write("store.add_request", [&] { return world_.store.add_request(request); });
  }
  jobs::Status set_pause(const jobs::Pause& pause) override {
    return write("store.set_pause", [&] { return world_.store.set_pause(pause); });
  }
  jobs::Status clear_pause(const std::string& by, jobs::TimePoint now) override {
    return write("store.clear_pause", [&] { return world_.store.clear_pause(by, now); });
  }
  jobs::Status clear_brakes(const std::vector<std::int64_t>& ids, const std::string& by,
                            jobs::TimePoint now) override {
    return write("store.clear_brakes", [&] { return world_.store.clear_brakes(ids, by, now); });
  }

 private:
  template <typename Work>
  auto read(const char* name, const Work& work) -> decltype(work()) {
    return world_.pass(tick_, {name, Call::Port::store}, work);
  }
  template <typename Work>
  auto write(const char* name, const Work& work) -> decltype(work()) {
    return world_.pass(tick_, {name, Call::Port::store, true}, work);
  }
  World& world_;
  Tick& tick_;
};

}  // namespace sim
