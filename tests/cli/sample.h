#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "runner/store/store.h"
#include "tests/support/playground.h"
#include "tests/support/sample_state.h"

namespace test_support {

/// The sample state in the playground's state folder, made by the real store, with the folders of
/// its turns.
inline void fill_state(const Playground& playground) {
  const auto now = std::chrono::time_point_cast<jobs::Duration>(std::chrono::system_clock::now());
  runner::store::StoreOptions options;
  options.state_dir = playground.folder() + "/manifests/state";
  options.now = now;
  auto store = runner::store::open_store(options);
  ASSERT_TRUE(store.has_value()) << store.error().text();
  std::filesystem::create_directories(playground.folder() + "/manifests/issues/acme/shop");
  const std::string turns = options.state_dir + "/turns";
  const auto filled = fill_sample_state(**store, now, turns);
  ASSERT_TRUE(filled.has_value()) << filled.error().text();
  for (const char* run : {kLandedRun, kFrozenRun, kLiveRun}) {
    const std::string turn = turns + "/" + run + "/1";
    write_file(turn + "/output.log",
               std::string("first line\nsecond ") + kHostile + "\nno newline");
    write_file(
        turn + "/events.ndjson",
        "{\"at\":\"2026-01-02T03:04:05Z\",\"type\":\"started\",\"text\":\"coder\"}\nbroken line\n");
  }
}

}  // namespace test_support
