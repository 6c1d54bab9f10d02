#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/prove/frame/harness.h"
#include "tests/prove/limits/web_server.h"
#include "tests/support/small_fleet.h"

namespace prove::limits {

inline constexpr long kMostKib = 256L << 10;
inline constexpr int kMostDescriptors = 256;

/// A fleet with something much too large in it, and the commands that are measured there.
class World {
 public:
  World(const Options& options, Record& record, std::string name)
      : options_(options), record_(record), name_(std::move(name)) {}

  /// A fleet of one repository, "acme/shop", whose agent is this shell script.
  void one_repository(const std::string& script);

  /// The remotes are behind a web server from now on. To be called behind one_repository.
  void over_http();

  /// Runs the program with a limit on its descriptors. A violation: more memory than allowed, a
  /// death, a mistake of its own, or no descriptor left. Returns what it printed.
  std::string measure(const std::vector<std::string>& words);
  /// What people look at, and a tick that writes nothing.
  void look(const std::string& issue);
  /// Measured ticks until `done`, at least one; a violation if it takes longer.
  void tick_until(const std::function<bool()>& done, int seconds);
  /// The same until no run is live.
  void tick_until_quiet(int seconds);

  /// A violation unless the newest run ended so.
  void expect(const std::string& outcome);
  void violation(const std::string& what);
  /// A shell script in the fleet's folder; a violation if it fails.
  void prepare(const std::string& script);

  test_support::SmallFleet fleet;

 private:
  const Options& options_;
  Record& record_;
  std::string name_;
  std::unique_ptr<WebServer> server_;
};

/// Ended runs with their turns and money, `count` of them, put into the state by a process of its
/// own: a program's peak is never below that of the process that started it.
[[nodiscard]] bool fill_with_old_runs(const std::string& state_dir, int count, int body_bytes);

}  // namespace prove::limits
