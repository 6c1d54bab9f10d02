#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/cli/commands.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_model.h"
#include "runner/cli/state.h"
#include "runner/cli/table.h"
#include "runner/trackers/local_issue_files.h"
#include "runner/trackers/local_tracker.h"

/// Issues of a local tracker: thin commands over its files.
namespace runner::cli {

namespace {

/// A repository with the local tracker that holds its issues.
struct Place {
  jobs::Fleet fleet;
  jobs::Repo repo;
  jobs::TrackerConfig tracker;
};

jobs::Result<Place> find_place(const Globals& global, const std::string& repo) {
  Place place;
  RUNNER_ASSIGN(place.fleet, load_fleet(global));
  RUNNER_ASSIGN(place.repo, find_repo(place.fleet, repo));
  const auto tracker = place.fleet.trackers.find(place.repo.tracker);
  if (tracker == place.fleet.trackers.end()) {
    return jobs::fail(jobs::ErrorKind::bug,
                      "a repository without a tracker passed the manifests' checks");
  }
  place.tracker = tracker->second;
  if (place.tracker.kind != jobs::TrackerKind::local) {
    return jobs::fail(jobs::ErrorKind::usage,
                      fmt::format("the issues of {} live on {} ({}), not in files", repo,
                                  place.tracker.name, to_string(place.tracker.kind)),
                      "write them there");
  }
  return place;
}

jobs::Result<std::string> read_standard_input(std::size_t most) {
  std::string text;
  std::string buffer(64 * 1024, '\0');
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return jobs::fail(jobs::ErrorKind::transient, "cannot read the text from standard input");
    }
    if (got == 0) {
      return text;
    }
    text.append(buffer, 0, static_cast<std::size_t>(got));
    if (text.size() > most) {
      return jobs::fail(jobs::ErrorKind::usage,
                        fmt::format("the text on standard input is longer than {} bytes", most));
    }
  }
}

jobs::Result<trackers::CreatedIssue> create(const IssueCommand& command) {
  RUNNER_ASSIGN(const Place place, find_place(command.global, command.repo));
  trackers::NewIssue issue{.title = command.title,
                           .body = command.body,
                           .labels = command.labels,
                           .priority = {},
                           .blocked_by = command.blocked_by,
                           .ready_by = {}};
  if (command.body == "-") {
    RUNNER_ASSIGN(issue.body,
                  read_standard_input(static_cast<std::size_t>(place.fleet.limits.issue_bytes)));
  }
  if (command.priority >= 0) {
    issue.priority = command.priority;
  }
  if (command.ready) {
    issue.ready_by = command.by.empty() ? user_name() : command.by;
  }
  return trackers::create_issue(place.tracker, place.repo, issue, place.fleet.labels, present());
}

jobs::Result<std::string> make_ready(const IssueCommand& command, const jobs::IssueKey& key) {
  RUNNER_ASSIGN(const Place place, find_place(command.global, key.repo.str()));
  const std::string by = command.by.empty() ? user_name() : command.by;
  RUNNER_TRY(trackers::ready_issue(place.tracker, place.repo, key.number, by, place.fleet.labels,
                                   present()));
  return by;
}

struct Read {
  jobs::Issue issue;
  std::vector<jobs::Comment> comments;
};

