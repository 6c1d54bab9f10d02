#include "tests/fakes/fake_tracker.h"

#include <algorithm>
#include <cstdlib>

#include "jobs/base/text.h"

namespace fakes {

using jobs::Blocker;
using jobs::ErrorKind;
using jobs::fail;
using jobs::Issue;
using jobs::IssueKey;
using jobs::IssueNumber;
using jobs::Repo;

namespace {

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

/// The marker counts only as a line of its own.
bool has_line(const std::string& body, const std::string& line) {
  return ("\n" + body + "\n").find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

void FakeTracker::add_repo(const jobs::RepoName& repo) {
  const std::lock_guard lock(mutex_);
  repos_.insert(repo);
}

void FakeTracker::put(const IssueKey& key, Written written) {
  const std::lock_guard lock(mutex_);
  repos_.insert(key.repo);
  issues_[key].written = std::move(written);
}

void FakeTracker::set_permission(const std::string& login, jobs::Permission permission) {
  const std::lock_guard lock(mutex_);
  permissions_[login] = permission;
}

void FakeTracker::add_bot(const std::string& login) {
  const std::lock_guard lock(mutex_);
  bots_.insert(login);
}

void FakeTracker::comment(const IssueKey& key, const std::string& author, const std::string& body) {
  const std::lock_guard lock(mutex_);
  Stored& stored = issues_.at(key);
  stored.comments.push_back({.id = std::to_string(++stored.comment_ids),
                             .author = author,
                             .body = body,
                             .at = std::nullopt});
}

void FakeTracker::set_open(const IssueKey& key, bool open) {
  const std::lock_guard lock(mutex_);
  issues_.at(key).written.open = open;
}

void FakeTracker::label(const IssueKey& key, const std::string& label, const std::string& by,
                        jobs::TimePoint at) {
  const std::lock_guard lock(mutex_);
  Written& written = issues_.at(key).written;
  if (!contains(written.labels, label)) {
    written.labels.push_back(label);
  }
  if (label == labels_.ready) {
    written.ready_by = by;
    written.ready_at = at;
  }
}

void FakeTracker::unlabel(const IssueKey& key, const std::string& label) {
  const std::lock_guard lock(mutex_);
  Written& written = issues_.at(key).written;
  std::erase(written.labels, label);
  if (label == labels_.ready) {
    written.ready_by.clear();
    written.ready_at.reset();
  }
}

void FakeTracker::remove(const IssueKey& key) {
  const std::lock_guard lock(mutex_);
  issues_.erase(key);
}

FakeTracker::Written FakeTracker::written(const IssueKey& key) const {
  const std::lock_guard lock(mutex_);
  return issues_.at(key).written;
}

std::string FakeTracker::closed_reason(const IssueKey& key) const {
  const std::lock_guard lock(mutex_);
  return issues_.at(key).closed_reason;
}

std::vector<jobs::Comment> FakeTracker::comments_of(const IssueKey& key) const {
  const std::lock_guard lock(mutex_);
  return issues_.at(key).comments;
}

Blocker FakeTracker::look_up(const jobs::RepoName& own, const std::string& reference) const {
  Blocker blocker;
  blocker.reference = reference;
  const std::size_t hash = reference.rfind('#');
  const IssueNumber number =
      hash == std::string::npos ? 0 : std::strtoll(reference.c_str() + hash + 1, nullptr, 10);
  const jobs::RepoName repo =
      hash == 0 ? own : jobs::RepoName(reference.substr(0, hash == std::string::npos ? 0 : hash));
  const auto found = issues_.find({repo, number});
  if (number <= 0 || found == issues_.end()) {
    blocker.detail = "there is no issue " + reference;
  } else if (!found->second.written.problem.empty()) {
    blocker.detail = found->second.written.problem;
  } else {
    blocker.state = found->second.written.open ? Blocker::State::open : Blocker::State::closed;
  }
  return blocker;
}

Issue FakeTracker::to_issue(const IssueKey& key, const Stored& stored) const {
  const Written& written = stored.written;
  const auto permission_of = [&](const std::string& login) {
    const auto found = permissions_.find(login);
    return found == permissions_.end() ? jobs::Permission::unknown : found->second;
  };
  Issue issue;
  issue.key = key;
  issue.title = written.title;
  issue.author = written.author;
  issue.body = written.body;
  issue.open = written.open;
  issue.labels = written.labels;
  issue.priority = written.priority;
  issue.ready_by = {.login = written.ready_by,
                    .is_bot = written.ready_by == bot_ || bots_.contains(written.ready_by),
                    .permission = permission_of(written.ready_by),
                    .at = written.ready_at};
  issue.edited_at = written.edited_at;
  issue.edited_by = written.edited_by;
  issue.editor_permission = permission_of(written.edited_by);
  issue.problem = written.problem;
  issue.url = "fake://" + key.str();
  if (issue.problem.empty()) {
    std::vector<std::string> references = written.blocked_by;
    for (const std::string& reference : jobs::blocked_by_references(written.body)) {
      if (!contains(references, reference)) {
        references.push_back(reference);
      }
    }
    for (const std::string& reference : references) {
      issue.blockers.push_back(look_up(key.repo, reference));
    }
  }
  return issue;
}

jobs::Result<std::vector<Issue>> FakeTracker::labelled(const jobs::RepoName& repo,
                                                       const std::string& label,
                                                       bool with_problems) const {
  if (!repos_.contains(repo)) {
    return fail(ErrorKind::not_found, "the tracker does not know " + repo.str());
  }
  std::vector<Issue> found;
  for (const auto& [key, stored] : issues_) {
    const bool wanted = contains(stored.written.labels, label) ||
                        (with_problems && !stored.written.problem.empty());
    if (key.repo == repo && stored.written.open && wanted) {
      found.push_back(to_issue(key, stored));
    }
  }
  return found;
}

jobs::Result<FakeTracker::Stored*> FakeTracker::find(const Repo& repo, IssueNumber number) {
  const auto found = issues_.find({repo.name, number});
  if (found == issues_.end()) {
    return fail(ErrorKind::not_found, "there is no issue " + IssueKey{repo.name, number}.str());
  }
  return &found->second;
}

jobs::Result<std::vector<Issue>> FakeTracker::ready_issues(const Repo& repo,
                                                           const jobs::Labels& labels) {
  RUNNER_TRY(script.before("ready_issues"));
  const std::lock_guard lock(mutex_);
  return labelled(repo.name, labels.ready, true);
}

jobs::Result<std::vector<Issue>> FakeTracker::in_progress_issues(const Repo& repo,
                                                                 const jobs::Labels& labels) {
  RUNNER_TRY(script.before("in_progress_issues"));
  const std::lock_guard lock(mutex_);
  return labelled(repo.name, labels.in_progress, false);
}

jobs::Result<Issue> FakeTracker::issue(const Repo& repo, IssueNumber number, const jobs::Labels&) {
  RUNNER_TRY(script.before("issue"));
  const std::lock_guard lock(mutex_);
  RUNNER_ASSIGN(const Stored* stored, find(repo, number));
  return to_issue({repo.name, number}, *stored);
}

jobs::Result<std::vector<jobs::Comment>> FakeTracker::comments(const Repo& repo,
                                                               IssueNumber number) {
  RUNNER_TRY(script.before("comments"));
  const std::lock_guard lock(mutex_);
  RUNNER_ASSIGN(const Stored* stored, find(repo, number));
  return stored->comments;
}

jobs::Status FakeTracker::set_labels(const Repo& repo, IssueNumber number,
                                     const std::vector<std::string>& add,
                                     const std::vector<std::string>& remove) {
  RUNNER_TRY(script.before("set_labels"));
  {
    const std::lock_guard lock(mutex_);
    RUNNER_ASSIGN(Stored * stored, find(repo, number));
    Written& written = stored->written;
    if (!written.problem.empty()) {
      return fail(ErrorKind::conflict, "the issue cannot be changed: " + written.problem);
    }
    std::vector<std::string> labels = written.labels;
    std::erase_if(labels, [&](const std::string& label) { return contains(remove, label); });
    for (const std::string& label : add) {
      if (!contains(labels, label)) {
        labels.push_back(label);
      }
    }
    if (labels != written.labels) {
      if (contains(written.labels, labels_.ready) && !contains(labels, labels_.ready)) {
        written.ready_by.clear();
        written.ready_at.reset();
      }
      written.labels = labels;
      std::string what = "set_labels " + IssueKey{repo.name, number}.str();
      for (const std::string& label : labels) {
        what += " " + label;
      }
      script.changed(std::move(what));
    }
  }
  return script.after("set_labels");
}

jobs::Result<std::string> FakeTracker::upsert_comment(const Repo& repo, IssueNumber number,
                                                      const jobs::OwnComment& comment) {
  RUNNER_TRY(script.before("upsert_comment"));
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    RUNNER_ASSIGN(Stored * stored, find(repo, number));
    if (comment.marker.empty() || !has_line(comment.body, comment.marker)) {
      return fail(ErrorKind::bug, "the comment's body does not hold its own marker as a line");
    }
    const std::string clean(jobs::trimmed(jobs::to_valid_utf8(comment.body)));
    std::vector<jobs::Comment>& all = stored->comments;
    auto ours = std::ranges::find_if(all, [&](const jobs::Comment& one) {
      return one.author == bot_ && !comment.id.empty() && one.id == comment.id;
    });
    if (ours == all.end()) {
      ours = std::ranges::find_if(all, [&](const jobs::Comment& one) {
        return one.author == bot_ && has_line(one.body, comment.marker);
      });
    }
    if (ours == all.end()) {
      all.push_back({.id = std::to_string(++stored->comment_ids),
                     .author = bot_,
                     .body = clean,
                     .at = std::nullopt});
      script.changed("add_comment " + IssueKey{repo.name, number}.str());
      id = all.back().id;
    } else {
      id = ours->id;
      if (ours->body != clean) {
        ours->body = clean;
        script.changed("edit_comment " + IssueKey{repo.name, number}.str());
      }
    }
  }
  RUNNER_TRY(script.after("upsert_comment"));
  return id;
}

jobs::Status FakeTracker::close(const Repo& repo, IssueNumber number, const std::string& reason) {
  RUNNER_TRY(script.before("close"));
  {
    const std::lock_guard lock(mutex_);
    RUNNER_ASSIGN(Stored * stored, find(repo, number));
    if (!stored->written.problem.empty()) {
      return fail(ErrorKind::conflict, "the issue cannot be changed: " + stored->written.problem);
    }
    if (stored->written.open) {
      stored->written.open = false;
      stored->closed_reason = reason;
      script.changed("close " + IssueKey{repo.name, number}.str());
    }
  }
  return script.after("close");
}

}  // namespace fakes
