#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "jobs/ports/workspace.h"

namespace contract {

using Files = std::map<std::string, std::string>;

/// One implementation of the workspace ports with the world around it: a remote, people who push to
/// it, an agent.
class WorkspaceWorld {
 public:
  virtual ~WorkspaceWorld() = default;
  [[nodiscard]] virtual jobs::WorkspaceReader& reader() = 0;
  [[nodiscard]] virtual jobs::WorkspaceWriter& writer() = 0;
  /// A repository whose remote has README.md ("hello\n") on main.
  [[nodiscard]] virtual jobs::Repo repo() = 0;
  [[nodiscard]] virtual jobs::Repo empty_repo() = 0;
  [[nodiscard]] virtual jobs::Repo gone_repo() = 0;
  virtual jobs::Oid commit_on_remote(const Files& files) = 0;
  virtual void rewrite_remote() = 0;
  [[nodiscard]] virtual jobs::Oid remote_head() = 0;
  [[nodiscard]] virtual bool remote_contains(const jobs::Oid& commit) = 0;
  virtual jobs::Oid commit(const jobs::Run& run, const Files& files,
                           const std::string& message = "work") = 0;
  virtual void make_dirty(const jobs::Run& run) = 0;
  virtual void delete_folder(const jobs::Run& run) = 0;
};

/// The implementations that the suite runs against, by name.
struct WorldMaker {
  std::string name;
  std::function<std::unique_ptr<WorkspaceWorld>()> make;
};

[[nodiscard]] std::unique_ptr<WorkspaceWorld> make_fake_world();
[[nodiscard]] std::unique_ptr<WorkspaceWorld> make_git_world();

}  // namespace contract
