#include "tests/stub/pull_requests.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "tests/stub/bare_repo.h"
#include "tests/stub/rest_shapes.h"

namespace stub {

namespace {

constexpr const char* kWhen = "2026-10-01T10:00:00Z";
constexpr const char* kDocumentation = "https://docs.github.com/rest/pulls/pulls";

std::string parameter(const Request& request, const char* name, const char* otherwise) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? otherwise : found->second;
}

std::string owner_of(const std::string& repo) {
  return repo.substr(0, repo.find('/'));
}

}  // namespace

std::string PullRequests::git(const std::string& repo,
                              const std::vector<std::string>& words) const {
  return git_in(fmt::format("{}/{}.git", git_root_, repo), words, "forge");
}

std::string PullRequests::head_of(const std::string& repo, const Pull& pull) const {
  if (pull.state != "open" || !pull.fork.empty()) {
    return pull.head;
  }
  const std::string now =
      git(repo, {"for-each-ref", "--format=%(objectname)", "refs/heads/" + pull.branch});
  return now.empty() ? pull.head : now;
}

std::string PullRequests::merged_tree(const std::string& repo, const Pull& pull) const {
  const std::string tree =
      git(repo, {"merge-tree", "--write-tree", "refs/heads/" + pull.base, head_of(repo, pull)});
  // Behind a tree with conflicts stands what they are.
  return tree.find('\n') == std::string::npos ? tree : "";
}

bool PullRequests::merge(const std::string& repo, Pull& pull, const std::string& message) {
  const std::string head = head_of(repo, pull);
  const std::string base = git(repo, {"rev-parse", "refs/heads/" + pull.base});
  const std::string tree = merged_tree(repo, pull);
  if (tree.empty()) {
    return false;
  }
  const std::string commit =
      git(repo, {"commit-tree", tree, "-p", base, "-p", head, "-m", message});
  (void)git(repo, {"update-ref", "refs/heads/" + pull.base, commit, base});
  pull.head = head;
  pull.state = "closed";
  pull.merged = commit;
  return true;
}

void PullRequests::protect(const std::string& repo) {
  const std::lock_guard lock(mutex_);
  memory_.guarded[repo] = true;
}

bool PullRequests::press_merge(const std::string& repo, std::int64_t number) {
  const std::lock_guard lock(mutex_);
  Pull& pull = memory_.pulls.at(repo).at(number);
  if (pull.state != "open" || !merge(repo, pull, fmt::format("Merge pull request #{}", number))) {
    return false;
  }
  pull.merger = "somebody";
  return true;
}

void PullRequests::press_close(const std::string& repo, std::int64_t number) {
  const std::lock_guard lock(mutex_);
  Pull& pull = memory_.pulls.at(repo).at(number);
  pull.head = head_of(repo, pull);
  pull.state = "closed";
}

std::int64_t PullRequests::open_from_fork(const std::string& repo, const std::string& branch) {
  const std::lock_guard lock(mutex_);
  Pull pull;
  pull.number = memory_.next++;
  pull.branch = branch;
  pull.fork = "mallory";
  pull.base = "main";
  pull.head = git(repo, {"rev-parse", "refs/heads/main"});
  pull.author = "mallory";
  memory_.pulls[repo][pull.number] = pull;
  return pull.number;
}

int PullRequests::opened(const std::string& repo) const {
  const std::lock_guard lock(mutex_);
  const auto found = memory_.pulls.find(repo);
  return found == memory_.pulls.end() ? 0 : static_cast<int>(found->second.size());
}

std::int64_t PullRequests::newest(const std::string& repo) const {
  const std::lock_guard lock(mutex_);
  const auto found = memory_.pulls.find(repo);
  return found == memory_.pulls.end() || found->second.empty() ? 0 : found->second.rbegin()->first;
}

Answer PullRequests::problem(int status, const std::string& message) const {
  return json_answer(status,
                     dialect_ == Dialect::github
                         ? Json{{"message", message}, {"documentation_url", kDocumentation}}.dump()
                         : Json{{"message", message}, {"url", "/api/swagger"}}.dump());
}

