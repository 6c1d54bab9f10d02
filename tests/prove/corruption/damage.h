#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

/// What can happen to the files of a state: pure, so that a seed and a number name one damage.
namespace prove::corruption {

/// How a command ends that finds the state damaged: docs/decisions/0005.
inline constexpr int kDamaged = 4;

/// The bytes of state.db, of its journal, and of state.lock.
struct Files {
  std::string database;
  std::optional<std::string> journal;
  std::string lock;
  friend bool operator==(const Files&, const Files&) = default;
};

/// What damages are made from.
struct Sources {
  Files now;                       ///< of the point that is damaged
  std::vector<std::string> older;  ///< the database as it was at earlier points
  std::string foreign;             ///< another program's SQLite database
  std::string foreign_journal;     ///< a journal that belongs to it
  bool hot = false;                ///< `now` holds a step that was cut off, and its journal
};

struct Damage {
  std::string kind;
  std::string detail;
  Files files;
  /// Nothing of it may pass: not even as "hit what decides nothing".
  bool must_be_noticed = false;
  /// The files are sound, but the runner's user may not write them.
  bool permissions = false;
};

using Random = std::mt19937_64;

/// Never the undamaged files.
[[nodiscard]] Damage draw(const Sources& sources, Random& random);

/// Every kind that `draw` can give for one of the two sorts of point.
[[nodiscard]] std::vector<std::string> kinds(bool hot);

}  // namespace prove::corruption
