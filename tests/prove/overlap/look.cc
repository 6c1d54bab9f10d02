#include "tests/prove/overlap/look.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include <sqlite3.h>

#include "tests/oracle/read_state.h"

namespace prove::overlap {

namespace {

/// The lock file of the state, held for the time of a look.
class StateLock {
 public:
  explicit StateLock(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    constexpr int kTries = 30;
    for (int i = 0; fd_ >= 0 && i < kTries; ++i) {
      if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) {
        held_ = true;
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  ~StateLock() {
    if (fd_ >= 0) {
      // A child forked meanwhile by another thread shares the lock until it executes something.
      ::flock(fd_, LOCK_UN);
      ::close(fd_);
    }
  }
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;
  [[nodiscard]] bool held() const { return held_; }

 private:
  int fd_;
  bool held_ = false;
};

std::optional<LeaseSeen> read_lease(const std::string& file) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(raw, &sqlite3_close);
  sqlite3_stmt* query = nullptr;
  if (opened != SQLITE_OK || sqlite3_prepare_v2(raw, "SELECT epoch, owner FROM leases", -1, &query,
                                                nullptr) != SQLITE_OK) {
    return std::nullopt;  // A journal that the next writer will roll back.
  }
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(query,
                                                                             &sqlite3_finalize);
  if (sqlite3_step(query) != SQLITE_ROW) {
    return std::nullopt;
  }
  LeaseSeen seen{.epoch = sqlite3_column_int64(query, 0), .pid = 0};
  // host:pid:start:boot:namespace
  const std::string owner = reinterpret_cast<const char*>(sqlite3_column_text(query, 1));
  if (const auto colon = owner.find(':'); colon != std::string::npos) {
    seen.pid = std::atoi(owner.c_str() + colon + 1);
  }
  return seen;
}

}  // namespace

Looker::Looker(oracle::Place place, Case which, Record& record)
    : place_(std::move(place)), case_(std::move(which)), record_(record) {}

std::optional<LeaseSeen> Looker::lease() const {
  const StateLock lock(place_.state_dir + "/state.lock");
  return lock.held() ? read_lease(place_.state_dir + "/state.db") : std::nullopt;
}

void Looker::look(bool whole) {
  if (!std::filesystem::exists(place_.state_dir + "/state.db")) {
    return;
  }
  oracle::Observation now;
  {
    const StateLock lock(place_.state_dir + "/state.lock");
    if (!lock.held()) {
      record_.count("looks put off");
      return;
    }
    if (whole) {
      now = oracle::observe_folder(place_);
    } else {
      oracle::read_state(place_.state_dir, place_.scratch, now);
      now.processes = oracle::census(place_.state_dir);
    }
  }
  record_.count("looks while ticks work");
  report(oracle::judge_always(now, rules));
  if (before_) {
    report(oracle::judge_between(*before_, now));
  }
  follow_claims(now);
  if (!whole && before_) {
    now.remotes = before_->remotes;  // still what the next look is compared with
  }
  before_ = std::move(now);
}

void Looker::follow_claims(const oracle::Observation& now) {
  for (const oracle::EffectRow& row : now.outbox) {
    if (row.state == "claimed" && row.claimed_epoch < now.lease_epoch) {
      abandoned_.emplace(row.id, row.claimed_epoch);
    } else if (row.state == "done" && abandoned_.erase(row.id) > 0) {
      record_.seen("the claim of a dead tick was taken over");
    }
  }
}

oracle::Observation Looker::everything() const {
  return oracle::observe_folder(place_);
}

void Looker::report(const std::vector<oracle::Finding>& findings) const {
  if (!findings.empty()) {
    record_.violation(
        {.what = oracle::describe(findings), .where = case_.name, .seed = case_.seed});
  }
}

}  // namespace prove::overlap
