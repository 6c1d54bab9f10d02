#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "jobs/ports/store.h"
#include "tests/contract/store/scratch.h"

/// The same cases against every Store: what an engine may rely on, whichever store it is given.
namespace store_tests {

inline jobs::TimePoint at(std::int64_t seconds) {
  // Far enough from 1970 that "62 days ago" exists.
  return jobs::TimePoint(std::chrono::hours(24 * 365)) + std::chrono::seconds(seconds);
}

/// `ok(status)` as an assertion that shows the error's text.
template <typename T>
::testing::AssertionResult succeeded(const jobs::Result<T>& result) {
  if (result) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure()
         << to_string(result.error().kind) << ": " << result.error().text();
}

template <typename T>
::testing::AssertionResult failed_with(jobs::ErrorKind kind, const jobs::Result<T>& result) {
  if (result) {
    return ::testing::AssertionFailure() << "succeeded, " << to_string(kind) << " expected";
  }
  if (result.error().kind != kind) {
    return ::testing::AssertionFailure() << to_string(result.error().kind) << " instead of "
                                         << to_string(kind) << ": " << result.error().text();
  }
  return ::testing::AssertionSuccess();
}

struct Kind {
  std::string name;
  /// A fresh store whose owners die when they are put into `dead`.
  std::function<std::unique_ptr<jobs::Store>(const Scratch&, const std::set<std::string>& dead)>
      make;
};
inline void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

class StoreContract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    store_ = GetParam().make(scratch_, dead_);
    ASSERT_NE(store_, nullptr);
    auto lease = store_->acquire_lease("alice", at(0), std::chrono::minutes(5));
    ASSERT_TRUE(succeeded(lease));
    lease_ = *lease;
    ASSERT_TRUE(succeeded(store_->begin_tick(lease_, tick("t1", 0))));
  }

  static jobs::TickRow tick(const std::string& id, std::int64_t seconds) {
    return {.id = jobs::TickId(id),
            .jobs = {jobs::TickJob::watch, jobs::TickJob::poll},
            .started_at = at(seconds),
            .ended_at = std::nullopt,
            .host = "host",
            .version = "1.2.3"};
  }
  static jobs::Run run(const std::string& id, const std::string& repo = "acme/shop",
                       jobs::IssueNumber number = 12) {
    jobs::Run run;
    run.id = jobs::RunId(id);
    run.issue = {jobs::RepoName(repo), number};
    run.created_at = at(1);
    run.updated_at = at(1);
    return run;
  }
  static jobs::Run ended(jobs::Run run, std::int64_t seconds,
                         jobs::Outcome outcome = jobs::Outcome::landed) {
    run.step = jobs::RunStep::ended;
    run.outcome = outcome;
    run.ended_at = at(seconds);
    return run;
  }
  static jobs::Effect effect(const jobs::Run& run, const std::string& key,
                             jobs::EffectKind kind = jobs::EffectKind::set_labels) {
    jobs::Effect effect;
    effect.kind = kind;
    effect.key = key;
    effect.run = run.id;
    effect.issue = run.issue;
    effect.at = at(2);
    return effect;
  }
  static jobs::LedgerRow money(jobs::LedgerKind kind, const jobs::Run& run, int turn,
                               std::int64_t micros, std::int64_t seconds) {
    return {.kind = kind,
            .issue = run.issue,
            .run = run.id,
            .turn = turn,
            .agent = "claude",
            .amount = {.usd = {micros},
                       .tokens = micros * 10,
                       .turns = micros > 0 ? 1 : 0,
                       .seconds = 60},
            .estimated = false,
            .at = at(seconds)};
  }
  jobs::Status commit(const jobs::Change& change) {
    return store_->commit(lease_, jobs::TickId("t1"), change);
  }
  jobs::Status start(const std::vector<jobs::Run>& runs) {
    jobs::Change change;
    change.runs = runs;
    return commit(change);
  }

  Scratch scratch_;
  std::set<std::string> dead_;
  std::unique_ptr<jobs::Store> store_;
  jobs::Lease lease_;
};

}  // namespace store_tests
