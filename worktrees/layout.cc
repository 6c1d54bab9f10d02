#include "worktrees/layout.h"

#include <fmt/core.h>

#include "jobs/base/text.h"

namespace worktrees {

std::string Layout::mirror(const jobs::RepoName& repo) const {
  return fmt::format("{}/mirrors/{}.git", root, jobs::path_component(repo.str()));
}
std::string Layout::checkout(const jobs::RepoName& repo) const {
  return fmt::format("{}/checkouts/{}.git", root, jobs::path_component(repo.str()));
}
std::string Layout::checkout_objects(const jobs::RepoName& repo) const {
  return checkout(repo) + "/objects";
}
std::string Layout::pool(const jobs::RepoName& repo) const {
  return fmt::format("{}/worktrees/{}", root, jobs::path_component(repo.str()));
}
std::string Layout::slot(const jobs::RepoName& repo, std::string_view name) const {
  return fmt::format("{}/{}", pool(repo), name);
}
std::string Layout::known_files(const jobs::RepoName& repo, std::string_view slot) const {
  return fmt::format("{}/{}.index", pool(repo), slot);
}
std::string Layout::ci(const jobs::RepoName& repo) const {
  return fmt::format("{}/ci/{}", root, jobs::path_component(repo.str()));
}
std::string Layout::lock(const jobs::RepoName& repo) const {
  return fmt::format("{}/locks/{}.lock", root, jobs::path_component(repo.str()));
}
std::string Layout::scratch() const {
  return root + "/tmp";
}
std::string Layout::trash() const {
  return root + "/trash";
}

}  // namespace worktrees
