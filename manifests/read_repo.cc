#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/pipelines/prompt.h"
#include "manifests/files.h"
#include "manifests/read.h"

namespace manifests {

namespace {

constexpr std::size_t kMaxPrompt = 256 << 10;
constexpr std::size_t kMaxSparse = 32 << 10;

/// Each worktree's record has them all, and is small.
void read_sparse(TableReader& reader, jobs::Repo& repo) {
  reader.names("sparse", repo.sparse, check_inner_path);
  std::size_t bytes = 0;
  for (const std::string& folder : repo.sparse) {
    bytes += folder.size();
  }
  if (bytes > kMaxSparse) {
    reader.error(reader.find("sparse")->at(),
                 fmt::format("the names of sparse have {} bytes together, at most {} may be", bytes,
                             kMaxSparse),
                 {.expected = {}, .suggestion = {}, .hint = "name folders that are further up"});
  }
}

/// Who the runner is to the remote. A token and the tracker's credential are one setting, like
/// prompt and prompt_file: a repository's own replaces that of [defaults].
void read_remote_auth(Reading& reading, const std::vector<Layer>& layers, const std::string& path,
                      jobs::Repo& repo) {
  TableReader all(reading, "repo", path, layers);
  all.text("remote_user", repo.auth.user, check_actor);
  for (const auto& [key, target] : {std::pair("ssh_key", &repo.auth.ssh_key),
                                    std::pair("ssh_known_hosts", &repo.auth.known_hosts)}) {
    if (all.path(key, *target)) {
      must_exist(all, key, *target);
    }
  }
  for (const Layer& layer : layers) {
    if (!layer || std::ranges::none_of(layer.table->table, [](const Entry& entry) {
          return entry.key == "remote_token_env" || entry.key == "remote_token_file" ||
                 entry.key == "remote_as_tracker";
        })) {
      continue;
    }
    TableReader reader(reading, "repo", path, {layer});
    repo.auth.token = read_token(reading, reader, "remote_");
    reader.boolean("remote_as_tracker", repo.auth.as_tracker);
    if (repo.auth.token && repo.auth.as_tracker) {
      reader.error(reader.find("remote_as_tracker")->key_at(),
                   "a token and remote_as_tracker exclude each other");
    }
    return;
  }
}

}  // namespace

std::string read_text_file(Reading& reading, const Position& at, const std::string& path) {
  auto text = read_file(path, kMaxPrompt);
  if (!text) {
    reading.report.error(
        at, fmt::format("cannot read {}: {}", jobs::one_line(path, 300), text.error()));
    return {};
  }
  if (jobs::to_valid_utf8(*text) != *text) {
    reading.report.error(at, fmt::format("{} is not UTF-8 text", jobs::one_line(path, 300)));
    return {};
  }
  if (const Fault fault = check_long_text(*text)) {
    reading.report.error(at, fmt::format("{} {}", jobs::one_line(path, 300), *fault));
    return {};
  }
  return std::move(*text);
}

jobs::Repo read_repo(Reading& reading, const Layer& own, const Layer& defaults,
                     const std::string& path) {
  jobs::Repo repo;
  TableReader reader(reading, own ? "repo" : "defaults", path, {own, defaults});
  if (own) {
    TableReader named(reading, "repo", path, {own});
    std::string name;
    named.text("name", name, check_repo_name);
    repo.name = jobs::RepoName(name);
    if (!named.find("name")) {
      named.missing("name");
    }
    if (named.text("remote", repo.remote, check_remote) && !is_url(repo.remote)) {
      repo.remote = absolute_path(own.source->folder, repo.remote);
    }
    if (!named.find("remote")) {
      named.missing("remote");
    }
    named.unknown_keys();
    repo.declared_at =
        fmt::format("{}:{}:{}", file_name(own.source->file), own.table->line, own.table->column);
  } else {
    reader.unknown_keys();
  }
  reader.text("base", repo.base, check_branch);
  read_sparse(reader, repo);
  read_remote_auth(reading, {own, defaults}, path, repo);
  std::string landing;
  if (reader.choice("landing", landing) && landing == to_string(jobs::LandingMode::pull_request)) {
    repo.landing = jobs::LandingMode::pull_request;
  }
  reader.boolean("merge_when_green", repo.merge_when_green);
  reader.text("tracker", repo.tracker, check_name);
  repo.tracker_path = repo.name.str();
  reader.text("tracker_path", repo.tracker_path, check_inner_path);
  reader.text("agent", repo.agent, check_name);
  reader.text("ci", repo.ci, check_name);
  reader.text("pipeline", repo.pipeline, check_name);
  reader.names("notify", repo.notify, check_name);
  reader.argv("test", repo.test);
  reader.argv_list("setup", repo.setup);
  reader.names("setup_locks", repo.setup_locks, check_inner_path);
  reader.text("setup_toolchain", repo.setup_toolchain, check_plain);
  reader.names("cold", repo.cold, check_glob);
  reader.argv_map("smudge", repo.smudge);
  read_prompt(reading, "repo", path, {own, defaults}, repo.prompt);
  if (reader.text("prompt_in_repo", repo.prompt_in_repo, check_inner_path)) {
    if (const auto named = jobs::prompt_path(repo.prompt_in_repo, "stage"); !named) {
      reader.error(reader.find("prompt_in_repo")->at(), named.error().message,
                   {.expected = {}, .suggestion = {}, .hint = named.error().hint});
    }
  }
  reader.names("protected_paths", repo.protected_paths, check_glob);
  reader.names("trusted", repo.trusted, check_actor);
  reader.text_map("env", repo.env);
  return repo;
}

}  // namespace manifests
