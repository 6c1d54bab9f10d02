#include "runner/trackers/local_issue_files.h"

#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "manifests/toml_value.h"
#include "runner/trackers/comments.h"
#include "runner/trackers/issue_editor.h"

namespace runner::trackers {

using jobs::ErrorKind;
using jobs::fail;
using jobs::IssueNumber;
using manifests::toml_quote;

namespace {

constexpr std::size_t kMaxTitle = 500;
constexpr std::size_t kMaxBody = kMaxFileBytes / 2;
constexpr int kNumberTries = 20;

using Edits = std::vector<KeyEdit>;

std::string digest_of(const IssueText& text) {
  jobs::Issue issue;
  issue.title = text.title;
  issue.body = text.body;
  return issue.text_digest();
}

jobs::Status check(const NewIssue& issue) {
  if (jobs::trimmed(issue.title).empty()) {
    return fail(ErrorKind::usage, "an issue needs a title");
  }
  if (issue.title.size() > kMaxTitle) {
    return fail(ErrorKind::usage,
                fmt::format("the title has {} bytes, more than {}", issue.title.size(), kMaxTitle),
                "say it in one line and put the rest into the body");
  }
  if (issue.body.size() > kMaxBody) {
    return fail(ErrorKind::usage,
                fmt::format("the body has {} bytes, more than {}", issue.body.size(), kMaxBody));
  }
  for (const std::string& reference : issue.blocked_by) {
    if (jobs::blocked_by_references("blocked by " + reference) != std::vector{reference}) {
      return fail(ErrorKind::usage,
                  fmt::format("'{}' is not a reference like \"#7\" or \"acme/lib#7\"",
                              jobs::one_line(reference, 60)));
    }
  }
  return jobs::ok();
}

/// The file's text without the lines that say who approved it.
std::string to_file(IssueNumber number, const NewIssue& issue) {
  std::string text =
      fmt::format("+++\nnumber = {}\ntitle = {}\nstate = \"open\"\nlabels = {}\n", number,
                  toml_quote(jobs::trimmed(issue.title)), toml_array(issue.labels));
  if (issue.priority) {
    text += fmt::format("priority = {}\n", *issue.priority);
  }
  if (!issue.blocked_by.empty()) {
    text += fmt::format("blocked_by = {}\n", toml_array(issue.blocked_by));
  }
  return text + fmt::format("+++\n\n{}\n", jobs::trimmed(jobs::to_valid_utf8(issue.body)));
}

Edits approval(const IssueText& text, const std::string& by, jobs::TimePoint now) {
  return {{.key = "ready_by", .value = toml_quote(by)},
          {.key = "ready_at", .value = toml_quote(jobs::format_time(now))},
          {.key = "ready_digest", .value = toml_quote(digest_of(text))}};
}

}  // namespace

jobs::Result<CreatedIssue> create_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                                        const NewIssue& issue, const jobs::Labels& labels,
                                        jobs::TimePoint now) {
  RUNNER_TRY(check(issue));
  RUNNER_ASSIGN(const Place place, open_place(config, repo, true));
  RUNNER_ASSIGN(const Fd lock, lock_folder(place.folder));
  RUNNER_ASSIGN(const IssueFolder folder, read_issue_folder(place.folder, place.path, nullptr));
  NewIssue wanted = issue;
  if (!issue.ready_by.empty() &&
      std::ranges::find(wanted.labels, labels.ready) == wanted.labels.end()) {
    wanted.labels.push_back(labels.ready);
  }
  // A person may make the very file meanwhile; then the number after it is free.
  for (IssueNumber number = folder.highest + 1; number <= folder.highest + kNumberTries; ++number) {
    const std::string name = fmt::format("{:04}-{}.md", number, jobs::slug(wanted.title));
    std::string text = to_file(number, wanted);
    const IssueText read = parse_issue_text(text, name);
    if (!read.problem.empty()) {
      return fail(ErrorKind::usage,
                  fmt::format("this would not be a readable issue: {}", read.problem));
    }
    if (!wanted.ready_by.empty()) {
      RUNNER_ASSIGN(text, edit_front_matter(text, approval(read, wanted.ready_by, now)));
    }
    const jobs::Status created = create_file(place.folder, name, text);
    if (created) {
      return CreatedIssue{.number = number, .path = place.path + "/" + name};
    }
    if (created.error().kind != ErrorKind::conflict) {
      return created.error();
    }
  }
  return fail(ErrorKind::conflict,
              fmt::format("no free issue number was found in {}", jobs::one_line(place.path)));
}

