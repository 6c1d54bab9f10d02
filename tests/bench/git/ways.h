#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "jobs/base/ids.h"
#include "worktrees/layout.h"

/// Ways to fill a folder with the files of a commit, to be compared with one another.
namespace bench {

/// One repository as the program keeps it: `<root>/mirrors/bench.git`.
struct Subject {
  std::string name;
  worktrees::Layout layout;
  jobs::RepoName repo{"bench"};
  jobs::Oid commit;
  std::string git;  ///< the bare repository
};

/// Paths of the plain files of a worktree, sorted; without its .git.
[[nodiscard]] std::vector<std::string> files_of(const std::string& folder);

/// A worktree to copy from, and what is kept of it.
struct Source {
  std::string folder;
  std::string known;
};
/// The runner's own, a new one. Returns the index that belongs to it.
std::string fill(const Subject& subject, const jobs::Oid& commit, const std::string& folder,
                 const Source& source = {});
/// The same in a folder that was used, with what `known` keeps of it, which is brought up to date.
void refill(const Subject& subject, const jobs::Oid& commit, const std::string& folder,
            const std::string& known);
void libgit2_checkout(const Subject& subject, const std::string& folder);
/// What a tick starts once, whatever it does: libgit2, and what makes digests.
void start_libraries();
/// From here on this process has one core.
void use_one_core();

/// All files of a worktree, to be written from memory: nothing can write a worktree faster.
class FromMemory {
 public:
  explicit FromMemory(const std::string& folder);
  void write(const std::string& folder, unsigned threads) const;

 private:
  std::vector<std::string> folders_;
  std::vector<std::pair<std::string, std::string>> files_;
};

/// All files of a worktree, to be copied, each with a look at its own stat and at that of the copy,
/// as an index needs it.
class FromSibling {
 public:
  explicit FromSibling(const std::string& folder);
  void copy(const std::string& folder, unsigned threads) const;

 private:
  std::string from_;
  std::vector<std::string> folders_;
  std::vector<std::pair<std::string, mode_t>> files_;
};

}  // namespace bench