nlohmann::json PullRequests::shown(const std::string& repo, Pull& pull, bool in_a_list) {
  const std::string head = head_of(repo, pull);
  const std::string source = pull.fork.empty() ? repo : pull.fork + repo.substr(repo.find('/'));
  const auto side = [](const std::string& of, const std::string& branch, const std::string& sha) {
    return Json{{"label", owner_of(of) + ":" + branch},
                {"ref", branch},
                {"sha", sha},
                {"repo", {{"full_name", of}}}};
  };
  Json shown = {
      {"number", pull.number},
      {"state", pull.state},
      {"title", pull.title},
      {"body", pull.body},
      {"html_url", fmt::format("https://forge.example/{}/pull/{}", repo, pull.number)},
      {"user", {{"login", pull.author}}},
      {"head", side(source, pull.branch, head)},
      {"base", side(repo, pull.base, git(repo, {"rev-parse", "refs/heads/" + pull.base}))},
      {"merged_at", pull.merged.empty() ? Json() : Json(kWhen)},
      {"merge_commit_sha", pull.merged.empty() ? Json() : Json(pull.merged)},
      {"draft", false}};
  if (dialect_ == Dialect::github) {
    rest::complete_pull(repo, shown);
    if (in_a_list) {
      return shown;
    }
    add_counts(repo, pull, shown);
  }
  shown["merged"] = !pull.merged.empty();
  if (pull.state != "open") {
    shown["mergeable"] = dialect_ == Dialect::github ? Json() : Json(false);
  } else if (dialect_ == Dialect::github && std::exchange(pull.asked_about, head) != head) {
    shown["mergeable"] = Json();  // It begins to find out when it is asked.
  } else {
    shown["mergeable"] = !merged_tree(repo, pull).empty();
  }
  if (dialect_ == Dialect::github) {
    const Json& mergeable = shown.at("mergeable");
    shown["mergeable_state"] = mergeable.is_null()     ? "unknown"
                               : !mergeable            ? "dirty"
                               : memory_.guarded[repo] ? "blocked"
                                                       : "clean";
  }
  return shown;
}

void PullRequests::add_counts(const std::string& repo, const Pull& pull, Json& shown) const {
  const std::string head = shown.at("head").at("sha");
  const std::string since = pull.merged.empty() ? "refs/heads/" + pull.base : pull.merged + "^1";
  std::istringstream files(git(repo, {"diff", "--numstat", since + "..." + head}));
  int added = 0;
  int deleted = 0;
  int changed = 0;
  std::string name;
  for (int more = 0, less = 0; files >> more >> less && std::getline(files, name); ++changed) {
    added += more;
    deleted += less;
  }
  const std::string commits = git(repo, {"rev-list", "--count", since + ".." + head});
  shown["commits"] = commits.empty() ? 0 : std::stoi(commits);
  shown["additions"] = added;
  shown["deletions"] = deleted;
  shown["changed_files"] = changed;
  shown["comments"] = shown["review_comments"] = 0;
  shown["maintainer_can_modify"] = false;
  shown["merged_by"] = pull.merged.empty() ? Json() : rest::user(rest::person(pull.merger));
}

Answer PullRequests::list(const Request& request, const std::string& repo) {
  const bool github = dialect_ == Dialect::github;
  const std::string state = parameter(request, "state", "open");
  const std::string wanted = parameter(request, "head", "");
  Json found = Json::array();
  auto& pulls = memory_.pulls[repo];
  for (auto pull = pulls.rbegin(); pull != pulls.rend(); ++pull) {
    const Pull& one = pull->second;
    const std::string label =
        github ? (one.fork.empty() ? owner_of(repo) : one.fork) + ":" + one.branch : one.branch;
    if ((state == "all" || one.state == state) && (wanted.empty() || wanted == label)) {
      found.push_back(shown(repo, pull->second, true));
    }
  }
  const std::size_t size =
      std::clamp(std::stoul(parameter(request, github ? "per_page" : "limit", "30")), 1UL,
                 github ? 100UL : 30UL);
  const std::size_t page = std::max(std::stoul(parameter(request, "page", "1")), 1UL);
  Json out = Json::array();
  for (std::size_t i = (page - 1) * size; i < std::min(page * size, found.size()); ++i) {
    out.push_back(found[i]);
  }
  Answer answer = json_answer(200, out.dump());
  if (page * size < found.size()) {
    std::string query;
    for (const auto& [name, value] : request.query) {
      query += name == "page" ? "" : fmt::format("{}={}&", name, value);
    }
    answer.headers.emplace_back("Link", fmt::format("<http://{}{}?{}page={}>; rel=\"next\"",
                                                    header(request.headers, "Host").value_or(""),
                                                    request.path, query, page + 1));
  }
  return answer;
}

