#include "tests/sim_support/tracker.h"

#include <algorithm>
#include <cstdlib>

#include "jobs/base/text.h"

namespace sim {

using jobs::ErrorKind;
using jobs::fail;
using jobs::IssueKey;
using jobs::IssueNumber;
using jobs::Repo;

namespace {

const std::string kBot = "runner";

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

bool has_line(const std::string& body, const std::string& line) {
  return ("\n" + body + "\n").find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

void Tracker::put(Card& card, Text text) {
  card.versions.emplace_back(clock_.now(), std::move(text));
}

void Tracker::edit(const IssueKey& key, const std::function<void(Text&)>& how) {
  Card& card = cards_[key];
  Text text = card.versions.empty() ? Text{} : card.now();
  how(text);
  put(card, std::move(text));
  card.touched = clock_.now();
  if (card.now().ready_at == clock_.now()) {
    card.released = clock_.now();
  }
}

void Tracker::touch(const IssueKey& key) {
  cards_[key].touched = clock_.now();
}

void Tracker::comment(const IssueKey& key, const std::string& author, const std::string& body) {
  Card& card = cards_[key];
  card.comments.push_back({.id = std::to_string(card.comments.size() + 1),
                           .author = author,
                           .body = body,
                           .at = clock_.now()});
}

void Tracker::permit(const std::string& login, jobs::Permission permission, bool bot) {
  people_[login] = {permission, bot};
}

bool Tracker::trusted(const std::string& login) const {
  const auto found = people_.find(login);
  return found != people_.end() && !found->second.bot &&
         found->second.permission >= jobs::Permission::write;
}

const Tracker::Text* Tracker::shown(const IssueKey& key, const Card& card) const {
  const auto behind = lag_.find(key.repo);
  if (behind == lag_.end() || behind->second.count() == 0) {
    return card.now().there ? &card.now() : nullptr;
  }
  const jobs::TimePoint then = clock_.now() - behind->second;
  const Text* text = nullptr;
  for (const auto& [at, version] : card.versions) {
    if (at <= then) {
      text = &version;
    }
  }
  return text != nullptr && text->there ? text : nullptr;
}

jobs::Issue Tracker::to_issue(const IssueKey& key, const Text& text) const {
  const auto person = [&](const std::string& login) {
    const auto found = people_.find(login);
    return found == people_.end() ? Person{} : found->second;
  };
  jobs::Issue issue;
  issue.key = key;
  issue.title = text.title;
  issue.body = text.body;
  issue.open = text.open;
  issue.labels = text.labels;
  issue.priority = text.priority;
  issue.ready_by = {.login = text.ready_by,
                    .is_bot = person(text.ready_by).bot,
                    .permission = person(text.ready_by).permission,
                    .at = text.ready_at};
  issue.edited_at = text.edited_at;
  issue.edited_by = text.edited_by;
  issue.editor_permission = person(text.edited_by).permission;
  issue.problem = text.problem;
  for (const std::string& reference : text.blocked_by) {
    jobs::Blocker blocker;
    blocker.reference = reference;
    const IssueNumber number = std::strtoll(reference.c_str() + 1, nullptr, 10);
    const auto found = cards_.find({key.repo, number});
    if (found == cards_.end() || !found->second.now().problem.empty()) {
      blocker.detail = "there is no issue " + reference;
    } else {
      blocker.state =
          found->second.now().open ? jobs::Blocker::State::open : jobs::Blocker::State::closed;
    }
    issue.blockers.push_back(std::move(blocker));
  }
  return issue;
}

std::vector<jobs::Issue> Tracker::labelled(const jobs::RepoName& repo, const std::string& label,
                                           bool problems) const {
  std::vector<jobs::Issue> found;
  for (auto at = cards_.lower_bound({repo, 0}); at != cards_.end() && at->first.repo == repo;
       ++at) {
    const Text* text = shown(at->first, at->second);
    if (text != nullptr && text->open &&
        (contains(text->labels, label) || (problems && !text->problem.empty()))) {
      found.push_back(to_issue(at->first, *text));
    }
  }
  return found;
}

jobs::Result<Tracker::Card*> Tracker::find(const Repo& repo, IssueNumber number) {
  const auto found = cards_.find({repo.name, number});
  if (found == cards_.end() || !found->second.now().there) {
    return fail(ErrorKind::not_found, "there is no issue " + IssueKey{repo.name, number}.str());
  }
  return &found->second;
}

jobs::Result<std::vector<jobs::Issue>> Tracker::ready_issues(const Repo& repo,
                                                             const jobs::Labels& labels) {
  return labelled(repo.name, labels.ready, true);
}

jobs::Result<std::vector<jobs::Issue>> Tracker::in_progress_issues(const Repo& repo,
                                                                   const jobs::Labels& labels) {
  return labelled(repo.name, labels.in_progress, false);
}

jobs::Result<jobs::Issue> Tracker::issue(const Repo& repo, IssueNumber number,
                                         const jobs::Labels& /*labels*/) {
  const auto found = cards_.find({repo.name, number});
  const Text* text = found == cards_.end() ? nullptr : shown(found->first, found->second);
  if (text == nullptr) {
    return fail(ErrorKind::not_found, "there is no issue " + IssueKey{repo.name, number}.str());
  }
  return to_issue(found->first, *text);
}

jobs::Result<std::vector<jobs::Comment>> Tracker::comments(const Repo& repo, IssueNumber number) {
  RUNNER_ASSIGN(const Card* card, find(repo, number));
  return card->comments;
}

jobs::Status Tracker::set_labels(const Repo& repo, IssueNumber number,
                                 const std::vector<std::string>& add,
                                 const std::vector<std::string>& remove) {
  RUNNER_ASSIGN(Card * card, find(repo, number));
  Text text = card->now();
  if (!text.problem.empty()) {
    return fail(ErrorKind::conflict, "the issue cannot be changed: " + text.problem);
  }
  const std::vector<std::string> before = text.labels;
  std::erase_if(text.labels, [&](const std::string& label) { return contains(remove, label); });
  for (const std::string& label : add) {
    if (!contains(text.labels, label)) {
      text.labels.push_back(label);
    }
  }
  if (text.labels != before) {
    if (contains(before, labels_.ready) && !contains(text.labels, labels_.ready)) {
      text.ready_by.clear();
      text.ready_at.reset();
    }
    put(*card, std::move(text));
  }
  return jobs::ok();
}

jobs::Result<std::string> Tracker::upsert_comment(const Repo& repo, IssueNumber number,
                                                  const jobs::OwnComment& comment) {
  RUNNER_ASSIGN(Card * card, find(repo, number));
  if (comment.marker.empty() || !has_line(comment.body, comment.marker)) {
    return fail(ErrorKind::bug, "the comment's body does not hold its own marker as a line");
  }
  auto ours = std::ranges::find_if(card->comments, [&](const jobs::Comment& one) {
    return one.author == kBot && one.id == comment.id;
  });
  if (ours == card->comments.end()) {
    ours = std::ranges::find_if(card->comments, [&](const jobs::Comment& one) {
      return one.author == kBot && has_line(one.body, comment.marker);
    });
  }
  if (ours == card->comments.end()) {
    this->comment({repo.name, number}, kBot, comment.body);
    return card->comments.back().id;
  }
  ours->body = comment.body;
  return ours->id;
}

jobs::Status Tracker::close(const Repo& repo, IssueNumber number, const std::string& /*reason*/) {
  RUNNER_ASSIGN(Card * card, find(repo, number));
  if (!card->now().problem.empty()) {
    return fail(ErrorKind::conflict, "the issue cannot be changed: " + card->now().problem);
  }
  if (card->now().open) {
    Text text = card->now();
    text.open = false;
    put(*card, std::move(text));
  }
  return jobs::ok();
}

}  // namespace sim
