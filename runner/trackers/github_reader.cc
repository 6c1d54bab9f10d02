#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/trackers/github.h"
#include "runner/trackers/github_parts.h"
#include "runner/trackers/kept_comments.h"

namespace runner::trackers {

using github::ListAsk;
using github::ListPage;
using github::Lists;
using jobs::ErrorKind;
using jobs::fail;
using jobs::Issue;

namespace {

using Json = nlohmann::json;
using ListResult = jobs::Result<Lists>;

constexpr std::size_t kReposInAQuery = 100;
/// Of a list; ten thousand issues of one repository.
constexpr int kMostPages = 100;

/// A REST list has pull requests among the issues, and everything but trust and blockers.
void take_rest(const Json& page, const jobs::RepoName& repo, std::vector<Issue>& issues) {
  for (const Json& each : page) {
    if (github::at(each, "pull_request").is_object()) {
      continue;
    }
    Issue issue;
    issue.key = {.repo = repo, .number = github::number_at(each, "number")};
    issue.title = github::text_at(each, "title");
    issue.url = github::text_at(each, "html_url");
    issue.details_left_out = true;
    issue.text_left_out = true;
    issues.push_back(std::move(issue));
  }
}

class GithubReader final : public jobs::TrackerReader {
 public:
  GithubReader(jobs::TrackerConfig config, forge::Api& api)
      : config_(std::move(config)),
        api_(api),
        people_(api),
        graphql_(config_.api != jobs::ForgeApi::rest) {}

  void announce(const std::vector<const jobs::Repo*>& repos, const jobs::Labels& labels) override {
    auto lists = list_all(repos, labels);
    const std::lock_guard lock(mutex_);
    announced_ = std::move(lists);
    told_ready_.clear();
    told_in_progress_.clear();
  }

  jobs::Result<std::vector<Issue>> ready_issues(const jobs::Repo& repo,
                                                const jobs::Labels& labels) override {
    return list_of(repo, labels, told_ready_, &Lists::ready);
  }

  jobs::Result<std::vector<Issue>> in_progress_issues(const jobs::Repo& repo,
                                                      const jobs::Labels& labels) override {
    return list_of(repo, labels, told_in_progress_, &Lists::in_progress);
  }

  jobs::Result<Issue> issue(const jobs::Repo& repo, jobs::IssueNumber number,
                            const jobs::Labels& labels) override {
    RUNNER_ASSIGN(const github::Place place, github::place_of(repo));
    // GraphQL says NOT_FOUND also of what REST tells apart: moved, deleted, disabled.
    RUNNER_ASSIGN(const forge::Reply reply,
                  api_.get(place.path({"issues", std::to_string(number)})));
    if (auto read = github::parse_rest_issue(reply.body); !read) {
      return read.error();
    }
    Issue found;
    found.key = {.repo = repo.name, .number = number};
    complete({{.repo = &repo, .issue = &found}}, labels);
    if (!found.problem.empty()) {
      return fail(ErrorKind::transient,
                  fmt::format("{} cannot be read: {}", found.key.str(), found.problem));
    }
    return found;
  }

  jobs::Result<std::vector<jobs::Comment>> comments(const jobs::Repo& repo,
                                                    jobs::IssueNumber number) override {
    RUNNER_ASSIGN(const github::Place place, github::place_of(repo));
    KeptComments comments(KeptComments::Order::oldest_first);
    const auto keep = [&](const forge::Reply& page) -> jobs::Result<bool> {
      RUNNER_ASSIGN(const Json entries, github::entries_of({page}));
      for (const Json& each : entries) {
        comments.add({.id = std::to_string(github::number_at(each, "id")),
                      .author = github::text_at(github::at(each, "user"), "login"),
                      .body = github::text_at(each, "body"),
                      .at = github::time_at(each, "created_at")});
      }
      return true;
    };
    RUNNER_TRY(api_.each_page(
        place.path({"issues", std::to_string(number), "comments"}) + "?per_page=100", keep));
    return std::move(comments).take();
  }

  void complete(const std::vector<jobs::WantedDetails>& wanted,
                const jobs::Labels& labels) override {
    github::complete(api_, people_, uses_graphql() ? config_.api : jobs::ForgeApi::rest, wanted,
                     labels);
  }

 private:
  bool uses_graphql() {
    const std::lock_guard lock(mutex_);
    return graphql_;
  }

  /// What was announced is told once for each list, and not kept; then it is asked anew.
  jobs::Result<std::vector<Issue>> list_of(const jobs::Repo& repo, const jobs::Labels& labels,
                                           std::set<jobs::RepoName>& told,
                                           std::vector<Issue> Lists::* list) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = announced_.find(repo.name);
      if (found != announced_.end() && told.insert(repo.name).second) {
        if (!found->second) {
          return found->second.error();
        }
        return std::move((*found->second).*list);
      }
    }
    RUNNER_ASSIGN(Lists fresh, std::move(list_all({&repo}, labels).at(repo.name)));
    return std::move(fresh.*list);
  }

