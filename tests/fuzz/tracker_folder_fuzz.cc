// A local tracker whose files hold any bytes: reading gives issues, problems or an error, and what
// the writer writes the reader reads. Input: parts for an issue, permissions.toml, a comment and
// the text that is written.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/trackers/comments.h"
#include "runner/trackers/local_issue_files.h"
#include "runner/trackers/local_tracker.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;
using namespace runner::trackers;  // NOLINT(google-build-using-namespace): what is under test

const jobs::TimePoint kNow{std::chrono::hours(500'000)};

class FixedClock final : public jobs::Clock {
 public:
  jobs::TimePoint now() override { return kNow; }
  std::uint64_t random() override { return 4; }
};

void check_reader(jobs::TrackerReader& reader, const jobs::Repo& repo, const jobs::Labels& labels) {
  const auto ready = reader.ready_issues(repo, labels);
  if (!ready) {
    require(fuzz::is_safe_text(ready.error().message, false), "an error is one harmless line");
    return;
  }
  for (const jobs::Issue& issue : *ready) {
    require(issue.open, "a ready issue is open");
    require(!issue.problem.empty() || issue.has_label(labels.ready), "a ready issue has the label");
    require(issue.blockers.size() <= 50, "blockers are bounded");
    require(issue.problem.empty() || fuzz::is_safe_text(issue.problem, false),
            "a problem is one harmless line");
  }
  (void)reader.in_progress_issues(repo, labels);
  (void)reader.issue(repo, 1, labels);
  (void)reader.comments(repo, 1);
}

void check_new_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                     const jobs::Labels& labels, const std::string& text, const std::string& by) {
  NewIssue wanted;
  wanted.title = text.substr(0, 100);
  wanted.body = text;
  wanted.labels = {by, "a"};
  wanted.ready_by = by;
  const auto made = create_issue(config, repo, wanted, labels, kNow);
  if (!made) {
    require(made.error().kind != jobs::ErrorKind::bug, "what cannot be an issue is refused");
    return;
  }
  const auto list = list_issues(config, repo);
  require(list.has_value(), "issues are listed");
  const auto found = std::ranges::find(*list, made->number, &IssueLine::number);
  require(found != list->end() && found->problem.empty(), "a new issue is readable");
  require(found->title == jobs::trimmed(jobs::to_valid_utf8(jobs::trimmed(wanted.title))) ||
              found->title == jobs::to_valid_utf8(jobs::trimmed(wanted.title)),
          "a title comes back");
  require(found->ready_by == jobs::to_valid_utf8(by), "a name comes back");
  require(found->labels.size() >= 2 && found->labels[0] == jobs::to_valid_utf8(by),
          "a label comes back");
}

void check_comment(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                   const std::string& author, const std::string& body) {
  const auto place = open_place(config, repo, false);
  require(place.has_value(), "the folder is there");
  const auto before = read_comments(*place, 1);
  const auto added = add_comment(*place, 1, {.author = author, .body = body, .at = kNow});
  if (!added) {
    return;  // no such issue
  }
  const auto after = read_comments(*place, 1);
  require(before && after && after->size() == before->size() + 1, "a comment is one comment");
  const auto own = std::ranges::find(*after, *added, &jobs::Comment::id);
  require(own != after->end() && own->author == jobs::to_valid_utf8(author) && own->at == kNow,
          "a comment's author comes back");
  // Blank lines at either end do not belong to a text.
  require(jobs::trimmed(own->body) == jobs::trimmed(jobs::to_valid_utf8(body)),
          "a comment's text comes back");
}

void check_writer(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                  const jobs::Labels& labels, const std::string& text, const std::string& label) {
  static FixedClock clock;
  const auto reader = make_local_reader(config, {});
  const auto before = reader->issue(repo, 1, labels);
  if (!before || !before->problem.empty()) {
    return;
  }
  const auto writer = make_local_writer(config, {}, clock);
  const std::string body = "<!-- marker -->\n" + text;
  if (writer->upsert_comment(repo, 1, {.marker = "<!-- marker -->", .body = body})) {
    const auto comments = reader->comments(repo, 1);
    require(comments.has_value(), "comments are read");
    const auto ours = [](const jobs::Comment& comment) { return comment.author == "runner"; };
    const auto count = std::ranges::count_if(*comments, ours);
    require(count >= 1, "our comment is there");
    require(
        writer->upsert_comment(repo, 1, {.marker = "<!-- marker -->", .body = body}).has_value(),
        "a comment is written again");
    const auto again = reader->comments(repo, 1);
    require(again && std::ranges::count_if(*again, ours) == count, "and is still one comment");
  }
  if (writer->set_labels(repo, 1, {label}, {labels.ready})) {
    const auto after = reader->issue(repo, 1, labels);
    require(after && after->problem.empty(), "an issue that was labelled is readable");
    require(after->has_label(jobs::to_valid_utf8(label)) || label == labels.ready,
            "the label is there");
    require(!after->has_label(labels.ready) || label == labels.ready, "the other label is gone");
    require(after->title == before->title && after->body == before->body,
            "a label changes no text");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16'384) {
    return 0;
  }
  static const fuzz::Folder folder;
  folder.clear();
  fuzz::Input input(data, size);
  jobs::TrackerConfig config;
  config.path = folder.path;
  jobs::Repo repo;
  repo.name = jobs::RepoName("acme/shop");
  const jobs::Labels labels;
  const std::string own = folder.path + "/acme/shop";
  std::filesystem::create_directories(own + "/0001.comments");
  fuzz::write_file(own + "/0001-a.md", input.part());
  fuzz::write_file(folder.path + "/permissions.toml", input.part());
  fuzz::write_file(own + "/0001.comments/0001-x.md", input.part());
  const std::string text = input.part();
  const std::string by = input.rest();
  const auto reader = make_local_reader(config, {});
  check_reader(*reader, repo, labels);
  check_comment(config, repo, by, text);
  check_new_issue(config, repo, labels, text, by);
  check_writer(config, repo, labels, text, by);
  return 0;
}
