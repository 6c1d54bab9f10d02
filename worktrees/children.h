#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "worktrees/tree_list.h"

namespace worktrees {

/// The numbers of what is right in each directory, in the order of the names.
class Children {
 public:
  /// Files come in the order of their names.
  static Children files(const TreeList& list) {
    return {list.files, list.directories.size(), [](const auto& file) { return file.directory; }};
  }
  /// A tree has its directories in another order, as if each name ended in a slash.
  static Children directories(const TreeList& list) {
    Children all(list.directories, list.directories.size(),
                 [](const auto& directory) { return directory.parent; });
    for (std::size_t i = 0; i + 1 < all.begins_.size(); ++i) {
      std::ranges::sort(all.numbers_.begin() + all.begins_[i],
                        all.numbers_.begin() + all.begins_[i + 1], {},
                        [&](std::uint32_t number) { return list.name(list.directories[number]); });
    }
    return all;
  }

  [[nodiscard]] std::span<const std::uint32_t> of(std::size_t directory) const {
    return std::span(numbers_).subspan(begins_[directory],
                                       begins_[directory + 1] - begins_[directory]);
  }

 private:
  template <typename Entries, typename DirectoryOf>
  Children(const Entries& entries, std::size_t directories, const DirectoryOf& directory_of)
      : begins_(directories + 1), numbers_(entries.size()) {
    for (const auto& entry : entries) {
      ++begins_[directory_of(entry) + 1];
    }
    for (std::size_t i = 0; i < directories; ++i) {
      begins_[i + 1] += begins_[i];
    }
    std::vector<std::uint32_t> next(begins_.begin(), begins_.end() - 1);
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
      numbers_[next[directory_of(entries[i])]++] = i;
    }
  }

  std::vector<std::uint32_t> begins_;
  std::vector<std::uint32_t> numbers_;
};

}  // namespace worktrees
