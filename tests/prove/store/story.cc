#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <random>

#include <fmt/format.h>

#include "runner/store/store.h"
#include "tests/oracle/read_state.h"
#include "tests/prove/store/model.h"
#include "tests/prove/store/store.h"

namespace prove::store {

namespace {

constexpr int kSteps = 120;
constexpr std::int64_t kTtl = 30;

jobs::TimePoint at(std::int64_t second) {
  return jobs::TimePoint(std::chrono::seconds(1'790'000'000 + second));
}

class Story {
 public:
  Story(const Options& options, Record& record, std::int64_t number, const std::string& folder)
      : record_(record),
        name_(fmt::format("story {}", number)),
        seed_(options.seed),
        folder_(folder),
        random_(mix(options.seed, "store story", static_cast<std::uint64_t>(number))) {
    for (auto& each : ticks_) {
      auto opened = runner::store::open_store(
          {.state_dir = folder, .now = at(0), .owner_is_dead = [](const std::string&) {
             return false;
           }});
      each = std::move(opened).value();
    }
  }

  void tell() {
    first_words();
    for (int step = 0; step < kSteps && !failed_; ++step) {
      now_ += static_cast<std::int64_t>(below(8));
      one_step();
      record_.count("steps");
    }
    compare_with_the_file();
  }

 private:
  /// Two runs with a reservation each, and a few effects, written under a lease that is given back.
  void first_words() {
    const Held lease = model_.acquire("first", kTtl);
    jobs::Lease real = *ticks_[0]->acquire_lease("first", at(0), std::chrono::seconds(kTtl));
    (void)ticks_[0]->begin_tick(real, {.id = tick_, .started_at = at(0)});
    jobs::Change change;
    jobs::Run run;
    run.id = run_;
    run.issue = {jobs::RepoName("acme/shop"), 1};
    change.runs = {run};
    for (int i = 0; i < 6; ++i) {
      change.effects.push_back({.kind = jobs::EffectKind::upsert_comment,
                                .key = fmt::format("key {}", i),
                                .run = run_,
                                .issue = run.issue});
      model_.effects.emplace_back();
      jobs::LedgerRow reserve;
      reserve.kind = jobs::LedgerKind::reserve;
      reserve.issue = run.issue;
      reserve.run = run_;
      reserve.turn = i;
      reserve.amount.usd.micros = 100;
      reserve.at = at(0);
      change.ledger.push_back(reserve);
      model_.settled[i] = false;
    }
    const auto written = ticks_[0]->commit(real, tick_, change);
    say(written.has_value(), true, 3, "the first step was refused");
    const auto rows = ticks_[0]->outbox(std::nullopt).value();
    for (const jobs::OutboxRow& row : rows) {
      ids_.push_back(row.id);
    }
    (void)ticks_[0]->release_lease(real);
    model_.release(lease);
    leases_.push_back(lease);
  }

  void one_step() {
    jobs::Store& tick = *ticks_[below(2)];
    const Held lease =
        leases_[leases_.size() - 1 - below(std::min<std::size_t>(leases_.size(), 3))];
    const jobs::Lease real{.name = "tick", .owner = lease.owner, .epoch = lease.epoch};
    const auto effect = static_cast<std::size_t>(below(ids_.size()));
    const int turn = static_cast<int>(below(6));
    switch (below(6)) {
      case 0: acquire(tick); return;
      case 1: {
        const bool done = tick.renew_lease(real, at(now_), std::chrono::seconds(kTtl)).has_value();
        say(done, model_.in_force(lease), 1, "renewing " + text(lease));
        if (done) {
          model_.renew(now_ + kTtl);
        }
        return;
      }
      case 2:
        (void)tick.release_lease(real);
        model_.release(lease);
        return;
      case 3:
        if (say(tick.claim_effect(real, ids_[effect]).has_value(), model_.may_claim(lease, effect),
                2, fmt::format("claiming effect {} by {}", effect, text(lease)))) {
          model_.effects[effect] = {.state = Model::State::claimed, .epoch = lease.epoch};
        }
        return;
      case 4: {
        const jobs::Store::EffectEnd end{.id = ids_[effect]};
        if (say(tick.finish_effect(real, tick_, end, {}, at(now_)).has_value(),
                model_.may_finish(lease, effect), 3,
                fmt::format("finishing effect {} by {}", effect, text(lease)))) {
          model_.effects[effect].state = Model::State::done;
        }
        return;
      }
      default: settle(tick, real, lease, turn); return;
    }
  }

  void acquire(jobs::Store& tick) {
    const std::string owner = fmt::format("tick {}", ++owners_);
    const auto lease = tick.acquire_lease(owner, at(now_), std::chrono::seconds(kTtl));
    if (say(lease.has_value(), model_.may_acquire(now_), 1, "taking the lease")) {
      leases_.push_back(model_.acquire(owner, now_ + kTtl));
      say(lease->epoch == model_.epoch(), true, 1,
          fmt::format("the lease got epoch {} instead of {}", lease->epoch, model_.epoch()));
    }
  }

  void settle(jobs::Store& tick, const jobs::Lease& real, const Held& lease, int turn) {
    jobs::LedgerRow row;
    row.kind = below(2) == 0 ? jobs::LedgerKind::settle : jobs::LedgerKind::release;
    row.issue = {jobs::RepoName("acme/shop"), 1};
    row.run = run_;
    row.turn = turn;
    row.at = at(now_);
    jobs::Change change;
    change.ledger = {row};
    if (say(tick.commit(real, tick_, change).has_value(), model_.may_settle(lease, turn), 5,
            fmt::format("ending turn {} in the books by {}", turn, text(lease)))) {
      model_.settled[turn] = true;
    }
  }

  /// True if both say yes. The story ends where they differ.
  bool say(bool real, bool right, int invariant, const std::string& what) {
    record_.seen(right ? "allowed" : "refused");
    if (real != right && !failed_) {
      failed_ = true;
      record_.violation({.what = fmt::format("invariant {}: {} was {}", invariant, what,
                                             real ? "allowed" : "refused"),
                         .where = name_,
                         .seed = seed_});
    }
    return real && right;
  }

  void compare_with_the_file() {
    oracle::Observation seen;
    oracle::read_state(folder_, folder_ + "/copy", seen);
    say(seen.state_damage.empty(), true, 13, "a sound file: " + seen.state_damage);
    say(seen.lease_epoch == model_.epoch(), true, 1, "the epoch in the file");
    for (const oracle::EffectRow& row : seen.outbox) {
      const auto index = static_cast<std::size_t>(row.id - ids_.front());
      const bool done = model_.effects.at(index).state == Model::State::done;
      say((row.state == "done") == done, true, 3, fmt::format("effect {} in the file", index));
    }
    std::map<std::int64_t, int> ends;
    for (const oracle::LedgerLine& line : seen.ledger) {
      ends[line.turn] += line.kind == "reserve" ? 0 : 1;
    }
    for (const auto& [turn, settled] : model_.settled) {
      say(ends[turn] == (settled ? 1 : 0), true, 5, fmt::format("turn {} in the books", turn));
    }
  }

  std::size_t below(std::size_t bound) { return random_() % bound; }
  static std::string text(const Held& lease) {
    return fmt::format("{} (epoch {})", lease.owner, lease.epoch);
  }

  Record& record_;
  std::string name_;
  std::uint64_t seed_;
  std::string folder_;
  std::mt19937_64 random_;
  std::array<std::unique_ptr<jobs::Store>, 2> ticks_;
  Model model_;
  std::vector<Held> leases_;
  std::vector<std::int64_t> ids_;
  jobs::RunId run_{"r0001"};
  jobs::TickId tick_{"t1"};
  std::int64_t now_ = 0;
  int owners_ = 0;
  bool failed_ = false;
};

}  // namespace

void story(const Options& options, Record& record, std::int64_t number, const std::string& folder) {
  std::filesystem::create_directories(folder);
  Story(options, record, number, folder).tell();
  std::filesystem::remove_all(folder);
  record.count("stories");
}

}  // namespace prove::store
