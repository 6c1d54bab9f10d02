// What StoreReader promises.
#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/store/cells.h"
#include "runner/store/rows.h"
#include "runner/store/sqlite_store.h"

namespace runner::store {

namespace {

using jobs::ErrorKind;
using jobs::fail;

template <typename T>
jobs::Result<std::vector<T>> decoded(Database& database, const SealedTable& table,
                                     jobs::Result<T> (*from)(const Row&), const std::string& where,
                                     const Row& parameters,
                                     const std::function<bool(T&)>& keep = {}) {
  std::vector<T> result;
  RUNNER_TRY(select_each(database, table, where, parameters, [&](Row&& row) -> jobs::Status {
    RUNNER_ASSIGN(T one, from(row));
    if (!keep || keep(one)) {
      result.push_back(std::move(one));
    }
    return jobs::ok();
  }));
  return result;
}

std::size_t common_beginning(const std::string& a, const std::string& b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                  a.begin());
}

/// The up to three ids that share the longest beginning with `wanted`, newer ones first among
/// equals.
std::string nearest(const std::string& wanted, std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end(), [&](const std::string& a, const std::string& b) {
    const std::size_t left = common_beginning(a, wanted);
    const std::size_t right = common_beginning(b, wanted);
    return left != right ? left > right : a > b;
  });
  ids.resize(std::min<std::size_t>(ids.size(), 3));
  return fmt::format("{}", fmt::join(ids, ", "));
}

std::string limited(int limit) {
  return limit > 0 ? fmt::format(" LIMIT {}", limit) : std::string();
}

}  // namespace

jobs::Result<std::vector<jobs::Run>> SqliteStore::runs(const jobs::RunFilter& filter) {
  return reading<std::vector<jobs::Run>>([&]() -> jobs::Result<std::vector<jobs::Run>> {
    // Only what an index covers is left to SQL: the check of the structure compares those cells
    // with the index.
    std::string where =
        filter.live_only ? "INDEXED BY one_live_run WHERE step <> 'ended'" : "WHERE 1";
    Row parameters;
    if (filter.issue) {
      where += " AND repo = ? AND number = ?";
      parameters = {filter.issue->repo.str(), filter.issue->number};
    } else if (filter.repo) {
      where += " AND repo = ?";
      parameters = {filter.repo->str()};
    }
    where += " ORDER BY id DESC";
    const auto wanted = [&](jobs::Run& run) {
      if (!filter.texts) {
        jobs::forget(run.title);
        jobs::forget(run.body);
        jobs::forget(run.text_digest);
      }
      return (!filter.outcome || run.outcome == filter.outcome) &&
             (!filter.repo || run.issue.repo == *filter.repo);
    };
    RUNNER_ASSIGN(auto runs,
                  decoded<jobs::Run>(database_, runs_table(), run_from,
                                     where + (filter.outcome ? "" : limited(filter.limit)),
                                     parameters, wanted));
    if (filter.limit > 0 && runs.size() > static_cast<std::size_t>(filter.limit)) {
      runs.resize(static_cast<std::size_t>(filter.limit));
    }
    return runs;
  });
}

jobs::Result<jobs::Run> SqliteStore::run(const std::string& id_or_prefix) {
  return reading<jobs::Run>([&]() -> jobs::Result<jobs::Run> {
    RUNNER_ASSIGN(const auto rows, database_.rows("SELECT id FROM runs ORDER BY id DESC"));
    std::vector<std::string> ids;
    std::vector<std::string> matching;
    for (const Row& row : rows) {
      const auto* id = std::get_if<std::string>(&row.front());
      if (id == nullptr) {
        return damaged("a run has no id");
      }
      ids.push_back(*id);
      if (id->starts_with(id_or_prefix)) {
        matching.push_back(*id);
      }
    }
    const std::string shown = jobs::one_line(id_or_prefix, 60);
    const bool exact = std::find(matching.begin(), matching.end(), id_or_prefix) != matching.end();
    if (!exact && id_or_prefix.size() < 4) {
      return fail(ErrorKind::usage,
                  fmt::format("'{}' is too short for the beginning of a run's id", shown),
                  "give at least four characters");
    }
    if (!exact && matching.empty()) {
      return fail(ErrorKind::not_found, fmt::format("there is no run '{}'", shown),
                  ids.empty() ? "there are no runs yet"
                              : "nearest: " + nearest(id_or_prefix, std::move(ids)));
    }
    if (!exact && matching.size() > 1) {
      const std::size_t count = matching.size();
      matching.resize(std::min<std::size_t>(count, 10));
      return fail(ErrorKind::usage,
                  fmt::format("'{}' is the beginning of {} runs: {}{}", shown, count,
                              fmt::join(matching, ", "), count > 10 ? ", ..." : ""),
                  "give more characters");
    }
    RUNNER_ASSIGN(auto runs, decoded(database_, runs_table(), run_from, "WHERE id = ?",
                                     {exact ? id_or_prefix : matching.front()}));
    if (runs.size() != 1) {
      return damaged("a run is in the index and not in the table");
    }
    return std::move(runs.front());
  });
}

