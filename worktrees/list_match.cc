#include "worktrees/list_match.h"

#include <algorithm>
#include <string_view>

#include "worktrees/convert.h"

namespace worktrees {

ListMatch match_lists(const TreeList& list, const TreeList& known) {
  const std::vector<std::uint32_t> none(list.files.size(), kUnknown);
  ListMatch matches{.known = none, .path = none, .gone = {}};
  bool attributes_moved = false;
  std::uint32_t there = 0;
  const auto pass = [&](std::string_view path) {
    matches.gone.emplace_back(path);
    attributes_moved = attributes_moved || is_attributes_file(path);
    ++there;
  };
  for (std::size_t i = 0; i < list.files.size(); ++i) {
    const std::string_view path = list.path(list.files[i]);
    while (there < known.files.size() && known.path(known.files[there]) < path) {
      pass(known.path(known.files[there]));
    }
    const bool found = there < known.files.size() && known.path(known.files[there]) == path;
    matches.path[i] = found ? there : kUnknown;
    if (found && list.files[i].mode == known.files[there].mode &&
        git_oid_cmp(&list.files[i].id, &known.files[there].id) == 0) {
      matches.known[i] = there;
    } else {
      attributes_moved = attributes_moved || is_attributes_file(path);
    }
    there += found ? 1 : 0;
  }
  while (there < known.files.size()) {
    pass(known.path(known.files[there]));
  }
  if (attributes_moved) {
    std::ranges::fill(matches.known, kUnknown);
  }
  return matches;
}

}  // namespace worktrees
