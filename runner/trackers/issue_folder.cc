#include "runner/trackers/issue_folder.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/model/issue.h"

namespace runner::trackers {

using jobs::ErrorKind;
using jobs::IssueNumber;

namespace {

constexpr std::size_t kHeadBytes = 4U << 10U;
/// File times come in steps of the kernel's timer (at most 10 ms), or of a second or two on simple
/// file systems.
constexpr std::chrono::seconds kSettled{3};

bool is_issue_name(std::string_view name) {
  return name.ends_with(".md") && name.size() > 3;
}

/// A title for a file that has none: its name without number and ending.
std::string title_from(std::string_view name) {
  name.remove_suffix(3);
  const std::size_t word = name.find_first_not_of("0123456789-_ ");
  return std::string(word == std::string_view::npos ? name : name.substr(word));
}

/// Without a number in its name and without front matter it is somebody's notes, not an issue.
bool is_just_notes(std::string_view name, std::string_view bytes) {
  return number_in_name(name) == 0 && !has_front_matter(bytes);
}

/// Notes what is asked of the text, and forgets a long body.
void digest_text(IssueFile& file, bool keep_body) {
  jobs::Issue issue;
  issue.title = file.text.title;
  issue.body = file.text.body;
  file.text_bytes = issue.text_bytes();
  file.references = jobs::blocked_by_references(issue.body);
  file.text_left_out = !keep_body && issue.body.size() > kMostKeptBody;
  if (file.text_left_out) {
    // The digest of a short text is made where it is needed; nobody asks for that of a closed one.
    file.text_digest = file.text.open && !file.text.labels.empty() ? issue.text_digest() : "";
    jobs::forget(file.text.body);
  }
}

std::shared_ptr<IssueFile> read_issue_file(const Fd& folder, const std::string& name,
                                           const Stamp& stamp) {
  auto file = std::make_shared<IssueFile>();
  file->name = name;
  file->stamp = stamp;
  const auto read = read_regular(folder, name, kMaxFileBytes);
  if (read) {
    if (is_just_notes(name, read->bytes)) {
      return nullptr;
    }
    file->stamp = read->stamp;
    file->text = parse_issue_text(read->bytes, name);
  } else {
    if (number_in_name(name) == 0 || read.error().kind == ErrorKind::not_found) {
      return nullptr;
    }
    file->text.problem = read.error().message;
  }
  if (!file->text.problem.empty() && read) {
    file->head = read->bytes.substr(0, kHeadBytes);
  }
  file->understood = file->text.problem.empty();
  file->number = file->text.number.value_or(number_in_name(name));
  if (file->text.title.empty()) {
    file->text.title = title_from(name);
  }
  if (file->number == 0 && file->text.problem.empty()) {
    file->text.problem = fmt::format("{}:2:1: has no number; expected a line like number = 12",
                                     jobs::one_line(name));
  }
  digest_text(*file, /*keep_body=*/false);
  return file;
}

/// Two files that claim one number are both unusable: nobody can say which of them is meant.
void mark_duplicates(IssueFolder& folder) {
  std::map<IssueNumber, std::vector<std::size_t>> by_number;
  for (std::size_t i = 0; i < folder.files.size(); ++i) {
    by_number[folder.files[i]->number].push_back(i);
  }
  for (const auto& [number, places] : by_number) {
    if (places.size() < 2 || number == 0) {
      continue;
    }
    std::string names;
    for (const std::size_t place : places) {
      names += (names.empty() ? "" : ", ") + jobs::one_line(folder.files[place]->name, 80);
    }
    for (const std::size_t place : places) {
      auto marked = std::make_shared<IssueFile>(*folder.files[place]);
      marked->text.problem = fmt::format("number {} stands in more than one file: {}", number,
                                         jobs::one_line(names, 300));
      folder.files[place] = std::move(marked);
    }
  }
}

}  // namespace

IssueNumber number_in_name(std::string_view name) {
  constexpr std::size_t kMaxDigits = 12;
  IssueNumber number = 0;
  std::size_t i = 0;
  for (; i < name.size() && name[i] >= '0' && name[i] <= '9'; ++i) {
    if (i == kMaxDigits) {
      return 0;
    }
    number = number * 10 + (name[i] - '0');
  }
  const bool ends =
      i == name.size() || name[i] == '-' || name[i] == '_' || name[i] == '.' || name[i] == ' ';
  return ends ? number : 0;
}

std::string folder_of(const jobs::Repo& repo) {
  return repo.tracker_path.empty() ? repo.name.str() : repo.tracker_path;
}

void IssueCache::put(const std::string& folder, std::shared_ptr<const IssueFile> file,
                     bool settled) {
  const std::lock_guard lock(mutex_);
  const auto key = std::pair(folder, file->name);
  if (settled) {
    files_[key] = std::move(file);
  } else {
    files_.erase(key);
  }
}

std::shared_ptr<const IssueFile> IssueCache::get(const std::string& folder, const std::string& name,
                                                 const Stamp& stamp) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find({folder, name});
  return found != files_.end() && found->second->stamp == stamp ? found->second : nullptr;
}

jobs::Result<std::shared_ptr<const IssueFile>> IssueFolder::find(IssueNumber number) const {
  const auto found =
      std::ranges::find_if(files, [&](const auto& file) { return file->number == number; });
  if (number <= 0 || found == files.end()) {
    return jobs::fail(ErrorKind::not_found, fmt::format("there is no issue #{}", number));
  }
  return *found;
}

IssueFile read_whole_issue(const Fd& folder, const IssueFile& known) {
  if (!known.text_left_out) {
    return known;
  }
  IssueFile file = known;
  const auto read = read_regular(folder, known.name, kMaxFileBytes);
  if (!read) {
    file.text.problem = read.error().message;
    return file;
  }
  file.stamp = read->stamp;
  file.text = parse_issue_text(read->bytes, known.name);
  if (file.text.title.empty()) {
    file.text.title = known.text.title;
  }
  if (file.text.problem.empty()) {
    file.text.problem = known.text.problem;
  }
  if (file.text.number.value_or(number_in_name(known.name)) != known.number &&
      file.text.problem.empty()) {
    file.text.problem = fmt::format("{} changed while it was read", jobs::one_line(known.name));
  }
  digest_text(file, /*keep_body=*/true);
  return file;
}

jobs::Result<IssueFolder> read_issue_folder(const Fd& folder, const std::string& shown_path,
                                            IssueCache* cache) {
  RUNNER_ASSIGN(const std::vector<std::string> names, list_names(folder));
  const std::int64_t now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                  std::chrono::system_clock::now().time_since_epoch())
                                  .count();
  const std::int64_t settled_before = now_ns - std::chrono::nanoseconds(kSettled).count();
  IssueFolder out;
  for (const std::string& name : names) {
    out.highest = std::max(out.highest, number_in_name(name));
    if (!is_issue_name(name)) {
      continue;
    }
    const auto stamp = stamp_of(folder, name);
    if (!stamp) {
      continue;  // Removed since it was listed.
    }
    std::shared_ptr<const IssueFile> file =
        cache == nullptr ? nullptr : cache->get(shown_path, name, *stamp);
    if (file == nullptr) {
      file = read_issue_file(folder, name, *stamp);
      if (file == nullptr) {
        continue;
      }
      if (cache != nullptr) {
        cache->put(shown_path, file,
                   file->stamp.changed_ns < settled_before && file->stamp == *stamp);
      }
    }
    out.highest = std::max(out.highest, file->number);
    out.files.push_back(std::move(file));
  }
  mark_duplicates(out);
  return out;
}

}  // namespace runner::trackers