jobs::Result<std::vector<jobs::Turn>> SqliteStore::turns(const jobs::RunId& run) {
  return reading<std::vector<jobs::Turn>>([&] {
    return decoded(database_, turns_table(), turn_from, "WHERE run = ? ORDER BY number",
                   {run.str()});
  });
}

jobs::Result<std::vector<jobs::Event>> SqliteStore::events(const jobs::RunId& run) {
  return reading<std::vector<jobs::Event>>([&]() -> jobs::Result<std::vector<jobs::Event>> {
    RUNNER_ASSIGN(
        const auto rows,
        database_.rows("SELECT run, at, kind, detail FROM events WHERE run = ? ORDER BY id",
                       {run.str()}));
    std::vector<jobs::Event> result;
    for (const Row& row : rows) {
      RowReader in("events", row);
      jobs::Event event;
      event.run = in.id<jobs::RunId>();
      event.at = in.time();
      event.kind = in.text();
      event.detail = in.text();
      RUNNER_TRY(in.finish());
      result.push_back(std::move(event));
    }
    return result;
  });
}

jobs::Result<std::vector<jobs::Attempt>> SqliteStore::attempts(const jobs::IssueKey& issue) {
  return reading<std::vector<jobs::Attempt>>([&] {
    return decoded(database_, attempts_table(), attempt_from,
                   "WHERE repo = ? AND number = ? ORDER BY at, head, failing_set",
                   {issue.repo.str(), issue.number});
  });
}

jobs::Result<std::vector<jobs::OutboxRow>> SqliteStore::outbox(
    const std::optional<jobs::RunId>& run) {
  return reading<std::vector<jobs::OutboxRow>>([&] {
    return run ? decoded(database_, outbox_table(), outbox_from, "WHERE run = ? ORDER BY id",
                         {run->str()})
               : decoded(database_, outbox_table(), outbox_from,
                         "WHERE finished_at IS NULL ORDER BY id", {});
  });
}

jobs::Result<std::vector<jobs::Brake>> SqliteStore::brakes(bool in_force_only) {
  return reading<std::vector<jobs::Brake>>([&]() -> jobs::Result<std::vector<jobs::Brake>> {
    RUNNER_ASSIGN(auto brakes, decoded(database_, brakes_table(), brake_from, "ORDER BY id", {}));
    std::erase_if(brakes,
                  [&](const jobs::Brake& brake) { return in_force_only && !brake.in_force(); });
    return brakes;
  });
}

jobs::Result<std::vector<jobs::Request>> SqliteStore::requests() {
  return reading<std::vector<jobs::Request>>([&] {
    return decoded(database_, requests_table(), request_from, "ORDER BY at, run, kind", {});
  });
}

jobs::Result<std::optional<jobs::Pause>> SqliteStore::pause() {
  return reading<std::optional<jobs::Pause>>([&]() -> jobs::Result<std::optional<jobs::Pause>> {
    RUNNER_ASSIGN(auto pauses, decoded(database_, pauses_table(), pause_from, "ORDER BY id", {}));
    std::optional<jobs::Pause> in_force;
    for (PauseRow& row : pauses) {
      if (!row.cleared_at) {
        in_force = std::move(row.pause);
      }
    }
    return in_force;
  });
}

jobs::Result<jobs::Spend> SqliteStore::spend(const jobs::SpendFilter& filter) {
  return reading<jobs::Spend>([&]() -> jobs::Result<jobs::Spend> { return ledger_.spend(filter); });
}

