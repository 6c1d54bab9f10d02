#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/prove/trace/ground.h"

/// The ticks in which a run goes on, each from the state in which it begins.
namespace prove::trace {

struct Scenario {
  std::string_view name;
  std::string_view what;
  bool supervisor = false;  ///< not a tick: the process that owns a turn
};

/// idle, claim, settle, land, fix, close, recover, and supervise.
[[nodiscard]] const std::vector<Scenario>& scenarios();
/// Throws for a name that there is not.
[[nodiscard]] const Scenario& scenario(std::string_view name);

/// Lives one life and saves the state in which each scenario begins. In all of them everything that
/// waits at a gate in this scenario waits until the gate is opened.
void prepare(const Ground& ground);

/// What is to be traced, killed or hurt, from the restored state.
[[nodiscard]] Launch launch_of(const Scenario& scenario, const Ground& ground);

/// Puts the state of a scenario back. Prepares anew what is older than some minutes: what waits
/// in a state has deadlines.
class Stage {
 public:
  Stage(const Options& options, int number) : ground_(options, number) {}
  const Ground& at(const Scenario& scenario);
  [[nodiscard]] const Ground& ground() const { return ground_; }

 private:
  Ground ground_;
  std::int64_t prepared_ = 0;
};

}  // namespace prove::trace
