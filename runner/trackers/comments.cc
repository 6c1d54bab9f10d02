#include "runner/trackers/comments.h"

#include <algorithm>
#include <chrono>
#include <ranges>
#include <thread>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "manifests/toml_value.h"

namespace runner::trackers {

using jobs::ErrorKind;
using jobs::IssueNumber;

namespace {

constexpr int kTries = 5;
constexpr std::chrono::milliseconds kPause{10};
constexpr std::size_t kMaxSlug = 20;
constexpr std::size_t kMaxBody = kMaxFileBytes / 2;
/// Of the texts of all comments of an issue together: whoever shows them holds them more than once.
constexpr std::size_t kMostShown = 8U << 20U;

bool is_comment_name(std::string_view name) {
  return name.ends_with(".md");
}

/// As it stands in the file: valid text that ends with one newline.
std::string clean(std::string_view body) {
  return std::string(jobs::trimmed(jobs::to_valid_utf8(body))) + "\n";
}

std::string to_file(const NewComment& comment) {
  return fmt::format("+++\nauthor = {}\nat = \"{}\"\n+++\n\n{}",
                     manifests::toml_quote(comment.author), jobs::format_time(comment.at),
                     clean(comment.body));
}

/// A marker inside a line is a quotation of it, not the marker.
bool has_line(std::string_view body, std::string_view wanted) {
  while (!body.empty()) {
    const std::size_t newline = body.find('\n');
    if (jobs::trimmed(body.substr(0, newline)) == wanted) {
      return true;
    }
    body.remove_prefix(newline == std::string_view::npos ? body.size() : newline + 1);
  }
  return false;
}

jobs::Result<Fd> open_comments(const Place& place, IssueNumber number, bool create) {
  return open_below(place.folder, place.path, comments_folder(number), create);
}

jobs::Result<std::string> add(const Fd& folder, const std::vector<std::string>& names,
                              const NewComment& comment) {
  IssueNumber next = 1;
  for (const std::string& name : names) {
    next = std::max(next, number_in_name(name) + 1);
  }
  const std::string name = fmt::format("{:04}-{}.md", next, jobs::slug(comment.author, kMaxSlug));
  RUNNER_TRY(create_file(folder, name, to_file(comment)));
  return name;
}

/// What the comment of that name says, if the author wrote it.
std::optional<std::pair<CommentText, std::string>> written_by(const Fd& folder,
                                                              const std::string& name,
                                                              const std::string& author) {
  const auto file = read_regular(folder, name, kMaxFileBytes);
  if (!file) {
    return std::nullopt;
  }
  CommentText text = parse_comment_text(file->bytes);
  return text.author == author ? std::optional(std::pair(std::move(text), file->bytes))
                               : std::nullopt;
}

jobs::Result<std::string> try_upsert(const Fd& folder, const std::string& marker,
                                     const std::string& id, const NewComment& comment) {
  RUNNER_ASSIGN(std::vector<std::string> names, list_names(folder));
  std::vector<std::string> looked_at = names;
  std::erase_if(looked_at, [](const std::string& name) {
    return !is_comment_name(name) || RUNNER_PLANTED(fresh_comment);
  });
  // The one that is known comes first, and needs no marker: somebody may have taken it out.
  std::ranges::stable_partition(looked_at, [&](const std::string& name) { return name == id; });
  for (const std::string& name : looked_at) {
    const auto old = written_by(folder, name, comment.author);
    if (!old || (name != id && !has_line(old->first.body, jobs::trimmed(marker)))) {
      continue;
    }
    if (old->first.body + "\n" == clean(comment.body)) {
      return name;
    }
    NewComment edited = comment;
    edited.at = old->first.at.value_or(comment.at);
    RUNNER_TRY(replace_file(folder, name, old->second, to_file(edited)));
    return name;
  }
  return add(folder, names, comment);
}

/// What we write we must be able to read back, or the next edit would not find it.
jobs::Status require_fits(std::string_view body) {
  return body.size() <= kMaxBody
             ? jobs::ok()
             : jobs::Status(
                   jobs::fail(ErrorKind::usage,
                              fmt::format("a comment of {} bytes is too long", body.size())));
}

jobs::Status require_issue(const Place& place, IssueNumber number) {
  RUNNER_ASSIGN(const IssueFolder folder, read_issue_folder(place.folder, place.path, nullptr));
  const auto found = folder.find(number);
  return found ? jobs::ok() : jobs::Status(found.error());
}

}  // namespace

std::string comments_folder(IssueNumber number) {
  return fmt::format("{:04}.comments", number);
}

jobs::Result<std::vector<jobs::Comment>> read_comments(const Place& place, IssueNumber number) {
  std::vector<jobs::Comment> comments;
  const auto folder = open_comments(place, number, false);
  if (!folder) {
    if (folder.error().kind == ErrorKind::not_found) {
      return comments;
    }
    return folder.error();
  }
  RUNNER_ASSIGN(std::vector<std::string> names, list_names(*folder));
  std::ranges::stable_sort(names, {}, [](const std::string& name) { return number_in_name(name); });
  std::size_t room = kMostShown;
  // The newest first, so that it is they whose text is there.
  for (const std::string& name : std::views::reverse(names)) {
    if (!is_comment_name(name)) {
      continue;
    }
    const auto file = read_regular(*folder, name, kMaxFileBytes);
    if (!file) {
      comments.push_back(
          {.id = name, .author = {}, .body = "(" + file.error().message + ")", .at = {}});
      continue;
    }
    CommentText text = parse_comment_text(file->bytes);
    if (text.body.size() > room) {
      text.body = fmt::format("({} bytes left out; they stand in the file {})", text.body.size(),
                              jobs::one_line(name));
    }
    room -= std::min(room, text.body.size());
    comments.push_back({.id = name,
                        .author = std::move(text.author),
                        .body = std::move(text.body),
                        .at = text.at});
  }
  std::ranges::reverse(comments);
  return comments;
}

jobs::Result<std::string> add_comment(const Place& place, IssueNumber number,
                                      const NewComment& comment) {
  RUNNER_TRY(require_fits(comment.body));
  RUNNER_TRY(require_issue(place, number));
  RUNNER_ASSIGN(const Fd folder, open_comments(place, number, true));
  RUNNER_ASSIGN(const Fd lock, lock_folder(folder));
  RUNNER_ASSIGN(const std::vector<std::string> names, list_names(folder));
  return add(folder, names, comment);
}

jobs::Result<std::string> upsert_comment(const Place& place, IssueNumber number,
                                         const std::string& marker, const std::string& id,
                                         const NewComment& comment) {
  if (jobs::trimmed(marker).empty() || !has_line(comment.body, jobs::trimmed(marker))) {
    return jobs::fail(ErrorKind::bug, "the comment's body does not hold its own marker as a line");
  }
  RUNNER_TRY(require_fits(comment.body));
  RUNNER_TRY(require_issue(place, number));
  RUNNER_ASSIGN(const Fd folder, open_comments(place, number, true));
  jobs::Result<std::string> written = std::string();
  for (int i = 0; i < kTries; ++i) {
    {
      RUNNER_ASSIGN(const Fd lock, lock_folder(folder));
      written = try_upsert(folder, marker, id, comment);
    }
    if (written || written.error().kind != ErrorKind::conflict) {
      break;
    }
    std::this_thread::sleep_for(kPause * (i + 1));
  }
  return std::move(written).while_doing(
      fmt::format("writing the comment on issue #{} in {}", number, jobs::one_line(place.path)));
}

}  // namespace runner::trackers
