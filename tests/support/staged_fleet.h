#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/small_fleet.h"
#include "tests/support/staged_forge.h"

namespace test_support {

/// A moment in the life of a fleet that is worth being struck: what leads up to it, and the command
/// that is struck.
struct Scene {
  std::string name;
  std::function<void(SmallFleet&)> declare;  ///< agents, repositories, issues
  std::function<void(SmallFleet&)> prepare;  ///< up to the moment; kept and put back for each case
  std::function<void(SmallFleet&)> before;   ///< in each case: what no copy can hold, such as a
                                             ///< living turn; may be empty
  std::function<std::vector<std::string>(const SmallFleet&)> words;  ///< the command
  std::function<void(SmallFleet&)> after;  ///< what a person would do next; may be empty
  bool forge = false;                      ///< its issue is on a forge, the tracker "hub"
};

/// idle, new, settle, alive, endless, land, propose, merge-pull, merge, ci-green, ci-red, recover,
/// freeze, cancel, blocked, janitor, migrate, and the commands of people.
[[nodiscard]] const std::vector<Scene>& scenes();
[[nodiscard]] const Scene& scene_called(const std::string& name);

/// One scene, set up once and put back as often as is wanted.
class Stage {
 public:
  Stage(const Scene& scene, const std::vector<std::string>& environment);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// Ends what still runs, puts every file back, and goes on to the moment itself.
  void put_back();
  [[nodiscard]] const Scene& scene() const { return scene_; }

  SmallFleet fleet;

 private:
  std::unique_ptr<StagedForge> forge_;
  void end_processes() const;
  const Scene& scene_;
};

/// Agents, verification and CI of a scene wait, once begun, until the gate is open: what a tick has
/// started does not end before the tick does, however slow the machine is.
void open_gate(const SmallFleet& fleet);
void close_gate(const SmallFleet& fleet);
[[nodiscard]] std::string gate_of(const SmallFleet& fleet);

/// Waits until no turn and no CI of the fleet is at work; false if that takes longer.
bool wait_for_turns(const SmallFleet& fleet, int milliseconds = 5000);

}  // namespace test_support
