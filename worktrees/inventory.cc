#include "worktrees/inventory.h"

#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "jobs/base/text.h"
#include "worktrees/record.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

namespace {

jobs::RepoName repo_of_pool(const Layout& layout, const std::string& component) {
  const auto name = read_below(layout.root + "/worktrees/" + component, "repo.name", 4096);
  if (name && *name) {
    const jobs::RepoName repo{std::string(jobs::trimmed(**name))};
    if (jobs::path_component(repo.str()) == component) {
      return repo;
    }
  }
  return jobs::RepoName(component);
}

std::optional<jobs::TimePoint> modified(const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) {
    return std::nullopt;
  }
  return jobs::TimePoint(std::chrono::seconds(info.st_mtim.tv_sec));
}

/// The worktrees of one repository.
void look_into(const std::string& pool, const jobs::RepoName& repo, std::vector<Holding>& found) {
  for (const std::string& name : names_in(pool)) {
    const std::string path = pool + "/" + name;
    if (kind_of(path) != PathKind::directory) {
      continue;
    }
    Holding holding{.entry = {.repo = repo, .path = path}};
    const auto text = read_below(pool, name + ".record", 65536);
    if (const auto record = text && *text ? parse_record(**text) : std::nullopt) {
      holding.entry.run = record->run;
      holding.entry.branch = record->branch;
      holding.recorded = true;
    }
    holding.entry.bytes = tree_bytes(path);
    holding.entry.modified_at = modified(path);
    found.push_back(std::move(holding));
  }
}

}  // namespace

std::vector<Holding> inventory(const Layout& layout) {
  std::vector<Holding> found;
  const std::string top = layout.root + "/worktrees";
  for (const std::string& component : names_in(top)) {
    const std::string pool = top + "/" + component;
    if (kind_of(pool) == PathKind::directory) {
      look_into(pool, repo_of_pool(layout, component), found);
    }
  }
  for (const std::string& name : names_in(layout.trash())) {
    const std::string path = layout.trash() + "/" + name;
    Holding holding{.entry = {.path = path}, .trash = true};
    holding.entry.bytes = tree_bytes(path);
    holding.entry.modified_at = modified(path);
    found.push_back(std::move(holding));
  }
  return found;
}

}  // namespace worktrees