jobs::Status ready_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                         IssueNumber number, const std::string& by, const jobs::Labels& labels,
                         jobs::TimePoint now) {
  if (jobs::trimmed(by).empty()) {
    return fail(ErrorKind::usage, "the ready label needs the name of who sets it");
  }
  RUNNER_ASSIGN(const Place place, open_place(config, repo, false));
  return edit_issue(place, number, [&](const IssueFile& file) -> jobs::Result<Edits> {
    if (!file.text.open) {
      return fail(ErrorKind::usage, fmt::format("issue #{} is closed", number), "reopen it first");
    }
    Edits edits = label_edits(file.text, {labels.ready}, {labels.human});
    if (edits.empty() && file.text.ready_by == by &&
        file.text.ready_digest == digest_of(file.text)) {
      return Edits{};
    }
    for (KeyEdit& edit : approval(file.text, by, now)) {
      edits.push_back(std::move(edit));
    }
    return edits;
  });
}

jobs::Status unready_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                           IssueNumber number, const jobs::Labels& labels) {
  RUNNER_ASSIGN(const Place place, open_place(config, repo, false));
  return edit_issue(place, number, [&](const IssueFile& file) -> jobs::Result<Edits> {
    Edits edits = label_edits(file.text, {}, {labels.ready});
    if (!edits.empty()) {
      for (const char* key : {"ready_by", "ready_at", "ready_digest"}) {
        edits.push_back({.key = key, .value = std::nullopt});
      }
    }
    return edits;
  });
}

jobs::Status close_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                         IssueNumber number, const std::string& reason) {
  RUNNER_ASSIGN(const Place place, open_place(config, repo, false));
  return edit_issue(place, number, [&](const IssueFile& file) -> jobs::Result<Edits> {
    if (!file.text.open) {
      return Edits{};
    }
    Edits edits{{.key = "state", .value = "\"closed\""}};
    if (!reason.empty()) {
      edits.push_back({.key = "closed_reason", .value = toml_quote(reason)});
    }
    return edits;
  });
}

jobs::Status reopen_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                          IssueNumber number) {
  RUNNER_ASSIGN(const Place place, open_place(config, repo, false));
  return edit_issue(place, number, [&](const IssueFile& file) -> jobs::Result<Edits> {
    if (file.text.open) {
      return Edits{};
    }
    return Edits{{.key = "state", .value = "\"open\""},
                 {.key = "closed_reason", .value = std::nullopt}};
  });
}

jobs::Result<std::string> comment_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                                        IssueNumber number, const std::string& by,
                                        const std::string& body, jobs::TimePoint now) {
  RUNNER_ASSIGN(const Place place, open_place(config, repo, false));
  RUNNER_ASSIGN(const std::string name,
                add_comment(place, number, {.author = by, .body = body, .at = now}));
  return fmt::format("{}/{}/{}", place.path, comments_folder(number), name);
}

jobs::Result<std::vector<IssueLine>> list_issues(const jobs::TrackerConfig& config,
                                                 const jobs::Repo& repo) {
  RUNNER_ASSIGN(const Place place, open_place(config, repo, false));
  RUNNER_ASSIGN(const IssueFolder folder, read_issue_folder(place.folder, place.path, nullptr));
  std::vector<IssueLine> lines;
  for (const auto& file : folder.files) {
    const IssueText& text = file->text;
    lines.push_back({.number = file->number,
                     .title = text.title,
                     .open = text.open,
                     .labels = text.labels,
                     .priority = text.priority,
                     .ready_by = text.ready_by,
                     .problem = text.problem,
                     .path = place.path + "/" + file->name});
  }
  std::ranges::stable_sort(lines, {}, &IssueLine::number);
  return lines;
}

}  // namespace runner::trackers
