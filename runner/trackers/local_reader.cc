#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "runner/trackers/comments.h"
#include "runner/trackers/issue_editor.h"
#include "runner/trackers/local_tracker.h"
#include "runner/trackers/permissions.h"

namespace runner::trackers {

using jobs::Blocker;
using jobs::Issue;
using jobs::IssueNumber;
using jobs::Labels;
using jobs::Repo;

namespace {

constexpr std::size_t kMaxBlockers = 50;
/// Some editors save by removing the file and writing it anew; a look between the two must not say
/// "no such issue".
constexpr std::chrono::milliseconds kSecondLook{20};

using FolderResult = jobs::Result<IssueFolder>;

/// "acme/lib#4" as repository and number; "#4" belongs to `own`. Number 0 = not a reference.
jobs::IssueKey parse_reference(std::string_view reference, const jobs::RepoName& own) {
  const std::size_t hash = reference.rfind('#');
  if (hash == std::string_view::npos) {
    return {};
  }
  const std::string_view digits = reference.substr(hash + 1);
  const bool all_digits =
      !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
  return {.repo = hash == 0 ? own : jobs::RepoName(std::string(reference.substr(0, hash))),
          .number = all_digits ? number_in_name(digits) : 0};
}

/// Turns files into issues; one object per call of the reader, so that each folder is read once.
class Converter {
 public:
  Converter(const jobs::TrackerConfig& config, const LocalTrackerOptions& options,
            IssueCache& cache)
      : config_(config), options_(options), cache_(cache) {}

  /// Reads the folder of `repo`; comes first.
  jobs::Status open(const Repo& repo) {
    RUNNER_ASSIGN(Place place, open_place(config_, repo, false));
    RUNNER_ASSIGN(permissions_, read_permissions(place.tracker, place.folder)
                                    .while_doing(fmt::format("reading who may do what in {}",
                                                             jobs::one_line(place.path))));
    RUNNER_ASSIGN(IssueFolder folder, read_issue_folder(place.folder, place.path, &cache_));
    repo_ = repo.name;
    place_ = std::move(place);
    folders_.insert_or_assign(repo.name, FolderResult(std::move(folder)));
    return jobs::ok();
  }

  [[nodiscard]] const IssueFolder& own() { return *folders_.at(repo_); }

  /// The issue with its whole text.
  Issue to_whole_issue(const IssueFile& file) {
    return to_issue(read_whole_issue(place_.folder, file));
  }

  Issue to_issue(const IssueFile& file) {
    const IssueText& text = file.text;
    Issue issue;
    issue.key = {.repo = repo_, .number = file.number};
    issue.title = text.title;
    issue.body = text.body;
    issue.author = text.created_by;
    issue.open = text.open;
    issue.labels = text.labels;
    issue.priority = text.priority;
    issue.problem = text.problem;
    issue.url = place_.path + "/" + file.name;
    issue.text_left_out = file.text_left_out;
    issue.left_out_digest = file.text_digest;
    issue.left_out_bytes = file.text_bytes;
    issue.ready_by = {.login = text.ready_by,
                      .is_bot = text.ready_by == options_.bot || permissions_.is_bot(text.ready_by),
                      .permission = text.ready_by.empty() ? jobs::Permission::unknown
                                                          : permissions_.of(text.ready_by),
                      .at = text.ready_at};
    set_edited(issue, file);
    const std::int64_t size = file.text_bytes;
    if (issue.problem.empty() && size > options_.issue_bytes) {
      issue.problem = fmt::format("title and body have {} bytes, more than the {} that are allowed",
                                  size, options_.issue_bytes);
    }
    if (issue.problem.empty()) {
      issue.blockers = blockers(file);
    }
    return issue;
  }

 private:
  /// When the label was set by command, the text it approved has a digest: any other text was
  /// edited after the label, by nobody we know. Without a digest only what the file says itself can
  /// count.
  void set_edited(Issue& issue, const IssueFile& file) const {
    const IssueText& text = file.text;
    if (!text.ready_digest.empty() && text.ready_digest != issue.text_digest()) {
      const auto modified =
          jobs::TimePoint(std::chrono::milliseconds(file.stamp.modified_ns / 1'000'000));
      issue.edited_at =
          std::max(modified, text.ready_at.value_or(modified) + std::chrono::milliseconds(1));
      return;
    }
    issue.edited_at = text.edited_at;
    issue.edited_by = text.edited_by;
    if (!text.edited_by.empty()) {
      issue.editor_permission = permissions_.of(text.edited_by);
    }
  }

  std::vector<Blocker> blockers(const IssueFile& file) {
    std::vector<std::string> references = file.text.blocked_by;
    references.insert(references.end(), file.references.begin(), file.references.end());
    std::vector<Blocker> found;
    for (const std::string& reference : references) {
      const bool known = std::ranges::find(found, reference, &Blocker::reference) != found.end();
      if (!known && found.size() < kMaxBlockers) {
        found.push_back(look_up(reference));
      }
    }
    return found;
  }

