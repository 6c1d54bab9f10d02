// The two GraphQL queries, and what their answers say. Kept flat: GitHub counts every connection
// (https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api).
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "runner/trackers/github_parts.h"

namespace runner::trackers::github {

using jobs::ErrorKind;
using jobs::fail;

namespace {

using Json = nlohmann::json;

constexpr const char* kRateLimit = "rateLimit{cost remaining resetAt}";

/// One list of a repository. Newest last, so that what is added while pages are read comes behind.
std::string connection(const std::string& alias, const std::string& labels, std::size_t index,
                       bool after) {
  return fmt::format(
      "{0}:issues(first:100,states:[OPEN],labels:${1},orderBy:{{field:CREATED_AT,direction:ASC}}{2}"
      ")"
      "{{nodes{{number title url}}pageInfo{{hasNextPage endCursor}}}}",
      alias, labels, after ? fmt::format(",after:${}After{}", alias, index) : "");
}

/// What GitHub says went wrong below `alias`; empty if nothing.
struct Trouble {
  std::string type;
  std::string message;
};

std::map<std::string, Trouble> troubles_of(const Json& body) {
  std::map<std::string, Trouble> troubles;
  const Json& errors = at(body, "errors");
  if (!errors.is_array()) {
    return troubles;
  }
  for (const Json& each : errors) {
    const Json& path = at(each, "path");
    const bool about_one = path.is_array() && !path.empty() && path.front().is_string();
    troubles.emplace(about_one ? path.front().get<std::string>() : "",
                     Trouble{text_at(each, "type"), jobs::one_line(text_at(each, "message"), 300)});
  }
  return troubles;
}

jobs::Error error_of(const Trouble& trouble) {
  const std::string what = fmt::format("GitHub says: {}", trouble.message);
  if (trouble.type == "NOT_FOUND") {
    return fail(ErrorKind::not_found, what,
                "check the name, and that the token or App may see the repository");
  }
  if (trouble.type == "FORBIDDEN" || trouble.type == "INSUFFICIENT_SCOPES") {
    return fail(ErrorKind::denied, what,
                "give the token or App what is named here; where an organisation demands single "
                "sign-on, authorise the token for it");
  }
  return fail(ErrorKind::transient, what);
}

/// The object that `alias` names, or why it is not there. A null is never "nothing".
jobs::Result<Json> answer_for(const Json& body, const std::map<std::string, Trouble>& troubles,
                              const std::string& alias) {
  for (const std::string& about : {alias, std::string()}) {
    if (const auto found = troubles.find(about); found != troubles.end()) {
      return error_of(found->second);
    }
  }
  const Json& value = at(at(body, "data"), alias.c_str());
  if (!value.is_object()) {
    return fail(ErrorKind::transient, "GitHub's answer does not speak of it");
  }
  return value;
}

/// Appends the issues of a connection; transient if it is none.
jobs::Status take(const Json& connection, const jobs::RepoName& repo,
                  std::vector<jobs::Issue>& issues, std::string& next) {
  const Json& nodes = at(connection, "nodes");
  const Json& page = at(connection, "pageInfo");
  const Json& more = at(page, "hasNextPage");
  if (!nodes.is_array() || !more.is_boolean()) {
    return fail(ErrorKind::transient, "GitHub's answer lacks a list of issues");
  }
  for (const Json& node : nodes) {
    jobs::Issue issue;
    issue.key = {.repo = repo, .number = number_at(node, "number")};
    if (issue.key.number <= 0) {
      return fail(ErrorKind::transient, "GitHub's answer has an issue without a number");
    }
    issue.title = text_at(node, "title");
    issue.url = text_at(node, "url");
    issue.details_left_out = true;
    issue.text_left_out = true;
    issues.push_back(std::move(issue));
  }
  next = more.get<bool>() ? text_at(page, "endCursor") : "";
  if (more.get<bool>() && next.empty()) {
    return fail(ErrorKind::transient, "GitHub's answer does not say where its list goes on");
  }
  return jobs::ok();
}

jobs::Result<ListPage> page_of(const Json& repository, const ListAsk& ask) {
  const std::string name = text_at(repository, "nameWithOwner");
  if (!jobs::same_but_for_case(name, ask.place.str())) {
    return fail(ErrorKind::not_found,
                fmt::format("the repository was renamed or transferred: it is {} now",
                            jobs::one_line(name)),
                fmt::format("write `tracker_path = \"{}\"` (or the new name) into its [[repo]]",
                            jobs::one_line(name)));
  }
  if (at(repository, "hasIssuesEnabled") == false) {
    return fail(ErrorKind::not_found, "issues are disabled in this repository",
                "switch issues on in the repository's settings, or name another tracker");
  }
  if (at(repository, "isArchived") == true) {
    return fail(ErrorKind::denied, "the repository is archived",
                "unarchive it, or take it out of the manifests");
  }
  ListPage page;
  if (ask.ready) {
    RUNNER_TRY(take(at(repository, "ready"), ask.repo->name, page.lists.ready, page.ready_next));
  }
  if (ask.in_progress) {
    RUNNER_TRY(take(at(repository, "busy"), ask.repo->name, page.lists.in_progress,
                    page.in_progress_next));
  }
  return page;
}

void add_edit(std::vector<Edit>& edits, const Json& node, const char* time, const char* who) {
  if (const auto when = time_at(node, time)) {
    edits.push_back({.at = *when, .login = text_at(at(node, who), "login")});
  }
}

jobs::Result<Text> text_of(const Json& issue) {
  Text text;
  text.title = text_at(issue, "title");
  text.body = text_at(issue, "body");
  text.url = text_at(issue, "url");
  text.author = text_at(at(issue, "author"), "login");
  text.open = text_at(issue, "state") == "OPEN";
  const Json& labels = at(at(issue, "labels"), "nodes");
  const Json& edits = at(at(issue, "userContentEdits"), "nodes");
  const Json& renames = at(at(issue, "timelineItems"), "nodes");
  if (number_at(issue, "number") <= 0 || !labels.is_array() || !renames.is_array()) {
    return fail(ErrorKind::transient, "GitHub's answer lacks what was asked for");
  }
  for (const Json& label : labels) {
    text.labels.push_back(text_at(label, "name"));
  }
  // Null for a text that was never edited.
  for (const Json& edit : edits.is_array() ? edits : Json::array()) {
    add_edit(text.edits, edit, "editedAt", "editor");
  }
  for (const Json& rename : renames) {
    add_edit(text.edits, rename, "createdAt", "actor");
  }
  return text;
}

}  // namespace

std::string list_query(std::span<const ListAsk> asks, const jobs::Labels& labels) {
  std::string variables = "$ready:[String!],$busy:[String!]";
  Json values = {{"ready", {labels.ready}}, {"busy", {labels.in_progress}}};
  std::string fields;
  const auto variable = [&](const std::string& name, const std::string& value) {
    variables += fmt::format(",${}:String!", name);
    values[name] = value;
  };
  bool any_ready = false;
  bool any_busy = false;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    const ListAsk& ask = asks[i];
    variable(fmt::format("o{}", i), ask.place.owner);
    variable(fmt::format("n{}", i), ask.place.name);
    std::string lists;
    if (ask.ready) {
      any_ready = true;
      lists += connection("ready", "ready", i, !ask.ready_after.empty());
      if (!ask.ready_after.empty()) {
        variable(fmt::format("readyAfter{}", i), ask.ready_after);
      }
    }
    if (ask.in_progress) {
      any_busy = true;
      lists += connection("busy", "busy", i, !ask.in_progress_after.empty());
      if (!ask.in_progress_after.empty()) {
        variable(fmt::format("busyAfter{}", i), ask.in_progress_after);
      }
    }
    fields += fmt::format(
        "r{0}:repository(owner:$o{0},name:$n{0}){{nameWithOwner isArchived hasIssuesEnabled {1}}}",
        i, lists);
  }
  // A variable that nothing uses is an error.
  if (!any_ready) {
    variables.erase(0, std::string("$ready:[String!],").size());
    values.erase("ready");
  } else if (!any_busy) {
    variables.erase(std::string("$ready:[String!]").size(), std::string(",$busy:[String!]").size());
    values.erase("busy");
  }
  return Json{{"query", fmt::format("query({}){{{} {}}}", variables, kRateLimit, fields)},
              {"variables", values}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<jobs::Result<ListPage>> parse_lists(const std::string& body,
                                                std::span<const ListAsk> asks) {
  const Json answer = parsed(body);
  const auto troubles = troubles_of(answer);
  std::vector<jobs::Result<ListPage>> pages;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    const auto repository = answer_for(answer, troubles, fmt::format("r{}", i));
    pages.push_back(repository ? page_of(*repository, asks[i])
                               : jobs::Result<ListPage>(repository.error()));
  }
  return pages;
}

std::string text_query(std::span<const Spot> spots) {
  std::string variables;
  Json values = Json::object();
  std::string fields;
  for (std::size_t i = 0; i < spots.size(); ++i) {
    variables += fmt::format("{}$o{}:String!,$n{}:String!,$i{}:Int!", i == 0 ? "" : ",", i, i, i);
    values[fmt::format("o{}", i)] = spots[i].place.owner;
    values[fmt::format("n{}", i)] = spots[i].place.name;
    values[fmt::format("i{}", i)] = spots[i].number;
    fields +=
        fmt::format("i{0}:repository(owner:$o{0},name:$n{0}){{issue(number:$i{0}){{...text}}}}", i);
  }
  const std::string fragment =
      "fragment text on Issue{number title body state url author{login} "
      "labels(first:100){nodes{name}}"
      "userContentEdits(first:100){nodes{editedAt editor{login}}}"
      "timelineItems(last:100,itemTypes:[RENAMED_TITLE_EVENT])"
      "{nodes{... on RenamedTitleEvent{createdAt actor{login}}}}}";
  return Json{
      {"query", fmt::format("query({}){{{} {}}}{}", variables, kRateLimit, fields, fragment)},
      {"variables", values}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<jobs::Result<Text>> parse_texts(const std::string& body, std::span<const Spot> spots) {
  const Json answer = parsed(body);
  const auto troubles = troubles_of(answer);
  std::vector<jobs::Result<Text>> texts;
  for (std::size_t i = 0; i < spots.size(); ++i) {
    const auto repository = answer_for(answer, troubles, fmt::format("i{}", i));
    texts.push_back(repository ? text_of(at(*repository, "issue"))
                               : jobs::Result<Text>(repository.error()));
  }
  return texts;
}

jobs::Result<Text> parse_rest_issue(const std::string& body) {
  const Json issue = parsed(body);
  const Json& labels = at(issue, "labels");
  if (number_at(issue, "number") <= 0 || !labels.is_array()) {
    return fail(ErrorKind::transient, "the answer is no issue");
  }
  Text text;
  text.title = text_at(issue, "title");
  text.body = text_at(issue, "body");
  text.url = text_at(issue, "html_url");
  text.author = text_at(at(issue, "user"), "login");
  text.open = text_at(issue, "state") == "open";
  for (const Json& label : labels) {
    text.labels.push_back(label.is_string() ? label.get<std::string>() : text_at(label, "name"));
  }
  if (const auto changed = time_at(issue, "updated_at")) {
    text.edits.push_back({.at = *changed, .login = ""});
  }
  return text;
}

}  // namespace runner::trackers::github
