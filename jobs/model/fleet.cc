#include "jobs/model/fleet.h"

#include <algorithm>

namespace jobs {

std::string_view to_string(StageKind kind) {
  switch (kind) {
    case StageKind::agent: return "agent";
    case StageKind::command: return "command";
    case StageKind::land: return "land";
    case StageKind::ci: return "ci";
  }
  return "agent";
}

std::string_view to_string(Containment containment) {
  switch (containment) {
    case Containment::automatic: return "auto";
    case Containment::strong: return "strong";
    case Containment::group: return "group";
  }
  return "auto";
}

Pipeline default_pipeline() {
  return {.name = "default",
          .stages = {{.name = "implement", .kind = StageKind::agent, .agent = {}, .command = {}},
                     {.name = "verify", .kind = StageKind::command, .agent = {}, .command = {}},
                     {.name = "land", .kind = StageKind::land, .agent = {}, .command = {}},
                     {.name = "ci", .kind = StageKind::ci, .agent = {}, .command = {}}}};
}

const Repo* Fleet::repo(const RepoName& name) const {
  const auto found = std::ranges::find(repos, name, &Repo::name);
  return found == repos.end() ? nullptr : &*found;
}

bool Fleet::allows(const RepoName& name) const {
  return std::ranges::find(allow, name) != allow.end();
}

}  // namespace jobs
