#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

/// Which processes of a fleet live, found without the product and without the help of its marker.
namespace prove::containment {

/// What the fake agent wrote into its log about one child that it left.
struct Child {
  std::string shape;
  std::string turn;
  std::string pid_namespace;
  pid_t pid = 0;  ///< in that namespace
  std::string start;
};

/// All that is known of one fleet's processes. `home` is the folder of the fleet.
class Census {
 public:
  explicit Census(std::string home);

  /// The children in the agent's own log.
  [[nodiscard]] std::vector<Child> children() const;
  /// Every live process that maps the agent's log (as each of its processes does, whatever it
  /// sheds), carries a marker of this fleet's turns, or stands in the agent's own list.
  [[nodiscard]] std::set<pid_t> alive() const;
  /// Shapes in the agent's own list of which at least one process lives.
  [[nodiscard]] std::set<std::string> shapes_alive() const;
  /// Runs whose endlessly forking child still counts.
  [[nodiscard]] std::vector<std::string> rabbits() const;
  /// "PID command" of each, for a violation's text.
  [[nodiscard]] static std::string describe(const std::set<pid_t>& pids);
  /// Ends everything, so that nothing outlives the harness.
  void end_all() const;

 private:
  [[nodiscard]] bool belongs(pid_t pid, const std::vector<Child>& children) const;

  std::string home_;
  std::string log_;
};

}  // namespace prove::containment
