#include "tests/bench/git/trees.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "tests/bench/git/as_git.h"
#include "tests/bench/git/table.h"
#include "tests/bench/timing.h"
#include "worktrees/fd.h"
#include "worktrees/git_error.h"
#include "worktrees/trash.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChanged = 150;   ///< files of the next commit
constexpr std::size_t kUntracked = 20;  ///< files that a user changes, and as many that he makes

/// A commit that differs from the subject's in `kChanged` files, made in a worktree of it.
jobs::Oid make_next(const Subject& subject, const std::string& worktree) {
  in_child([&] {
    const std::vector<std::string> paths = files_of(worktree);
    for (std::size_t i = 0; i < std::min(kChanged, paths.size()); ++i) {
      const std::string& path = paths[i * paths.size() / std::min(kChanged, paths.size())];
      std::ofstream(worktree + "/" + path, std::ios::app) << "next\n";
    }
  });
  run_program({"git", "-C", worktree, "-c", "user.name=bench", "-c", "user.email=bench@localhost",
               "commit", "-qam", "next"});
  run_program({"git", "-C", worktree, "branch", "-f", "bench-next"});
  // As a fetch leaves what comes with a moved base: in a pack.
  run_program({"git", "-C", subject.git, "repack", "-d", "-q"});
  return commit_of(subject.git, "refs/heads/bench-next");
}

/// What somebody who worked there leaves.
void use(const std::string& worktree, int round) {
  in_child([&] {
    const std::vector<std::string> paths = files_of(worktree);
    for (std::size_t i = 0; i < kUntracked; ++i) {
      const std::string& path = paths[(i * 2 + 1) * paths.size() / (2 * kUntracked)];
      std::ofstream(worktree + "/" + path, std::ios::app) << round << "\n";
      std::ofstream(worktree + "/" + path + ".untracked") << round << "\n";
    }
  });
}

class Comparison {
 public:
  Comparison(const Subject& subject, const std::string& folder, int rounds)
      : subject_(subject),
        room_(folder + "/trees"),
        known_(folder + "/state/known"),
        rounds_(rounds) {
    fs::remove_all(room_);
    fs::create_directories(room_);
    run_program({"git", "-C", subject.git, "worktree", "prune"});
  }

  void run() {
    add("sibling", "HEAD");
    next_ = make_next(subject_, add("next", "HEAD"));
    remove("next");
    in_child([&] { refill(subject_, subject_.commit, path("other"), known_ + "-other"); });
    for (int round = 0; round < rounds_; ++round) {
      compare_new_ones();
    }
    fs::remove_all(path("other"));
    const AsGit as_git(subject_);
    as_git.adopt(path("checked"));
    in_child([&] { refill(subject_, subject_.commit, path("checked"), known_); });
    as_git.expect(path("checked"), known_ + ".index", subject_.commit, path("sibling"));
    fresh_.print("new worktree: " + subject_.name, "git worktree add");
    removed_.print("removal: " + subject_.name, "git worktree remove");
    compare_recycling(as_git);
    compare_recycling_at_once();
    as_git.expect_whole_objects();
    fmt::print("\nAs git has it: status, every file, permission and index entry, fsck.\n");
    remove("checked");
    remove("sibling");
  }

 private:
  [[nodiscard]] std::string path(const std::string& name) const { return room_ + "/" + name; }

  std::string add(const std::string& name, const std::string& commit) const {
    run_program({"git", "-C", subject_.git, "-c", "checkout.workers=0", "worktree", "add", "-q",
                 "-f", "--detach", path(name), commit});
    return path(name);
  }
  void remove(const std::string& name) const {
    run_program({"git", "-C", subject_.git, "worktree", "remove", "--force", path(name)});
  }

