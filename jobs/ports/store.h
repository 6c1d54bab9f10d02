#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/decision.h"
#include "jobs/model/effect.h"
#include "jobs/model/issue.h"
#include "jobs/model/ledger.h"
#include "jobs/model/run.h"
#include "jobs/model/tick.h"
#include "jobs/model/turn.h"

namespace jobs {

struct Request {
  RunId run;
  RequestKind kind = RequestKind::cancel;
  std::string by;
  std::string why;
  TimePoint at;
};

/// `runner pause`.
struct Pause {
  std::string by;
  std::string why;
  TimePoint at;
};

/// A decision as it was recorded.
struct PastDecision {
  TickId tick;
  TimePoint at;
  Decision decision;
};

struct RunFilter {
  bool live_only = false;
  std::optional<RepoName> repo;
  std::optional<IssueKey> issue;
  std::optional<Outcome> outcome;
  int limit = 0;      ///< 0 = all; newest first
  bool texts = true;  ///< false: title, body and text_digest may be left out, so that the runs of
                      ///< years fit into memory
};

/// Numbers for metrics: totals that never go backwards, also after retention has pruned the rows
/// they came from.
struct Counters {
  std::map<std::vector<std::string>, std::int64_t> decisions;         ///< {repo, reason}
  std::map<std::vector<std::string>, std::int64_t> runs_started;      ///< {repo}
  std::map<std::vector<std::string>, std::int64_t> runs_ended;        ///< {repo, outcome}
  std::map<std::vector<std::string>, std::int64_t> turns;             ///< {repo, agent, kind, end}
  std::map<std::vector<std::string>, std::int64_t> effects;           ///< {kind, state}
  std::map<std::vector<std::string>, std::int64_t> ticks;             ///< {exit code}
  std::map<std::vector<std::string>, std::int64_t> spent_usd_micros;  ///< {repo, agent}
  std::map<std::vector<std::string>, std::int64_t> spent_tokens;      ///< {repo, agent}
  std::map<std::vector<std::string>, std::int64_t> landings;          ///< {repo}
  std::map<std::vector<std::string>, std::int64_t> fix_attempts;      ///< {repo}
};

/// Reads the state. Opened read-only it writes nothing, not even a lock or journal file.
class StoreReader {
 public:
  virtual ~StoreReader() = default;
  [[nodiscard]] virtual Result<std::vector<Run>> runs(const RunFilter& filter) = 0;
  /// By id or by an unambiguous beginning of at least four characters. not_found names the nearest
  /// ids.
  [[nodiscard]] virtual Result<Run> run(const std::string& id_or_prefix) = 0;
  [[nodiscard]] virtual Result<std::vector<Turn>> turns(const RunId& run) = 0;
  [[nodiscard]] virtual Result<std::vector<Event>> events(const RunId& run) = 0;
  [[nodiscard]] virtual Result<std::vector<Attempt>> attempts(const IssueKey& issue) = 0;
  /// Unfinished rows (pending, claimed) of all runs in order, or every row of one run.
  [[nodiscard]] virtual Result<std::vector<OutboxRow>> outbox(const std::optional<RunId>& run) = 0;
  [[nodiscard]] virtual Result<std::vector<Brake>> brakes(bool in_force_only) = 0;
  [[nodiscard]] virtual Result<std::vector<Request>> requests() = 0;
  [[nodiscard]] virtual Result<std::optional<Pause>> pause() = 0;
  [[nodiscard]] virtual Result<Spend> spend(const SpendFilter& filter) = 0;
  /// The same of every issue that has any, in one call: all that counts since then, or ever.
  [[nodiscard]] virtual Result<std::map<IssueKey, Spend>> spend_by_issue(
      const std::optional<TimePoint>& since) = 0;
  [[nodiscard]] virtual Result<std::vector<LedgerRow>> ledger(const RunId& run) = 0;
  /// Newest first.
  [[nodiscard]] virtual Result<std::vector<PastDecision>> decisions(const IssueKey& issue,
                                                                    int limit) = 0;
  [[nodiscard]] virtual Result<std::vector<TickRow>> ticks(int limit) = 0;
  [[nodiscard]] virtual Result<Counters> counters() = 0;
};

/// Everything one step changes, written in one transaction or not at all.
struct Change {
  std::vector<Run> runs;    ///< inserted or replaced by id
  std::vector<Turn> turns;  ///< inserted or replaced by (run, number)
  std::vector<Attempt> attempts;
  std::vector<LedgerRow>
      ledger;  ///< appended; a second reserve / settle for one (run, turn) is a conflict
  std::vector<Effect> effects;  ///< appended as pending; a key that exists already is left as it is
  std::vector<Event> events;    ///< appended
  std::vector<Brake> brakes_set;
  std::vector<std::int64_t> brakes_cleared;  ///< ids; cleared_by is `cleared_by`
  std::string cleared_by;
  std::vector<Decision> decisions;     ///< of the current tick
  std::vector<Request> requests_done;  ///< removed
  [[nodiscard]] bool empty() const {
    return runs.empty() && turns.empty() && attempts.empty() && ledger.empty() && effects.empty() &&
           events.empty() && brakes_set.empty() && brakes_cleared.empty() && decisions.empty() &&
           requests_done.empty();
  }
};

/// Proof that the tick lease is held. Every write of a tick carries it; a stale epoch is refused
/// with conflict.
struct Lease {
  std::string name = "tick";
  std::string owner;  ///< "host:pid:start-time"
  Epoch epoch = 0;
  TimePoint expires_at;
};

struct PruneSpec {
  std::optional<TimePoint> ended_runs_before;
  std::optional<TimePoint> decisions_before;
};

/// Writes the state. Every call is one transaction with full sync. `corrupt`: damaged or newer,
/// nothing was written.
class Store : public StoreReader {
 public:
  /// Takes the lease if it is free or expired at `now` (epoch + 1). conflict: held; the message
  /// says by whom and until when.
  [[nodiscard]] virtual Result<Lease> acquire_lease(const std::string& owner, TimePoint now,
                                                    Duration ttl) = 0;
  [[nodiscard]] virtual Result<Lease> renew_lease(const Lease& lease, TimePoint now,
                                                  Duration ttl) = 0;
  /// Gives the lease back; no effect if it is somebody else's by now.
  [[nodiscard]] virtual Status release_lease(const Lease& lease) = 0;

