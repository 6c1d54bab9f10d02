#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// One fleet in which an agent of each shape leaves its children, in one containment, with one
/// death. Run in a process of its own, as it may be another user's.
namespace prove::containment {

struct Mode {
  const char* name;
  const char* containment;  ///< as the manifest says it
  bool other_user;          ///< an ordinary user instead of root
  bool strong;              ///< nothing is left, even without a tick
};

inline constexpr Mode kModes[] = {
    {"sandbox-root", "sandbox", false, true},     {"sandbox-user", "sandbox", true, true},
    {"namespace-root", "namespace", false, true}, {"namespace-user", "namespace", true, true},
    {"group-root", "group", false, false},        {"group-user", "group", true, false}};

/// Nobody's: a user without an entry is a user too.
inline constexpr unsigned kOrdinaryUser = 61'184;

inline constexpr const char* kDeaths[] = {"deadline", "supervisor", "tick", "exit"};

/// The twelve shapes of the issue; `hidden` sheds also what an ordinary daemon keeps, and is
/// counted apart; `arrest` stops its own supervisor, which takes patience in a group.
inline constexpr const char* kShapes[] = {
    "session", "double-fork",   "ignores",        "pipe",     "stopped", "rabbit",
    "orphan",  "pid-namespace", "user-namespace", "unmarked", "tracer",  "cwd"};

struct CaseResult {
  std::vector<std::pair<std::string, std::int64_t>> counts;
  std::vector<std::string> marks;
  std::vector<std::string> violations;
  std::vector<std::string> notes;
};

/// Drops to an ordinary user first where the mode says so. Throws std::runtime_error when the fleet
/// itself does not work.
[[nodiscard]] CaseResult run_fleet(const Mode& mode, const std::string& death,
                                   const std::string& planted, bool patient);

}  // namespace prove::containment
