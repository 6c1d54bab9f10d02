#include "worktrees/sparse.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

namespace worktrees {

namespace {

/// A path as a pattern that means itself alone.
std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (std::string_view("*?[\\").find(c) != std::string_view::npos) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path[folder.size()] == '/' && path.starts_with(folder);
}

}  // namespace

Cone::Cone(std::vector<std::string> folders) {
  std::ranges::sort(folders);
  for (std::string& folder : folders) {
    const bool covered = std::ranges::any_of(folders_, [&](const std::string& other) {
      return folder == other || is_below(folder, other);
    });
    if (!covered) {
      folders_.push_back(std::move(folder));
    }
  }
  // "a-b" sorts between "a" and "a/c": one below another can come before a third.
  for (const std::string& folder : folders_) {
    for (std::size_t slash = folder.find('/'); slash != std::string::npos;
         slash = folder.find('/', slash + 1)) {
      above_.push_back(folder.substr(0, slash));
    }
  }
  std::ranges::sort(above_);
  const auto [first, last] = std::ranges::unique(above_);
  above_.erase(first, last);
}

bool Cone::has_folder(std::string_view folder) const {
  if (all() || folder.empty() || std::ranges::binary_search(above_, folder)) {
    return true;
  }
  return std::ranges::any_of(folders_, [&](const std::string& whole) {
    return folder == whole || is_below(folder, whole);
  });
}

bool Cone::has_file(std::string_view path) const {
  const std::size_t slash = path.rfind('/');
  return has_folder(slash == std::string_view::npos ? std::string_view() : path.substr(0, slash));
}

std::string Cone::patterns() const {
  std::string out = "/*\n!/*/\n";
  for (const std::string& folder : above_) {
    out += fmt::format("/{0}/\n!/{0}/*/\n", escaped(folder));
  }
  for (const std::string& folder : folders_) {
    out += fmt::format("/{}/\n", escaped(folder));
  }
  return out;
}

std::vector<bool> in_cone(const TreeList& list, const Cone& cone) {
  std::vector<bool> directories;
  directories.reserve(list.directories.size());
  for (const TreeList::Directory& directory : list.directories) {
    directories.push_back(cone.has_folder(list.path(directory)));
  }
  std::vector<bool> files;
  files.reserve(list.files.size());
  for (const TreeList::File& file : list.files) {
    files.push_back(directories[file.directory]);
  }
  return files;
}

TreeList chosen(const TreeList& list, const std::vector<bool>& keep) {
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> files(list.directories.size());
  for (std::size_t i = 0; i < list.files.size(); ++i) {
    files[list.files[i].directory] += keep[i] ? 1U : 0U;
  }
  // Each directory stands before what is in it.
  for (std::size_t i = list.directories.size(); i-- > 1;) {
    files[list.directories[i].parent] += files[i];
  }
  TreeList out;
  std::vector<std::uint32_t> number(list.directories.size(), kNone);
  for (std::size_t i = 0; i < list.directories.size(); ++i) {
    if (files[i] == 0 && i != 0) {
      continue;
    }
    TreeList::Directory directory = list.directories[i];
    number[i] = static_cast<std::uint32_t>(out.directories.size());
    directory.path_at = out.keep_path(list.path(directory));
    directory.parent = i == 0 ? 0 : number[directory.parent];
    directory.files = files[i];
    directory.directories = 0;
    if (i != 0) {
      ++out.directories[directory.parent].directories;
    }
    out.directories.push_back(directory);
  }
  for (std::size_t i = 0; i < list.files.size(); ++i) {
    if (keep[i]) {
      TreeList::File file = list.files[i];
      file.path_at = out.keep_path(list.path(file));
      file.directory = number[file.directory];
      out.files.push_back(file);
    }
  }
  return out;
}

}  // namespace worktrees
