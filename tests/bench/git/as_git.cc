#include "tests/bench/git/as_git.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/timing.h"
#include "tests/support/whole_file.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> everything_in(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    paths.push_back(entry.path().string().substr(folder.size() + 1));
  }
  std::erase(paths, ".git");
  std::ranges::sort(paths);
  return paths;
}

bool are_equal(const std::string& one, const std::string& other) {
  struct stat first{};
  struct stat second{};
  if (::lstat(one.c_str(), &first) != 0 || ::lstat(other.c_str(), &second) != 0 ||
      first.st_mode != second.st_mode) {
    return false;
  }
  if (S_ISLNK(first.st_mode)) {
    return fs::read_symlink(one) == fs::read_symlink(other);
  }
  return !S_ISREG(first.st_mode) ||
         (first.st_size == second.st_size &&
          test_support::whole_file(one) == test_support::whole_file(other));
}

void expect_equal(const std::string& ours, const std::string& theirs) {
  const std::vector<std::string> paths = everything_in(theirs);
  if (everything_in(ours) != paths) {
    throw std::runtime_error(fmt::format("{} does not hold the same paths as {}", ours, theirs));
  }
  for (const std::string& path : paths) {
    if (!are_equal(ours + "/" + path, theirs + "/" + path)) {
      throw std::runtime_error(fmt::format("{} is not as git writes it in {}", path, ours));
    }
  }
}

}  // namespace

void AsGit::adopt(const std::string& folder) const {
  run_program({"git", "-C", subject_.git, "worktree", "add", "-q", "-f", "--no-checkout",
               "--detach", folder, subject_.commit.str()});
}

void AsGit::expect(const std::string& folder, const std::string& index, const jobs::Oid& commit,
                   const std::string& theirs) const {
  const std::string place = output_of({"git", "-C", folder, "rev-parse", "--absolute-git-dir"});
  fs::rename(index, place + "/index");
  run_program({"git", "-C", folder, "update-ref", "--no-deref", "HEAD", commit.str()});
  // What the index says of the files, before git may write a better one.
  const std::string changed = output_of({"git", "-C", folder, "diff-files", "--name-only"});
  const std::string status = output_of({"git", "-C", folder, "status", "--porcelain"});
  if (!changed.empty() || !status.empty()) {
    throw std::runtime_error(fmt::format("git status in {}: {}{}", folder, changed, status));
  }
  in_child([&] {
    expect_equal(folder, theirs);
    if (output_of({"git", "-C", folder, "ls-files", "--stage"}) !=
        output_of({"git", "-C", theirs, "ls-files", "--stage"})) {
      throw std::runtime_error("the index of " + folder + " is not as git writes it");
    }
  });
}

void AsGit::expect_whole_objects() const {
  run_program({"git", "-C", subject_.git, "fsck", "--no-progress", "--no-dangling"});
}

}  // namespace bench
