#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/oracle/observation.h"
#include "tests/prove/corruption/damage.h"
#include "tests/prove/frame/harness.h"
#include "tests/support/small_fleet.h"

namespace prove::corruption {

/// A moment of a run's life at which no process is at work: everything of the installation, and
/// what the next tick makes of it.
struct Point {
  std::string name;
  std::string copy;  ///< folder that holds the installation as it was
  Sources sources;
  bool starts = false;  ///< the next tick starts a process, so that how far it comes may differ
  int exit_code = 0;    ///< of the next tick on the undamaged state
  std::string outcome;  ///< after that
  std::int64_t notified = 0;
};

/// One worker's own installation, its points, and ways to go back to them.
class Prepared {
 public:
  Prepared(const Options& options, const std::string& folder);

  [[nodiscard]] const std::vector<Point>& points() const { return points_; }
  [[nodiscard]] const std::string& scratch() const { return folder_; }
  [[nodiscard]] const test_support::SmallFleet& fleet() const { return fleet_; }
  [[nodiscard]] std::string state_file() const { return fleet_.folder() + "/state/state.db"; }

  /// Puts everything back as it was at that point; little to do if it is there and untouched.
  void restore(const Point& point);
  /// Something but the files of the state has changed.
  void touched() { at_.clear(); }
  /// Puts these files in the place of the state's; true for `gone` = no database at all.
  void place(const Files& files, bool gone) const;
  [[nodiscard]] Files files() const;
  /// Names, sizes, times and inodes of everything but the answers of commands.
  [[nodiscard]] std::string tree() const;
  /// Waits until no turn's process lives.
  void wait_for_turns() const;
  [[nodiscard]] oracle::Observation observe() const;
  /// What came of it, without what differs from run to run.
  [[nodiscard]] std::string outcome(const Point& point) const;
  /// A tick by a user who may read everything and write nothing.
  [[nodiscard]] test_support::Answer tick_as_nobody() const;

 private:
  void keep(const std::string& name, bool starts);
  void keep_cut_off();
  void tick_and_wait() const;

  const Options& options_;
  std::string folder_;
  std::string foreign_;
  std::string foreign_journal_;
  std::vector<std::string> older_;
  std::vector<Point> points_;
  std::string at_;  ///< name of the point that the installation is at; empty = none
  test_support::SmallFleet fleet_;
};

}  // namespace prove::corruption
