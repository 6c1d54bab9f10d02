#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jobs/ports/http_cache.h"
#include "runner/store/database.h"
#include "runner/store/files.h"
#include "runner/store/ledger.h"
#include "runner/store/migrations.h"
#include "runner/store/sealed.h"
#include "runner/store/store.h"

namespace runner::store {

/// What one writing step works on. It ends in a commit, or nothing of it happened.
struct Step {
  Database& database;
  Seals seals;
  Ledger& ledger;
  bool ledger_changed = false;
};

/// The Store over one SQLite file. Every call is one transaction; the first call, and each one
/// after another process has written, verifies the file before it believes or changes anything in
/// it.
class SqliteStore final : public jobs::Store {
 public:
  struct Parts {
    Database database;
    std::optional<LockFile> lock;  ///< none = opened for reading only
    StatePaths paths;              ///< empty = in memory: has no file and no mark
    std::function<bool(const std::string&)> owner_is_dead;
    jobs::Duration patience{};
  };
  explicit SqliteStore(Parts parts);
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;
  ~SqliteStore() override;

  [[nodiscard]] jobs::Result<std::vector<jobs::Run>> runs(const jobs::RunFilter& filter) override;
  [[nodiscard]] jobs::Result<jobs::Run> run(const std::string& id_or_prefix) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::Turn>> turns(const jobs::RunId& run) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::Event>> events(const jobs::RunId& run) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::Attempt>> attempts(
      const jobs::IssueKey& issue) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::OutboxRow>> outbox(
      const std::optional<jobs::RunId>& run) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::Brake>> brakes(bool in_force_only) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::Request>> requests() override;
  [[nodiscard]] jobs::Result<std::optional<jobs::Pause>> pause() override;
  [[nodiscard]] jobs::Result<jobs::Spend> spend(const jobs::SpendFilter& filter) override;
  [[nodiscard]] jobs::Result<std::map<jobs::IssueKey, jobs::Spend>> spend_by_issue(
      const std::optional<jobs::TimePoint>& since) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::LedgerRow>> ledger(const jobs::RunId& run) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::PastDecision>> decisions(const jobs::IssueKey& issue,
                                                                        int limit) override;
  [[nodiscard]] jobs::Result<std::vector<jobs::TickRow>> ticks(int limit) override;
  [[nodiscard]] jobs::Result<jobs::Counters> counters() override;

  [[nodiscard]] jobs::Result<jobs::Lease> acquire_lease(const std::string& owner,
                                                        jobs::TimePoint now,
                                                        jobs::Duration ttl) override;
  [[nodiscard]] jobs::Result<jobs::Lease> renew_lease(const jobs::Lease& lease, jobs::TimePoint now,
                                                      jobs::Duration ttl) override;
  [[nodiscard]] jobs::Status release_lease(const jobs::Lease& lease) override;
  [[nodiscard]] jobs::Status begin_tick(const jobs::Lease& lease,
                                        const jobs::TickRow& tick) override;
  [[nodiscard]] jobs::Status end_tick(const jobs::Lease& lease, const jobs::TickRow& tick) override;
  [[nodiscard]] jobs::Status commit(const jobs::Lease& lease, const jobs::TickId& tick,
                                    const jobs::Change& change) override;
  [[nodiscard]] jobs::Status claim_effect(const jobs::Lease& lease, std::int64_t id) override;
  [[nodiscard]] jobs::Status finish_effect(const jobs::Lease& lease, const jobs::TickId& tick,
                                           const EffectEnd& end, const jobs::Change& change,
                                           jobs::TimePoint now) override;
  [[nodiscard]] jobs::Status prune(const jobs::Lease& lease, const jobs::PruneSpec& spec) override;
  [[nodiscard]] jobs::Status add_request(const jobs::Request& request) override;
  [[nodiscard]] jobs::Status set_pause(const jobs::Pause& pause) override;
  [[nodiscard]] jobs::Status clear_pause(const std::string& by, jobs::TimePoint now) override;
  [[nodiscard]] jobs::Status clear_brakes(const std::vector<std::int64_t>& ids,
                                          const std::string& by, jobs::TimePoint now) override;

  /// Of http_cache: see http_cache.h. A row that is damaged is not there.
  [[nodiscard]] jobs::Result<std::optional<jobs::HttpCached>> cached(const jobs::HttpCacheKey& key);
  /// Writes these in one step, and drops the oldest rows beyond what is kept.
  [[nodiscard]] jobs::Status keep(const std::map<jobs::HttpCacheKey, jobs::HttpCached>& answers);
  [[nodiscard]] bool writable() const { return lock_.has_value(); }

 private:
  using StepBody = std::function<jobs::Status(Step&)>;

  /// One consistent, verified look at the file.
  template <typename T>
  [[nodiscard]] jobs::Result<T> reading(const std::function<jobs::Result<T>()>& body) {
    const std::lock_guard guard(mutex_);
    RUNNER_TRY(begin_reading());
    jobs::Result<T> result = body();
    end_reading(result ? nullptr : &result.error());
    return result;
  }
  [[nodiscard]] jobs::Status begin_reading();
  void end_reading(const jobs::Error* failure);

  /// Lock file, transaction, verification, lease, body, commit. `lease` null = a person's step, or
  /// one on the lease itself.
  [[nodiscard]] jobs::Status writing(const jobs::Lease* lease, const StepBody& body);
  [[nodiscard]] jobs::Status transaction(const jobs::Lease* lease, const StepBody& body);
  /// Counts the step if it changed anything.
  [[nodiscard]] jobs::Status count_step(std::int64_t changes_before);
  [[nodiscard]] jobs::Status same_process() const;
  [[nodiscard]] jobs::Status verified(const StepMark& mark);
  /// conflict: another file lies in the state's place than the one that was opened.
  [[nodiscard]] jobs::Status same_file() const;
  void remember(const jobs::Error& failure);

  std::mutex mutex_;
  Database database_;
  std::optional<LockFile> lock_;
  StatePaths paths_;
  FileIdentity file_;
  std::int64_t steps_ = 0;  ///< of the newest step; 0 = it changed nothing
  std::function<bool(const std::string&)> owner_is_dead_;
  jobs::Duration patience_;
  int pid_;
  Ledger ledger_;
  std::optional<std::int64_t>
      verified_version_;                ///< SQLite's data_version when the file was last verified
  std::optional<jobs::Error> refused_;  ///< why this object writes no more
};

/// open_store with a list of migrations of one's own: for tests of migrating.
[[nodiscard]] jobs::Result<std::unique_ptr<jobs::Store>> open_store_with(
    const StoreOptions& options, std::span<const Migration> known);
[[nodiscard]] jobs::Result<std::unique_ptr<jobs::StoreReader>> open_store_read_only_with(
    const std::string& state_dir, std::span<const Migration> known);

/// The lease as stored; epoch 0 and no owner if there never was one.
[[nodiscard]] jobs::Result<jobs::Lease> stored_lease(Database& database, const std::string& name);

/// Writes a change. `now` = when, for what the change itself does not say.
[[nodiscard]] jobs::Status apply_change(Step& step, const jobs::TickId& tick,
                                        const jobs::Change& change,
                                        const std::optional<jobs::TimePoint>& now);
[[nodiscard]] jobs::Status clear_brakes_in(Step& step, const std::vector<std::int64_t>& ids,
                                           const std::string& by, jobs::TimePoint now);
/// Adds to a total of `counters`.
[[nodiscard]] jobs::Status bump(Step& step, const char* name,
                                const std::vector<std::string>& labels, std::int64_t by);

}  // namespace runner::store
