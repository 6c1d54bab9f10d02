#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "jobs/base/error.h"
#include "tests/sim_support/moves.h"

namespace sim {

/// What the script has put up: once, for the next occasion, or for a while.
class Armed {
 public:
  std::function<void(Move)> seen;  ///< told whenever something really happens

  void once(const Step& step) { of(step.move).push_back({step, std::nullopt}); }
  void until(const Step& step, jobs::TimePoint end) { of(step.move).push_back({step, end}); }
  void clear() {
    for (auto& list : all_) {
      list.clear();
    }
  }

  /// The next occasion has come: gives the step and uses it up.
  std::optional<Step> take(Move move, int repo) {
    auto& list = of(move);
    const auto found = std::ranges::find_if(list, [&](const Entry& entry) {
      return entry.step.repo == repo || entry.step.repo < 0 || repo < 0;
    });
    if (found == list.end()) {
      return std::nullopt;
    }
    const Step step = found->step;
    list.erase(found);
    seen(move);
    return step;
  }
  /// Is it so just now?
  const Step* now(Move move, int repo, jobs::TimePoint time) {
    auto& list = of(move);
    if (list.empty()) {
      return nullptr;
    }
    std::erase_if(list, [&](const Entry& entry) { return entry.end && *entry.end <= time; });
    for (const Entry& entry : list) {
      if (entry.step.repo == repo || entry.step.repo < 0 || repo < 0) {
        seen(move);
        return &entry.step;
      }
    }
    return nullptr;
  }

 private:
  struct Entry {
    Step step;
    std::optional<jobs::TimePoint> end;
  };
  std::vector<Entry>& of(Move move) { return all_[static_cast<std::size_t>(move)]; }

  std::array<std::vector<Entry>, static_cast<std::size_t>(kMoves)> all_;
};

}  // namespace sim
