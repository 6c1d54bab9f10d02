#include "worktrees/tree_entry.h"

#include <cstring>

namespace worktrees {

bool take_entry(std::string_view& tree, RawEntry& entry) {
  constexpr std::size_t kMostDigits = 7;
  entry.mode = 0;
  std::size_t at = 0;
  for (; at < tree.size() && at < kMostDigits && tree[at] >= '0' && tree[at] <= '7'; ++at) {
    entry.mode = entry.mode << 3U | static_cast<std::uint32_t>(tree[at] - '0');
  }
  if (at == 0 || at >= tree.size() || tree[at] != ' ') {
    return false;
  }
  const std::size_t end = tree.find('\0', at + 1);
  if (end == std::string_view::npos || tree.size() - end - 1 < GIT_OID_RAWSZ) {
    return false;
  }
  entry.name = tree.substr(at + 1, end - at - 1);
  std::memcpy(entry.id.id, tree.data() + end + 1, GIT_OID_RAWSZ);
  tree.remove_prefix(end + 1 + GIT_OID_RAWSZ);
  return true;
}

}  // namespace worktrees
