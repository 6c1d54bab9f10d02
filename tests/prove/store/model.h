#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// What docs/state.md promises of leases, claims and the ledger, as plain values: so small that it
/// can be read in one go. It knows nothing of the store.
namespace prove::store {

struct Held {
  std::string owner;
  std::int64_t epoch = 0;
};

class Model {
 public:
  enum class State : std::uint8_t { pending, claimed, done };
  struct Effect {
    State state = State::pending;
    std::int64_t epoch = 0;  ///< of the claim
  };

  [[nodiscard]] bool may_acquire(std::int64_t now) const {
    return lease_.owner.empty() || expires_ <= now;
  }
  Held acquire(const std::string& owner, std::int64_t until) {
    lease_ = {.owner = owner, .epoch = lease_.epoch + 1};
    expires_ = until;
    return lease_;
  }
  [[nodiscard]] bool in_force(const Held& lease) const {
    return lease.owner == lease_.owner && lease.epoch == lease_.epoch;
  }
  void renew(std::int64_t until) { expires_ = until; }
  void release(const Held& lease) {
    if (in_force(lease)) {
      lease_.owner.clear();
    }
  }

  [[nodiscard]] bool may_claim(const Held& lease, std::size_t effect) const {
    const Effect& row = effects.at(effect);
    return in_force(lease) && (row.state == State::pending ||
                               (row.state == State::claimed && row.epoch < lease.epoch));
  }
  [[nodiscard]] bool may_finish(const Held& lease, std::size_t effect) const {
    const Effect& row = effects.at(effect);
    return in_force(lease) && row.state == State::claimed && row.epoch == lease.epoch;
  }
  [[nodiscard]] bool may_settle(const Held& lease, int turn) const {
    return in_force(lease) && settled.contains(turn) && !settled.at(turn);
  }

  [[nodiscard]] std::int64_t epoch() const { return lease_.epoch; }

  std::vector<Effect> effects;
  std::map<int, bool> settled;  ///< turn -> has ended in the books

 private:
  Held lease_;
  std::int64_t expires_ = 0;
};

}  // namespace prove::store