jobs::Result<Read> read_one(const IssueCommand& command) {
  RUNNER_ASSIGN(const jobs::IssueKey key, parse_issue_key(command.issue));
  RUNNER_ASSIGN(const Place place, find_place(command.global, key.repo.str()));
  trackers::LocalTrackerOptions options;
  options.bot = place.fleet.bot;
  options.labels = place.fleet.labels;
  options.issue_bytes = place.fleet.limits.issue_bytes;
  for (const jobs::Repo& repo : place.fleet.repos) {
    if (repo.tracker == place.repo.tracker && !repo.tracker_path.empty()) {
      options.folders[repo.name.str()] = repo.tracker_path;
    }
  }
  const auto reader = trackers::make_local_reader(place.tracker, options);
  Read read;
  RUNNER_ASSIGN(read.issue, reader->issue(place.repo, key.number, place.fleet.labels));
  RUNNER_ASSIGN(read.comments, reader->comments(place.repo, key.number));
  return read;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string_view state_of_blocker(const jobs::Blocker& blocker) {
  switch (blocker.state) {
    case jobs::Blocker::State::open: return "open";
    case jobs::Blocker::State::closed: return "closed";
    case jobs::Blocker::State::unreadable: return "unreadable";
  }
  return "unreadable";
}

Json document(const Read& read) {
  const jobs::Issue& issue = read.issue;
  Json json = Json::object();
  json.set("repo", issue.key.repo.str()).set("number", issue.key.number);
  json.set("title", issue.title).set("body", issue.body).set("open", issue.open);
  json.set("labels", Json::strings(issue.labels));
  json.set("priority", issue.priority ? Json(*issue.priority) : Json());
  json.set("ready_by", text_or_null(issue.ready_by.login));
  json.set("ready_by_permission", jobs::to_string(issue.ready_by.permission));
  json.set("ready_at", to_json(issue.ready_by.at));
  Json blockers = Json::array();
  for (const jobs::Blocker& blocker : issue.blockers) {
    Json item = Json::object();
    blockers.push(item.set("reference", blocker.reference).set("state", state_of_blocker(blocker)));
  }
  json.set("blockers", blockers).set("problem", text_or_null(issue.problem));
  json.set("url", text_or_null(issue.url));
  Json comments = Json::array();
  for (const jobs::Comment& comment : read.comments) {
    Json item = Json::object();
    item.set("id", comment.id).set("author", text_or_null(comment.author));
    comments.push(item.set("at", to_json(comment.at)).set("body", comment.body));
  }
  return json_root().set("issue", json).set("comments", comments);
}

std::string text_of(const Screen& screen, const Read& read) {
  const jobs::Issue& issue = read.issue;
  constexpr std::size_t kBytes = 2000;
  std::string out =
      paint(screen, Ink::bold, issue.key.str() + "  " + jobs::one_line(issue.title, kBytes));
  out += fmt::format(
      "\n{}{}\n", issue.open ? "open" : "closed",
      issue.labels.empty() ? "" : ", labels: " + jobs::one_line(joined(issue.labels), kBytes));
  if (!issue.ready_by.login.empty()) {
    out += fmt::format("ready label by {} (permission: {})\n", jobs::one_line(issue.ready_by.login),
                       jobs::to_string(issue.ready_by.permission));
  }
  for (const jobs::Blocker& blocker : issue.blockers) {
    out += fmt::format("blocked by {} ({})\n", jobs::one_line(blocker.reference),
                       state_of_blocker(blocker));
  }
  if (!issue.problem.empty()) {
    out += paint(screen, Ink::red, "problem: " + jobs::one_line(issue.problem, kBytes)) + "\n";
  }
  out += jobs::one_line(issue.url, kBytes) + "\n\n" + jobs::printable(issue.body) + "\n";
  for (const jobs::Comment& comment : read.comments) {
    const std::string head =
        fmt::format("-- {}, {}", jobs::one_line(comment.author.empty() ? "?" : comment.author),
                    comment.at ? jobs::format_time(*comment.at) : "?");
    out += "\n" + paint(screen, Ink::bold, head) + "\n" + jobs::printable(comment.body) + "\n";
  }
  return out;
}

}  // namespace

int run_issue_new(const IssueCommand& command) {
  const auto created = create(command);
  if (!created) {
    return report_error(command.global, created.error());
  }
  if (command.global.json) {
    Json json = Json::object();
    json.set("repo", command.repo).set("number", created->number).set("path", created->path);
    print_json(json_root().set("issue", json));
  } else {
    put(fmt::format("{}#{}  {}\n", command.repo, created->number,
                    jobs::one_line(created->path, 4000)));
  }
  return 0;
}

int run_issue_ready(const IssueCommand& command) {
  const auto key = parse_issue_key(command.issue);
  if (!key) {
    return report_error(command.global, key.error());
  }
  const auto by = make_ready(command, *key);
  if (!by) {
    return report_error(command.global, by.error());
  }
  if (command.global.json) {
    Json json = Json::object();
    json.set("repo", key->repo.str()).set("number", key->number).set("ready_by", *by);
    print_json(json_root().set("issue", json));
  } else {
    put(fmt::format("{} is ready, says {}\n", jobs::one_line(key->str()), jobs::one_line(*by)));
  }
  return 0;
}

int run_issue_list(const IssueCommand& command) {
  const auto place = find_place(command.global, command.repo);
  if (!place) {
    return report_error(command.global, place.error());
  }
  auto lines = trackers::list_issues(place->tracker, place->repo);
  if (!lines) {
    return report_error(command.global, lines.error());
  }
  std::erase_if(*lines,
                [&](const trackers::IssueLine& line) { return !line.open && !command.all; });
  if (command.global.json) {
    Json list = Json::array();
    for (const trackers::IssueLine& line : *lines) {
      Json item = Json::object();
      item.set("number", line.number).set("title", line.title).set("open", line.open);
      item.set("labels", Json::strings(line.labels));
      item.set("priority", line.priority ? Json(*line.priority) : Json());
      item.set("ready_by", text_or_null(line.ready_by)).set("problem", text_or_null(line.problem));
      list.push(item.set("path", line.path));
    }
    print_json(json_root().set("repo", command.repo).set("issues", list));
    return 0;
  }
  if (lines->empty()) {
    put(command.all ? "no issues\n" : "no open issues\n");
    return 0;
  }
  Table table({"ISSUE", "STATE", "PRIORITY", "LABELS", "READY BY", "TITLE"});
  for (const trackers::IssueLine& line : *lines) {
    const bool broken = !line.problem.empty();
    table.add({fmt::format("#{}", line.number),
               Cell(broken      ? "problem"
                    : line.open ? "open"
                                : "closed",
                    broken ? Ink::red : Ink::plain),
               line.priority ? std::to_string(*line.priority) : "-",
               line.labels.empty() ? "-" : joined(line.labels),
               line.ready_by.empty() ? "-" : line.ready_by, broken ? line.problem : line.title});
  }
  put(table.str(make_screen(command.global.color)));
  return 0;
}

int run_issue_show(const IssueCommand& command) {
  const auto read = read_one(command);
  if (!read) {
    return report_error(command.global, read.error());
  }
  if (command.global.json) {
    print_json(document(*read));
  } else {
    put(text_of(make_screen(command.global.color), *read));
  }
  return 0;
}

}  // namespace runner::cli
