#pragma once

#include <string>

#include "tests/bench/git/ways.h"

namespace bench {

/// Makes a worktree of git's own repository out of a folder that the runner filled, and looks
/// whether it is one: `git status` shows nothing, every file, link and permission is as in
/// `theirs`, which git itself made, `git fsck` finds nothing, and git's own index of the same
/// commit names the same. Throws std::runtime_error, naming what differs.
class AsGit {
 public:
  explicit AsGit(const Subject& subject) : subject_(subject) {}

  /// Registers the folder before it is filled: git makes the `.git` in it.
  void adopt(const std::string& folder) const;
  /// `index` is moved into place.
  void expect(const std::string& folder, const std::string& index, const jobs::Oid& commit,
              const std::string& theirs) const;
  void expect_whole_objects() const;

 private:
  const Subject& subject_;
};

}  // namespace bench
