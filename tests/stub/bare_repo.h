#pragma once

#include <string>
#include <vector>

namespace stub {

/// What git says in a folder, without the line ends behind it. `who` is author and committer.
[[nodiscard]] std::string git_in(const std::string& folder, const std::vector<std::string>& words,
                                 const std::string& who, const std::string& input = "");

/// A bare repository acme/shop.git with one commit, in memory where that is possible.
class BareRepo {
 public:
  BareRepo();
  BareRepo(const BareRepo&) = delete;
  BareRepo& operator=(const BareRepo&) = delete;
  ~BareRepo();

  /// The folder that acme/shop.git is below.
  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] std::string git(const std::vector<std::string>& words,
                                const std::string& input = "") const;
  /// Empty if there is no such branch.
  [[nodiscard]] std::string head(const std::string& branch) const;
  /// A commit on `branch` that sets `file`; the branch begins at main if it is not there.
  std::string commit(const std::string& branch, const std::string& file,
                     const std::string& content) const;

 private:
  std::string root_;
};

}  // namespace stub
