#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tests/prove/frame/harness.h"
#include "tests/prove/frame/settle.h"
#include "tests/support/staged_fleet.h"

namespace prove::points {

enum class Deed : std::uint8_t {
  kill,
  error,
  stop_and_kill,  ///< stopped; later killed
  stop_and_wake,  ///< stopped for longer than the lease lives while another tick works; then woken
  delay,
};
[[nodiscard]] std::string_view to_string(Deed deed);

/// One blow: at the how manieth passing of which point what happens, in which scene.
struct Blow {
  std::string scene;
  std::string point;
  int ordinal = 1;
  Deed deed = Deed::kill;

  /// "land push_after#1 kill": what `--only` takes.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] static Blow parse(const std::string& name);
};

/// How often each point is passed at most by one process.
using Passings = std::map<std::string, int>;

/// Runs the command of the scene without a blow and says which points it and what it starts pass;
/// judges the end as for a blow.
Passings learn(test_support::Stage& stage, const Options& options, Record& record);

/// Strikes, lets ticks go on until all is quiet, and judges. False if the point was not passed.
bool strike(test_support::Stage& stage, const Blow& blow, const Options& options, Record& record);

}  // namespace prove::points