Answer PullRequests::open(const Request& request, const std::string& repo, const std::string& login,
                          Log& log) {
  const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) {
    return problem(400, "Problems parsing JSON");
  }
  Pull pull;
  pull.branch = body.value("head", "");
  pull.base = body.value("base", "");
  pull.title = body.value("title", "");
  pull.body = body.value("body", "");
  pull.author = login;
  const bool github = dialect_ == Dialect::github;
  for (const auto& [number, other] : memory_.pulls[repo]) {
    if (other.state == "open" && other.fork.empty() && other.branch == pull.branch &&
        other.base == pull.base) {
      return github
                 ? json_answer(
                       422,
                       Json{{"message", "Validation Failed"},
                            {"documentation_url", kDocumentation},
                            {"errors",
                             {{{"resource", "PullRequest"},
                               {"code", "custom"},
                               {"message", fmt::format("A pull request already exists for {}:{}.",
                                                       owner_of(repo), pull.branch)}}}}}
                           .dump())
                 : problem(409, fmt::format("pull request already exists for these targets "
                                            "[id: {}]",
                                            number));
    }
  }
  pull.head = git(repo, {"for-each-ref", "--format=%(objectname)", "refs/heads/" + pull.branch});
  if (pull.head.empty() || pull.title.empty()) {
    return github ? json_answer(422, Json{{"message", "Validation Failed"},
                                          {"documentation_url", kDocumentation},
                                          {"errors",
                                           {{{"resource", "PullRequest"},
                                             {"field", pull.title.empty() ? "title" : "head"},
                                             {"code", "invalid"}}}}}
                                         .dump())
                  : problem(pull.title.empty() ? 422 : 404, "The target couldn't be found.");
  }
  pull.number = memory_.next++;
  Pull& made = memory_.pulls[repo][pull.number] = pull;
  log.effect(request.number, "pull request opened",
             fmt::format("{}#{} {}", repo, pull.number, pull.branch));
  return json_answer(201, shown(repo, made, false).dump());
}

Answer PullRequests::merge(const Request& request, const std::string& repo, Pull& pull,
                           const std::string& login, Log& log) {
  const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  const bool github = dialect_ == Dialect::github;
  const char* expected = github ? "sha" : "head_commit_id";
  if (!body.is_object() || pull.state != "open" || memory_.guarded[repo]) {
    return problem(405,
                   memory_.guarded[repo] && github
                       ? "At least 1 approving review is required by reviewers with write access."
                       : "Pull Request is not mergeable");
  }
  if (body.contains(expected) && body.at(expected) != head_of(repo, pull)) {
    return problem(409, github ? "Head branch was modified. Review and try the merge again."
                               : "head out of date");
  }
  const std::string message =
      fmt::format("{}\n\n{}", body.value(github ? "commit_title" : "MergeTitleField", ""),
                  body.value(github ? "commit_message" : "MergeMessageField", ""));
  if (!merge(repo, pull, message)) {
    return problem(405, github ? "Pull Request is not mergeable" : "Please try again later");
  }
  pull.merger = login;
  log.effect(request.number, "pull request merged", fmt::format("{}#{}", repo, pull.number));
  return github ? json_answer(200, Json{{"sha", pull.merged},
                                        {"merged", true},
                                        {"message", "Pull Request successfully merged"}}
                                       .dump())
                : json_answer(200, "");
}

Answer PullRequests::answer(const Request& request, const std::string& repo,
                            const std::vector<std::string>& rest, const std::string& login,
                            Log& log) {
  const std::lock_guard lock(mutex_);
  return answered(request, repo, rest, login, log);
}

Answer PullRequests::answered(const Request& request, const std::string& repo,
                              const std::vector<std::string>& rest, const std::string& login,
                              Log& log) {
  if (rest.empty()) {
    return request.method == "GET"    ? list(request, repo)
           : request.method == "POST" ? open(request, repo, login, log)
                                      : problem(404, "Not Found");
  }
  const auto& known = memory_.pulls[repo];
  const auto found = std::ranges::find_if(
      known, [&](const auto& one) { return std::to_string(one.first) == rest[0]; });
  if (found == known.end()) {
    return problem(404, "Not Found");
  }
  Pull& pull = memory_.pulls[repo].at(found->first);
  if (rest.size() == 1 && request.method == "GET") {
    return json_answer(200, shown(repo, pull, false).dump());
  }
  const char* method = dialect_ == Dialect::github ? "PUT" : "POST";
  if (rest.size() == 2 && rest[1] == "merge" && request.method == method) {
    return merge(request, repo, pull, login, log);
  }
  return problem(404, "Not Found");
}

PullRequests::Memory PullRequests::remember() const {
  const std::lock_guard lock(mutex_);
  return memory_;
}

void PullRequests::recall(const Memory& memory) {
  const std::lock_guard lock(mutex_);
  memory_ = memory;
}

}  // namespace stub