  Blocker look_up(const std::string& reference) {
    Blocker blocker;
    blocker.reference = reference;
    const jobs::IssueKey key = parse_reference(reference, repo_);
    if (key.number == 0) {
      blocker.detail = "not a reference like \"#7\" or \"acme/lib#7\"";
      return blocker;
    }
    const FolderResult& folder = folder_of_repo(key.repo);
    const auto file = folder ? folder->find(key.number)
                             : jobs::Result<std::shared_ptr<const IssueFile>>(folder.error());
    if (!file) {
      blocker.detail = file.error().message;
    } else if (!(*file)->text.problem.empty()) {
      blocker.detail = (*file)->text.problem;
    } else {
      blocker.state = (*file)->text.open ? Blocker::State::open : Blocker::State::closed;
    }
    return blocker;
  }

  const FolderResult& folder_of_repo(const jobs::RepoName& name) {
    const auto known = folders_.find(name);
    return known != folders_.end() ? known->second
                                   : folders_.emplace(name, read_other(name)).first->second;
  }

  FolderResult read_other(const jobs::RepoName& name) {
    Repo other;
    other.name = name;
    const auto mapped = options_.folders.find(name.str());
    if (mapped != options_.folders.end()) {
      other.tracker_path = mapped->second;
    }
    const auto place = open_place(config_, other, false);
    if (!place) {
      return jobs::fail(
          place.error().kind,
          fmt::format("this tracker has no readable folder for {}", jobs::one_line(name.str())));
    }
    return read_issue_folder(place->folder, place->path, &cache_);
  }

  const jobs::TrackerConfig& config_;
  const LocalTrackerOptions& options_;
  IssueCache& cache_;
  jobs::RepoName repo_;
  Place place_;
  Permissions permissions_;
  std::map<jobs::RepoName, FolderResult> folders_;
};

class LocalReader final : public jobs::TrackerReader {
 public:
  LocalReader(jobs::TrackerConfig config, LocalTrackerOptions options)
      : config_(std::move(config)), options_(std::move(options)) {}

  jobs::Result<std::vector<Issue>> ready_issues(const Repo& repo, const Labels& labels) override {
    RUNNER_POINT(observe_tracker);
    return select(repo, [&](const IssueFile& file) {
      // What cannot be understood may well carry the label; it is shown, with its problem, and
      // never left out.
      return file.text.open && (!file.understood || has_label(file, labels.ready));
    });
  }

  jobs::Result<std::vector<Issue>> in_progress_issues(const Repo& repo,
                                                      const Labels& labels) override {
    return select(repo, [&](const IssueFile& file) {
      const bool may_have =
          !file.understood && file.head.find(labels.in_progress) != std::string::npos;
      return file.text.open && (may_have || has_label(file, labels.in_progress));
    });
  }

  jobs::Result<Issue> issue(const Repo& repo, IssueNumber number, const Labels&) override {
    RUNNER_POINT(observe_issue);
    for (int look = 0;; ++look) {
      Converter converter(config_, options_, cache_);
      RUNNER_TRY(converter.open(repo));
      const auto file = converter.own().find(number);
      if (file) {
        return converter.to_whole_issue(**file);
      }
      if (look > 0) {
        return jobs::Error(file.error())
            .while_doing(fmt::format("reading the issues of {}", jobs::one_line(repo.name.str())));
      }
      std::this_thread::sleep_for(kSecondLook);
    }
  }

  jobs::Result<std::vector<jobs::Comment>> comments(const Repo& repo, IssueNumber number) override {
    RUNNER_ASSIGN(const Place place, open_place(config_, repo, false));
    return read_comments(place, number);
  }

 private:
  static bool has_label(const IssueFile& file, const std::string& label) {
    return std::ranges::find(file.text.labels, label) != file.text.labels.end();
  }

  template <typename Wanted>
  jobs::Result<std::vector<Issue>> select(const Repo& repo, const Wanted& wanted) {
    Converter converter(config_, options_, cache_);
    RUNNER_TRY(converter.open(repo));
    std::vector<Issue> issues;
    for (const auto& file : converter.own().files) {
      if (wanted(*file)) {
        issues.push_back(converter.to_issue(*file));
      }
    }
    return issues;
  }

  jobs::TrackerConfig config_;
  LocalTrackerOptions options_;
  IssueCache cache_;
};

}  // namespace

std::unique_ptr<jobs::TrackerReader> make_local_reader(const jobs::TrackerConfig& config,
                                                       const LocalTrackerOptions& options) {
  return std::make_unique<LocalReader>(config, options);
}

}  // namespace runner::trackers
