#include "worktrees/tree_guard.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "jobs/base/ascii.h"

namespace worktrees {
namespace {

/// Code points that HFS+ leaves out when it compares names, as UTF-8.
constexpr std::array<std::string_view, 17> kIgnoredByHfs = {
    "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
    "\u206a", "\u206b", "\u206c", "\u206d", "\u206e", "\u206f", "\ufeff", "\u200b"};

std::string lower_without_ignored(std::string_view name) {
  std::string folded;
  while (!name.empty()) {
    const auto ignored = std::ranges::find_if(
        kIgnoredByHfs, [&](std::string_view mark) { return name.starts_with(mark); });
    if (ignored != kIgnoredByHfs.end()) {
      name.remove_prefix(ignored->size());
      continue;
    }
    const char c = name.front();
    folded.push_back(jobs::to_ascii_lower(c));
    name.remove_prefix(1);
  }
  return folded;
}

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

/// False for most names at their first letter: this is asked for each of a tree.
bool may_mean_dot_git(std::string_view name) {
  const char first = name.empty() ? '\0' : name.front();
  return !is_ascii(first) || first == '.' || first == 'g' || first == 'G';
}

bool means_dot_git(std::string_view name) {
  if (!may_mean_dot_git(name)) {
    return false;
  }
  std::string folded = lower_without_ignored(name);
  // NTFS drops what follows a ':' (a stream) and trailing dots and spaces, and takes '\\' for a
  // separator.
  folded = folded.substr(0, folded.find_first_of(":\\"));
  while (!folded.empty() && (folded.back() == '.' || folded.back() == ' ')) {
    folded.pop_back();
  }
  return folded == ".git" || folded == "git~1";
}

}  // namespace

std::string bad_entry_name(std::string_view name) {
  if (name.empty()) {
    return "has an empty name";
  }
  if (name == "." || name == "..") {
    return "would leave its directory";
  }
  if (name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos) {
    return "has a separator in its name";
  }
  if (means_dot_git(name)) {
    return "is a name for .git";
  }
  return {};
}

std::string bad_entry_mode(std::uint32_t mode) {
  constexpr std::uint32_t kTree = 0040000;
  constexpr std::uint32_t kLink = 0120000;
  constexpr std::uint32_t kSubmodule = 0160000;
  constexpr std::uint32_t kFileType = 0100000;
  if (mode == kTree || mode == kLink || mode == kSubmodule) {
    return {};
  }
  // Old writers left group bits in file modes; git reads them as 644 or 755.
  if ((mode & 0170000) == kFileType && (mode & 07000) == 0) {
    return {};
  }
  return fmt::format("has the mode {:06o}", mode);
}

std::string TreeGuard::problem_of(std::string_view name, std::uint32_t mode) {
  std::string problem = bad_entry_name(name);
  if (problem.empty()) {
    problem = bad_entry_mode(mode);
  }
  if (!problem.empty()) {
    return problem;
  }
  constexpr std::uint32_t kTree = 0040000;
  const bool directory = mode == kTree;
  std::string key(name);
  // char_traits<char> compares as unsigned bytes, as git does.
  if (directory) {
    if (std::ranges::binary_search(files_, key)) {
      return "is a file and a directory";
    }
    key += '/';
  } else {
    files_.push_back(key);
  }
  if (!before_.empty() && key <= before_) {
    return "stands twice or out of order";
  }
  before_ = std::move(key);
  return {};
}

}  // namespace worktrees