  std::map<jobs::RepoName, ListResult> list_all(const std::vector<const jobs::Repo*>& repos,
                                                const jobs::Labels& labels) {
    std::map<jobs::RepoName, ListResult> lists;
    std::vector<ListAsk> asks;
    for (const jobs::Repo* repo : repos) {
      if (auto place = github::place_of(*repo)) {
        asks.push_back({.repo = repo, .place = *std::move(place)});
        lists.emplace(repo->name, Lists{});
      } else {
        lists.emplace(repo->name, place.error());
      }
    }
    if (uses_graphql() && !list_by_graphql(asks, labels, lists)) {
      const std::lock_guard lock(mutex_);
      graphql_ = false;
    }
    if (!uses_graphql()) {
      list_by_rest(asks, labels, lists);
    }
    return lists;
  }

  /// False: the server has no GraphQL, and that is no error here.
  bool list_by_graphql(std::vector<ListAsk> asks, const jobs::Labels& labels,
                       std::map<jobs::RepoName, ListResult>& lists) {
    for (int page = 0; !asks.empty(); ++page) {
      std::vector<std::span<const ListAsk>> groups;
      std::vector<std::string> bodies;
      for (std::size_t at = 0; at < asks.size(); at += kReposInAQuery) {
        groups.push_back(std::span(asks).subspan(at, std::min(kReposInAQuery, asks.size() - at)));
        bodies.push_back(github::list_query(groups.back(), labels));
      }
      const auto replies = api_.query(bodies);
      std::vector<ListAsk> further;
      for (std::size_t i = 0; i < groups.size(); ++i) {
        if (!replies[i] && replies[i].error().kind == ErrorKind::not_found && page == 0 &&
            config_.api == jobs::ForgeApi::automatic) {
          return false;
        }
        auto pages =
            replies[i] ? github::parse_lists(replies[i]->body, groups[i])
                       : std::vector<jobs::Result<ListPage>>(groups[i].size(), replies[i].error());
        for (std::size_t j = 0; j < pages.size(); ++j) {
          if (auto next = add(groups[i][j], std::move(pages[j]), lists)) {
            further.push_back(*std::move(next));
          }
        }
      }
      if (page == kMostPages) {
        for (const ListAsk& ask : further) {
          lists.at(ask.repo->name) = fail(
              ErrorKind::transient, fmt::format("its lists have more than {} pages", kMostPages));
        }
        further.clear();
      }
      asks = std::move(further);
    }
    return true;
  }

  /// Adds a page to the lists of its repository; the question for the next one, if there is one.
  static std::optional<ListAsk> add(const ListAsk& ask, jobs::Result<ListPage> page,
                                    std::map<jobs::RepoName, ListResult>& lists) {
    ListResult& all = lists.at(ask.repo->name);
    if (!page) {
      all = std::move(page).error();
      return std::nullopt;
    }
    std::ranges::move(page->lists.ready, std::back_inserter(all->ready));
    std::ranges::move(page->lists.in_progress, std::back_inserter(all->in_progress));
    if (page->ready_next.empty() && page->in_progress_next.empty()) {
      return std::nullopt;
    }
    return ListAsk{.repo = ask.repo,
                   .place = ask.place,
                   .ready = !page->ready_next.empty(),
                   .in_progress = !page->in_progress_next.empty(),
                   .ready_after = page->ready_next,
                   .in_progress_after = page->in_progress_next};
  }

  void list_by_rest(const std::vector<ListAsk>& asks, const jobs::Labels& labels,
                    std::map<jobs::RepoName, ListResult>& lists) {
    for (const bool ready : {true, false}) {
      // The address stays the same from tick to tick, so that "has it changed?" can be asked.
      const std::pair<std::string_view, std::string_view> query[] = {
          {"state", "open"},
          {"labels", ready ? labels.ready : labels.in_progress},
          {"sort", "created"},
          {"direction", "asc"},
          {"per_page", "100"}};
      std::vector<std::string> paths;
      for (const ListAsk& ask : asks) {
        paths.push_back(ask.place.path({"issues"}) + forge::query_of(query));
      }
      auto replies = api_.get(paths);
      for (std::size_t i = 0; i < asks.size(); ++i) {
        ListResult& all = lists.at(asks[i].repo->name);
        if (!all) {
          continue;
        }
        if (auto pages = rest_pages(std::move(replies[i]))) {
          take_rest(*pages, asks[i].repo->name, ready ? all->ready : all->in_progress);
        } else {
          all = pages.error();
        }
      }
    }
  }

  jobs::Result<Json> rest_pages(jobs::Result<forge::Reply> first) {
    RUNNER_ASSIGN(forge::Reply page, std::move(first));
    std::vector<forge::Reply> pages;
    if (!page.next.empty()) {
      RUNNER_ASSIGN(pages, api_.get_all(page.next, kMostPages));
    }
    pages.insert(pages.begin(), std::move(page));
    return github::entries_of(pages);
  }

  jobs::TrackerConfig config_;
  forge::Api& api_;
  github::People people_;
  std::mutex mutex_;
  bool graphql_;
  std::map<jobs::RepoName, ListResult> announced_;
  std::set<jobs::RepoName> told_ready_;
  std::set<jobs::RepoName> told_in_progress_;
};

}  // namespace

std::unique_ptr<jobs::TrackerReader> make_github_reader(const jobs::TrackerConfig& config,
                                                        forge::Api& api) {
  return std::make_unique<GithubReader>(config, api);
}

}  // namespace runner::trackers
