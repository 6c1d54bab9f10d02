#pragma once

#include <string>
#include <vector>

#include "jobs/ports/store.h"
#include "tests/support/scenario_gate.h"

namespace scenario {

/// A store with every call passing a Gate.
class GatedStore final : public jobs::Store {
 public:
  GatedStore(Gate& gate, jobs::Store& real) : gate_(gate), real_(real) {}

  jobs::Result<std::vector<jobs::Run>> runs(const jobs::RunFilter& filter) override {
    return gate_.pass("store.runs", [&] { return real_.runs(filter); });
  }
  jobs::Result<jobs::Run> run(const std::string& id) override {
    return gate_.pass("store.run", [&] { return real_.run(id); });
  }
  jobs::Result<std::vector<jobs::Turn>> turns(const jobs::RunId& run) override {
    return gate_.pass("store.turns", [&] { return real_.turns(run); });
  }
  jobs::Result<std::vector<jobs::Event>> events(const jobs::RunId& run) override {
    return gate_.pass("store.events", [&] { return real_.events(run); });
  }
  jobs::Result<std::vector<jobs::Attempt>> attempts(const jobs::IssueKey& issue) override {
    return gate_.pass("store.attempts", [&] { return real_.attempts(issue); });
  }
  jobs::Result<std::vector<jobs::OutboxRow>> outbox(
      const std::optional<jobs::RunId>& run) override {
    return gate_.pass("store.outbox", [&] { return real_.outbox(run); });
  }
  jobs::Result<std::vector<jobs::Brake>> brakes(bool in_force_only) override {
    return gate_.pass("store.brakes", [&] { return real_.brakes(in_force_only); });
  }
  jobs::Result<std::vector<jobs::Request>> requests() override {
    return gate_.pass("store.requests", [&] { return real_.requests(); });
  }
  jobs::Result<std::optional<jobs::Pause>> pause() override {
    return gate_.pass("store.pause", [&] { return real_.pause(); });
  }
  jobs::Result<jobs::Spend> spend(const jobs::SpendFilter& filter) override {
    return gate_.pass("store.spend", [&] { return real_.spend(filter); });
  }
  jobs::Result<std::map<jobs::IssueKey, jobs::Spend>> spend_by_issue(
      const std::optional<jobs::TimePoint>& since) override {
    return gate_.pass("store.spend_by_issue", [&] { return real_.spend_by_issue(since); });
  }
  jobs::Result<std::vector<jobs::LedgerRow>> ledger(const jobs::RunId& run) override {
    return gate_.pass("store.ledger", [&] { return real_.ledger(run); });
  }
  jobs::Result<std::vector<jobs::PastDecision>> decisions(const jobs::IssueKey& issue,
                                                          int limit) override {
    return gate_.pass("store.decisions", [&] { return real_.decisions(issue, limit); });
  }
  jobs::Result<std::vector<jobs::TickRow>> ticks(int limit) override {
    return gate_.pass("store.ticks", [&] { return real_.ticks(limit); });
  }
  jobs::Result<jobs::Counters> counters() override {
    return gate_.pass("store.counters", [&] { return real_.counters(); });
  }
  jobs::Result<jobs::Lease> acquire_lease(const std::string& owner, jobs::TimePoint now,
                                          jobs::Duration ttl) override {
    return gate_.pass("store.acquire_lease", [&] { return real_.acquire_lease(owner, now, ttl); });
  }
  jobs::Result<jobs::Lease> renew_lease(const jobs::Lease& lease, jobs::TimePoint now,
                                        jobs::Duration ttl) override {
    return gate_.pass("store.renew_lease", [&] { return real_.renew_lease(lease, now, ttl); });
  }
  jobs::Status release_lease(const jobs::Lease& lease) override {
    return gate_.pass("store.release_lease", [&] { return real_.release_lease(lease); });
  }
  jobs::Status begin_tick(const jobs::Lease& lease, const jobs::TickRow& tick) override {
    return gate_.pass("store.begin_tick", [&] { return real_.begin_tick(lease, tick); });
  }
  jobs::Status end_tick(const jobs::Lease& lease, const jobs::TickRow& tick) override {
    return gate_.pass("store.end_tick", [&] { return real_.end_tick(lease, tick); });
  }
  jobs::Status commit(const jobs::Lease& lease, const jobs::TickId& tick,
                      const jobs::Change& change) override {
    return gate_.pass("store.commit", [&] { return real_.commit(lease, tick, change); });
  }
  jobs::Status claim_effect(const jobs::Lease& lease, std::int64_t id) override {
    return gate_.pass("store.claim_effect", [&] { return real_.claim_effect(lease, id); });
  }
  jobs::Status finish_effect(const jobs::Lease& lease, const jobs::TickId& tick,
                             const EffectEnd& end, const jobs::Change& change,
                             jobs::TimePoint now) override {
    return gate_.pass("store.finish_effect",
                      [&] { return real_.finish_effect(lease, tick, end, change, now); });
  }
  jobs::Status prune(const jobs::Lease& lease, const jobs::PruneSpec& spec) override {
    return gate_.pass("store.prune", [&] { return real_.prune(lease, spec); });
  }
  jobs::Status add_request(const jobs::Request& request) override {
    return gate_.pass("store.add_request", [&] { return real_.add_request(request); });
  }
  jobs::Status set_pause(const jobs::Pause& pause) override {
    return gate_.pass("store.set_pause", [&] { return real_.set_pause(pause); });
  }
  jobs::Status clear_pause(const std::string& by, jobs::TimePoint now) override {
    return gate_.pass("store.clear_pause", [&] { return real_.clear_pause(by, now); });
  }
  jobs::Status clear_brakes(const std::vector<std::int64_t>& ids, const std::string& by,
                            jobs::TimePoint now) override {
    return gate_.pass("store.clear_brakes", [&] { return real_.clear_brakes(ids, by, now); });
  }

 private:
  Gate& gate_;
  jobs::Store& real_;
};

}  // namespace scenario