jobs::Result<std::map<jobs::IssueKey, jobs::Spend>> SqliteStore::spend_by_issue(
    const std::optional<jobs::TimePoint>& since) {
  using Sums = std::map<jobs::IssueKey, jobs::Spend>;
  return reading<Sums>([&]() -> jobs::Result<Sums> { return ledger_.spend_by_issue(since); });
}

jobs::Result<std::vector<jobs::LedgerRow>> SqliteStore::ledger(const jobs::RunId& run) {
  return reading<std::vector<jobs::LedgerRow>>(
      [&]() -> jobs::Result<std::vector<jobs::LedgerRow>> { return ledger_.of_run(run); });
}

jobs::Result<std::vector<jobs::PastDecision>> SqliteStore::decisions(const jobs::IssueKey& issue,
                                                                     int limit) {
  return reading<std::vector<jobs::PastDecision>>(
      [&]() -> jobs::Result<std::vector<jobs::PastDecision>> {
        RUNNER_ASSIGN(const auto rows,
                      database_.rows("SELECT tick, started_at, repo, number, title, reason, "
                                     "detail, gates FROM decisions JOIN ticks ON ticks.id = tick "
                                     "WHERE repo = ? AND number = ? ORDER BY decisions.id DESC" +
                                         limited(limit),
                                     {issue.repo.str(), issue.number}));
        std::vector<jobs::PastDecision> result;
        for (const Row& row : rows) {
          RowReader in("decisions", row);
          jobs::PastDecision past;
          past.tick = in.id<jobs::TickId>();
          past.at = in.time();
          past.decision.issue.repo = in.id<jobs::RepoName>();
          past.decision.issue.number = in.number();
          past.decision.title = in.text();
          past.decision.reason = in.name(jobs::parse_reason);
          past.decision.detail = in.text();
          auto gates = gates_from_text(in.text());
          if (!in.finish() || !gates) {
            continue;  // not protected: see ticks
          }
          past.decision.gates = *std::move(gates);
          result.push_back(std::move(past));
        }
        return result;
      });
}

jobs::Result<std::vector<jobs::TickRow>> SqliteStore::ticks(int limit) {
  return reading<std::vector<jobs::TickRow>>([&]() -> jobs::Result<std::vector<jobs::TickRow>> {
    RUNNER_ASSIGN(const auto rows, database_.rows(fmt::format(
                                       "SELECT {} FROM ticks ORDER BY started_at DESC, id DESC{}",
                                       kTickColumns, limited(limit))));
    std::vector<jobs::TickRow> result;
    for (const Row& row : rows) {
      // Ticks are not protected, because they decide nothing: one that cannot be read is left out,
      // and must not stop what does.
      if (auto tick = tick_from(row)) {
        result.push_back(*std::move(tick));
      }
    }
    return result;
  });
}

jobs::Result<jobs::Counters> SqliteStore::counters() {
  using Series = std::map<std::vector<std::string>, std::int64_t>;
  static constexpr std::array<std::pair<std::string_view, Series jobs::Counters::*>, 10> kSeries{
      {{"decisions", &jobs::Counters::decisions},
       {"runs_started", &jobs::Counters::runs_started},
       {"runs_ended", &jobs::Counters::runs_ended},
       {"turns", &jobs::Counters::turns},
       {"effects", &jobs::Counters::effects},
       {"ticks", &jobs::Counters::ticks},
       {"spent_usd_micros", &jobs::Counters::spent_usd_micros},
       {"spent_tokens", &jobs::Counters::spent_tokens},
       {"landings", &jobs::Counters::landings},
       {"fix_attempts", &jobs::Counters::fix_attempts}}};
  return reading<jobs::Counters>([&]() -> jobs::Result<jobs::Counters> {
    RUNNER_ASSIGN(const auto rows, database_.rows("SELECT name, labels, value FROM counters"));
    jobs::Counters result;
    for (const Row& row : rows) {
      RowReader in("counters", row);
      const std::string name = in.text();
      const std::vector<std::string> labels = in.list();
      const std::int64_t value = in.number();
      if (!in.finish()) {
        continue;  // not protected: see ticks
      }
      for (const auto& [known, series] : kSeries) {
        if (known == name) {
          (result.*series)[labels] = value;
        }
      }
    }
    return result;
  });
}

}  // namespace runner::store
