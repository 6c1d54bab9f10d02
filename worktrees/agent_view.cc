#include "worktrees/agent_view.h"

#include "worktrees/layout.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

AgentView agent_view(const std::string& root, const jobs::RepoName& repo, const std::string& cwd) {
  const Layout layout{root};
  AgentView view;
  const auto add = [](std::vector<std::string>& to, const std::string& path, PathKind kind) {
    const bool fits = kind_of(path) == kind;
    if (fits) {
      to.push_back(path);
    }
    return fits;
  };
  if (const std::string mirror = layout.mirror(repo); kind_of(mirror) == PathKind::directory) {
    add(view.readable, mirror + "/objects", PathKind::directory);
  }
  const auto slash = cwd.rfind('/');
  const std::string checkout = layout.checkout(repo);
  if (slash == std::string::npos || cwd.substr(0, slash) != layout.pool(repo) ||
      !add(view.readable, checkout, PathKind::directory)) {
    return view;
  }
  // The first commit would make it, but the folder that it lies in cannot be written.
  (void)make_directories(checkout + "/logs");
  for (const char* part : {"/refs", "/logs"}) {
    add(view.writable, checkout + part, PathKind::directory);
  }
  if (add(view.writable, checkout + "/objects", PathKind::directory)) {
    add(view.readable, checkout + "/objects/info", PathKind::directory);
  }
  if (kind_of(checkout + "/refs") == PathKind::directory) {
    add(view.readable, checkout + "/refs/remotes", PathKind::directory);
  }
  if (add(view.hidden, checkout + "/worktrees", PathKind::directory)) {
    const std::string own = checkout + "/worktrees" + cwd.substr(slash);
    if (add(view.writable, own, PathKind::directory)) {
      add(view.readable, own + "/gitdir", PathKind::file);
      add(view.readable, own + "/commondir", PathKind::file);
    }
  }
  add(view.readable, cwd + "/.git", PathKind::file);
  return view;
}

}  // namespace worktrees
