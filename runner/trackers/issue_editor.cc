#include "runner/trackers/issue_editor.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "manifests/toml_value.h"

namespace runner::trackers {

using jobs::ErrorKind;
using jobs::fail;

namespace {

constexpr int kTries = 5;
constexpr std::chrono::milliseconds kPause{10};

/// What the edits do not name must read back as it was. This catches a text that our line editor
/// does not understand.
bool only_named_keys_differ(const IssueText& before, const IssueText& after,
                            const std::vector<KeyEdit>& edits) {
  IssueText expected = after;
  const auto named = [&](const char* key) {
    return std::ranges::find(edits, key, &KeyEdit::key) != edits.end();
  };
  const auto take = [&](const char* key, auto field) {
    if (named(key)) {
      expected.*field = before.*field;
    }
  };
  take("labels", &IssueText::labels);
  take("state", &IssueText::open);
  take("closed_reason", &IssueText::closed_reason);
  take("ready_by", &IssueText::ready_by);
  take("ready_at", &IssueText::ready_at);
  take("ready_digest", &IssueText::ready_digest);
  return after.problem.empty() && expected == before;
}

jobs::Status try_edit(const Place& place, jobs::IssueNumber number, const DecideEdit& decide) {
  RUNNER_ASSIGN(const IssueFolder folder, read_issue_folder(place.folder, place.path, nullptr));
  RUNNER_ASSIGN(const auto file, folder.find(number));
  if (!file->text.problem.empty()) {
    return fail(ErrorKind::conflict,
                fmt::format("the issue's file cannot be changed: {}", file->text.problem),
                fmt::format("repair it in {}", jobs::one_line(place.path)));
  }
  RUNNER_ASSIGN(const FileText text, read_regular(place.folder, file->name, kMaxFileBytes));
  IssueFile now = *file;
  now.text = parse_issue_text(text.bytes, file->name);
  if (!now.text.problem.empty() || now.text.number.value_or(number_in_name(file->name)) != number) {
    return fail(ErrorKind::conflict,
                fmt::format("{} changed while it was read", jobs::one_line(file->name)));
  }
  RUNNER_ASSIGN(const std::vector<KeyEdit> edits, decide(now));
  if (edits.empty()) {
    return jobs::ok();
  }
  RUNNER_ASSIGN(const std::string bytes, edit_front_matter(text.bytes, edits));
  if (!only_named_keys_differ(now.text, parse_issue_text(bytes, file->name), edits)) {
    return fail(
        ErrorKind::conflict,
        fmt::format("the front matter of {} is written in a way that cannot be changed safely",
                    jobs::one_line(file->name)),
        "write its keys one per line, before any [table]");
  }
  return replace_file(place.folder, file->name, text.bytes, bytes);
}

}  // namespace

jobs::Result<Place> open_place(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                               bool create) {
  Place place;
  const std::string relative = folder_of(repo);
  place.path = config.path + "/" + relative;
  auto tracker = open_folder(config.path, "", create);
  auto folder =
      tracker ? open_folder(config.path, relative, create) : jobs::Result<Fd>(tracker.error());
  if (!folder) {
    jobs::Error error = std::move(folder).error();
    if (error.kind == ErrorKind::not_found) {
      error = std::move(error).with_hint("make the folder, or let `runner issue new` make it");
    }
    return std::move(error).while_doing(
        fmt::format("opening the issues of {}", jobs::one_line(repo.name.str())));
  }
  place.tracker = std::move(*tracker);
  place.folder = std::move(*folder);
  return place;
}

jobs::Status edit_issue(const Place& place, jobs::IssueNumber number, const DecideEdit& decide) {
  jobs::Status status;
  for (int i = 0; i < kTries; ++i) {
    {
      RUNNER_ASSIGN(const Fd lock, lock_folder(place.folder));
      status = try_edit(place, number, decide);
    }
    const bool again = !status && (status.error().kind == ErrorKind::conflict ||
                                   status.error().kind == ErrorKind::not_found);
    if (!again) {
      break;
    }
    std::this_thread::sleep_for(kPause * (i + 1));
  }
  return std::move(status).while_doing(
      fmt::format("changing issue #{} in {}", number, jobs::one_line(place.path)));
}

std::vector<KeyEdit> label_edits(const IssueText& text, const std::vector<std::string>& add,
                                 const std::vector<std::string>& remove) {
  const auto has = [](const std::vector<std::string>& labels, const std::string& label) {
    return std::ranges::find(labels, label) != labels.end();
  };
  std::vector<std::string> labels;
  for (const std::string& label : text.labels) {
    if (!has(remove, label)) {
      labels.push_back(label);
    }
  }
  for (const std::string& label : add) {
    if (!has(labels, label)) {
      labels.push_back(label);
    }
  }
  if (labels == text.labels) {
    return {};
  }
  return {{.key = "labels", .value = toml_array(labels)}};
}

}  // namespace runner::trackers