  /// Nothing of what was done before is still on its way to the disk while this is measured.
  [[nodiscard]] Sample timed(const std::function<void()>& work,
                             const std::function<void()>& before = {}) const {
    const worktrees::Fd room(::open(room_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    (void)::syncfs(room.get());
    return measure(work, before);
  }

  void add_by_git(const std::string& way, unsigned workers) {
    const std::string to = path(fmt::format("git-{}", workers));
    fresh_.add(way, timed([&] {
                 become_program({"git", "-C", subject_.git, "-c",
                                 fmt::format("checkout.workers={}", workers), "worktree", "add",
                                 "-q", "--detach", to, "HEAD"});
               }));
    const Sample removal = timed(
        [&] { become_program({"git", "-C", subject_.git, "worktree", "remove", "--force", to}); });
    if (workers == 1) {
      removed_.add("git worktree remove", removal);
    }
  }

  void add_by_runner(const std::string& way, bool one_core, const Source& source = {}) {
    fresh_.add(way, timed([&] { (void)fill(subject_, subject_.commit, path("ours"), source); },
                          [&] {
                            start_libraries();
                            if (one_core) {
                              use_one_core();
                            }
                          }));
    removed_.add("runner: moved out of sight, deleted later", timed([&] {
                   const auto done = worktrees::discard(subject_.layout, path("ours"));
                   if (!done) {
                     throw std::runtime_error(done.error().text());
                   }
                 }));
    fs::remove_all(subject_.layout.trash());
    fs::remove_all(subject_.layout.scratch());
  }

  /// What needs much memory only to be measured gets it in the child.
  template <typename Source, typename Write>
  void add_from(const std::string& way, const Write& write) {
    std::optional<Source> source;
    fresh_.add(way, timed([&] { write(*source, path("limit")); },
                          [&] { source.emplace(path("sibling")); }));
    fs::remove_all(path("limit"));
  }

  void compare_new_ones() {
    add_by_git("git worktree add", 1);
    add_by_runner(fmt::format("runner, {} threads", cores_), false);
    add_by_git(fmt::format("git worktree add, {} workers", cores_), cores_);
    add_by_runner("runner, 1 thread", true);
    add_by_runner(fmt::format("runner, beside another worktree, {} threads", cores_), false,
                  {.folder = path("other"), .known = known_ + "-other"});
    fresh_.add("libgit2 checkout",
               timed([&] { libgit2_checkout(subject_, path("libgit2")); }, start_libraries));
    fs::remove_all(path("libgit2"));
    add_from<FromMemory>(
        fmt::format("limit: the same files from memory, {} threads", cores_),
        [&](const FromMemory& files, const std::string& to) { files.write(to, cores_); });
    add_from<FromSibling>(
        fmt::format("copy of a clean worktree, {} threads", cores_),
        [&](const FromSibling& files, const std::string& to) { files.copy(to, cores_); });
  }

  void reset_by_git(Table& recycled, const std::string& worktree, const jobs::Oid& to) const {
    recycled.add("git reset and clean", timed([&] {
                   become_program({"sh", "-c",
                                   "git -C \"$1\" reset -q --hard \"$2\" && "
                                   "git -C \"$1\" clean -ffdq",
                                   "sh", worktree, to.str()});
                 }));
  }

  /// The same two worktrees again and again, from one commit to the other and back; a third is
  /// recycled by one thread.
  void compare_recycling(const AsGit& as_git) {
    const std::string known_by_one = known_ + "-by-one";
    in_child([&] { refill(subject_, subject_.commit, path("by-one"), known_by_one); });
    Table recycled;
    jobs::Oid to;
    for (int round = 0; round < rounds_; ++round) {
      to = round % 2 == 0 ? next_ : subject_.commit;
      use(path("sibling"), round);
      use(path("checked"), round);
      use(path("by-one"), round);
      reset_by_git(recycled, path("sibling"), to);
      recycled.add(fmt::format("runner, {} threads", cores_),
                   timed([&] { refill(subject_, to, path("checked"), known_); }, start_libraries));
      recycled.add("runner, 1 thread",
                   timed([&] { refill(subject_, to, path("by-one"), known_by_one); },
                         [] {
                           start_libraries();
                           use_one_core();
                         }));
      recycled.add("start of the libraries, once a tick", timed(start_libraries));
    }
    fs::remove_all(path("by-one"));
    as_git.expect(path("checked"), known_ + ".index", to, path("sibling"));
    recycled.print("recycled worktree: " + subject_.name, "git reset and clean");
  }

  /// A worktree that was made a moment ago: git reads files again that are no older than its index.
  void compare_recycling_at_once() {
    Table recycled;
    const std::string known = known_ + "-at-once";
    for (int round = 0; round < rounds_; ++round) {
      use(add("at-once", subject_.commit.str()), round);
      reset_by_git(recycled, path("at-once"), next_);
      remove("at-once");
      in_child([&] { refill(subject_, subject_.commit, path("at-once"), known); });
      use(path("at-once"), round);
      recycled.add(
          fmt::format("runner, {} threads", cores_),
          timed([&] { refill(subject_, next_, path("at-once"), known); }, start_libraries));
      fs::remove_all(path("at-once"));
    }
    recycled.print("recycled as soon as it was made: " + subject_.name, "git reset and clean");
  }

  const Subject& subject_;
  std::string room_;
  std::string known_;
  int rounds_;
  unsigned cores_ = std::max(1U, std::thread::hardware_concurrency());
  jobs::Oid next_;
  Table fresh_;
  Table removed_;
};

}  // namespace

jobs::Oid commit_of(const std::string& repository, const std::string& ref) {
  return jobs::Oid(
      output_of({"git", "-C", repository, "rev-parse", "--verify", ref + "^{commit}"}));
}

void compare_trees(const Subject& subject, const std::string& folder, int rounds) {
  Comparison(subject, folder, rounds).run();
}

}  // namespace bench
