#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/memory_store.h"

namespace fakes {

using Series = std::map<std::vector<std::string>, std::int64_t>;

/// Adds to one total of the counters, and notes how to take it back.
inline void bump(std::vector<std::function<void(MemoryStore::State&)>>& undo,
                 MemoryStore::State& state, Series jobs::Counters::* series,
                 std::vector<std::string> labels, std::int64_t by) {
  if (by <= 0) {
    return;
  }
  auto& total = (state.counters.*series)[labels];
  total += by;
  undo.push_back([series, labels = std::move(labels), by](MemoryStore::State& into) {
    auto& counter = into.counters.*series;
    const auto found = counter.find(labels);
    found->second -= by;
    if (found->second == 0) {
      counter.erase(found);
    }
  });
}

}  // namespace fakes