  [[nodiscard]] virtual Status begin_tick(const Lease& lease, const TickRow& tick) = 0;
  [[nodiscard]] virtual Status end_tick(const Lease& lease, const TickRow& tick) = 0;

  /// conflict: stale epoch, a second live run of a repository, or a ledger row that exists. Then
  /// nothing was written.
  [[nodiscard]] virtual Status commit(const Lease& lease, const TickId& tick,
                                      const Change& change) = 0;

  /// Marks one outbox row as being carried out by this epoch. conflict: done, given up, or claimed
  /// by this epoch already.
  [[nodiscard]] virtual Status claim_effect(const Lease& lease, std::int64_t id) = 0;
  /// The row's end, together with what it changed, in one transaction. `next_attempt` set = back to
  /// pending with `error`.
  struct EffectEnd {
    std::int64_t id = 0;
    EffectState state = EffectState::done;
    std::string error;
    std::optional<TimePoint> next_attempt;
  };
  [[nodiscard]] virtual Status finish_effect(const Lease& lease, const TickId& tick,
                                             const EffectEnd& end, const Change& change,
                                             TimePoint now) = 0;

  [[nodiscard]] virtual Status prune(const Lease& lease, const PruneSpec& spec) = 0;

  // By people, without the tick lease (but under the same lock file).
  [[nodiscard]] virtual Status add_request(const Request& request) = 0;
  [[nodiscard]] virtual Status set_pause(const Pause& pause) = 0;
  [[nodiscard]] virtual Status clear_pause(const std::string& by, TimePoint now) = 0;
  [[nodiscard]] virtual Status clear_brakes(const std::vector<std::int64_t>& ids,
                                            const std::string& by, TimePoint now) = 0;
};

}  // namespace jobs
