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

std::string_view to_string(TrackerKind kind) {
  switch (kind) {
    case TrackerKind::local: return "local";
    case TrackerKind::github: return "github";
    case TrackerKind::forgejo: return "forgejo";
    case TrackerKind::plane: return "plane";
  }
  return "local";
}

std::string_view to_string(ForgeApi api) {
  switch (api) {
    case ForgeApi::automatic: return "auto";
    case ForgeApi::graphql: return "graphql";
    case ForgeApi::rest: return "rest";
  }
  return "auto";
}

std::string_view to_string(AgentKind kind) {
  switch (kind) {
    case AgentKind::command: return "command";
    case AgentKind::claude: return "claude";
    case AgentKind::codex: return "codex";
    case AgentKind::opencode: return "opencode";
  }
  return "command";
}

std::string_view to_string(CiKind kind) {
  switch (kind) {
    case CiKind::command: return "command";
    case CiKind::checks: return "checks";
    case CiKind::forgejo: return "forgejo";
    case CiKind::woodpecker: return "woodpecker";
  }
  return "command";
}

std::string_view to_string(Network network) {
  switch (network) {
    case Network::all: return "all";
    case Network::loopback: return "loopback";
    case Network::none: return "none";
  }
  return "all";
}

std::string_view to_string(LandingMode mode) {
  switch (mode) {
    case LandingMode::push: return "push";
    case LandingMode::pull_request: return "pull-request";
  }
  return "push";
}

std::string_view to_string(Containment containment) {
  switch (containment) {
    case Containment::automatic: return "auto";
    case Containment::strong: return "strong";
    case Containment::sandbox: return "sandbox";
    case Containment::pid_namespace: return "namespace";
    case Containment::cgroup: return "cgroup";
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
