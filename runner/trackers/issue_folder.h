#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "runner/trackers/files.h"
#include "runner/trackers/front_matter.h"

/// One repository's folder of a local tracker: which files are issues, and which is number 12.
namespace runner::trackers {

/// One issue's file. `number` is what the front matter says, else what the name begins with, else
/// 0.
struct IssueFile {
  std::string name;
  jobs::IssueNumber number = 0;
  IssueText
      text;  ///< `text.problem` also tells of unreadable files and of numbers that two files claim
  Stamp stamp;
  bool understood = false;  ///< the front matter itself was right: state and labels are known
  std::string head;         ///< of a file with a problem: its first bytes, to look for a label in
  /// Of a long text only what is asked of it is kept, so that a folder of any size fits into
  /// memory: `text.body` is empty then.
  bool text_left_out = false;
  std::string text_digest;
  std::int64_t text_bytes = 0;
  std::vector<std::string> references;  ///< what its body is blocked by
};

/// Larger files are not read at all.
inline constexpr std::size_t kMaxFileBytes = 1U << 20U;
/// Longer bodies are not kept.
inline constexpr std::size_t kMostKeptBody = 2048;

/// Remembers files that did not change since they were read. Safe to use from several threads.
class IssueCache {
 public:
  /// `settled`: the file's last change lies far enough back that another one would have given it
  /// another stamp.
  void put(const std::string& folder, std::shared_ptr<const IssueFile> file, bool settled);
  [[nodiscard]] std::shared_ptr<const IssueFile> get(const std::string& folder,
                                                     const std::string& name, const Stamp& stamp);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const IssueFile>> files_;
};

/// All issues of the folder, by file name.
struct IssueFolder {
  std::vector<std::shared_ptr<const IssueFile>> files;
  jobs::IssueNumber highest = 0;  ///< highest number that any issue, or name, uses

  /// not_found if there is none. When two files claim the number, the first of them (its problem
  /// says so).
  [[nodiscard]] jobs::Result<std::shared_ptr<const IssueFile>> find(jobs::IssueNumber number) const;
};

/// The same file read anew, with its body however long it is. What is wrong with it is its problem.
[[nodiscard]] IssueFile read_whole_issue(const Fd& folder, const IssueFile& known);

[[nodiscard]] jobs::Result<IssueFolder> read_issue_folder(const Fd& folder,
                                                          const std::string& shown_path,
                                                          IssueCache* cache);

/// The folder of `repo` below a tracker's path.
[[nodiscard]] std::string folder_of(const jobs::Repo& repo);

/// The number that a file name begins with, or 0.
[[nodiscard]] jobs::IssueNumber number_in_name(std::string_view name);

}  // namespace runner::trackers
