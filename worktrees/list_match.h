#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worktrees/tree_list.h"

namespace worktrees {

/// Not among what is known.
constexpr std::uint32_t kUnknown = ~std::uint32_t{0};

/// Two lists beside one another.
struct ListMatch {
  /// Of each file its number among the known ones with the same path, id and mode; kUnknown for all
  /// where a file of attributes is not the same: the same blob may come out as another file then.
  std::vector<std::uint32_t> known;
  std::vector<std::uint32_t> path;  ///< the same whatever they hold: where the path is known
  std::vector<std::string> gone;    ///< known files whose path the list does not have
};

/// Pure.
[[nodiscard]] ListMatch match_lists(const TreeList& list, const TreeList& known);

}  // namespace worktrees
