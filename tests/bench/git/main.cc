// `./dev bench git`: what a worktree costs, beside git on the same repository. Everything that is
// compared is done in turns in one run, each in a process of its own; what counts is the ratio.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <git2.h>

#include "tests/bench/git/remotes.h"
#include "tests/bench/git/repositories.h"
#include "tests/bench/git/table.h"
#include "tests/bench/git/timing.h"
#include "tests/support/whole_file.h"
#include "worktrees/git_error.h"
#include "worktrees/git_handles.h"
#include "worktrees/materialise.h"
#include "worktrees/mirror.h"
#include "worktrees/trash.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string folder;
  std::vector<std::string> kinds;
  std::vector<std::string> paths;
  int rounds = 5;
};

/// One repository as the program keeps it: `<root>/mirrors/bench.git`.
struct Subject {
  std::string name;
  worktrees::Layout layout;
  jobs::RepoName repo{"bench"};
  jobs::Oid commit;
  std::string git;  ///< the bare repository
};

std::string commit_of(const std::string& repository, const char* ref = "HEAD") {
  worktrees::start_libgit2();
  worktrees::Repository opened;
  git_oid id{};
  int code = git_repository_open_bare(worktrees::into(opened), repository.c_str());
  code = code < 0 ? code : git_reference_name_to_id(&id, opened.get(), ref);
  if (code < 0) {
    throw std::runtime_error("no commit in " + repository);
  }
  return worktrees::to_hex(id);
}

/// Paths of the plain files of a worktree, sorted.
std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && !entry.is_symlink() && entry.path() != folder + "/.git") {
      paths.push_back(fs::relative(entry.path(), folder));
    }
  }
  std::ranges::sort(paths);
  return paths;
}

void must(const jobs::Status& done) {
  if (!done) {
    throw std::runtime_error(done.error().text());
  }
}

/// All files of a worktree, to be written from memory: nothing can write a worktree faster.
class FromMemory {
 public:
  explicit FromMemory(const std::string& folder) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string path = fs::relative(entry.path(), folder);
      if (entry.is_directory() && !entry.is_symlink()) {
        folders_.push_back(path);
      } else if (entry.is_regular_file() && !entry.is_symlink() && path != ".git") {
        files_.emplace_back(path, test_support::whole_file(entry.path()));
      }
    }
    std::ranges::sort(folders_);
    std::ranges::sort(files_);
  }

  void write(const std::string& folder, unsigned threads) const {
    fs::create_directories(folder);
    for (const std::string& path : folders_) {
      fs::create_directory(folder + "/" + path);
    }
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads; ++i) {
      workers.emplace_back([&, i] {
        const std::size_t from = files_.size() * i / threads;
        const std::size_t to = files_.size() * (i + 1) / threads;
        for (std::size_t at = from; at < to; ++at) {
          std::ofstream(folder + "/" + files_[at].first, std::ios::binary) << files_[at].second;
        }
      });
    }
  }

 private:
  std::vector<std::string> folders_;
  std::vector<std::pair<std::string, std::string>> files_;
};

void libgit2_checkout(const Subject& subject, const std::string& folder) {
  worktrees::start_libgit2();
  worktrees::Repository repository;
  worktrees::Commit commit;
  git_oid id{};
  git_checkout_options options = GIT_CHECKOUT_OPTIONS_INIT;
  options.checkout_strategy = GIT_CHECKOUT_FORCE;
  options.target_directory = folder.c_str();
  fs::create_directories(folder);
  int code = git_oid_fromstr(&id, subject.commit.str().c_str());
  code =
      code < 0 ? code : git_repository_open_bare(worktrees::into(repository), subject.git.c_str());
  code = code < 0 ? code : git_commit_lookup(worktrees::into(commit), repository.get(), &id);
  code = code < 0 ? code : git_repository_set_workdir(repository.get(), folder.c_str(), 0);
  code = code < 0 ? code
                  : git_checkout_tree(repository.get(), reinterpret_cast<git_object*>(commit.get()),
                                      &options);
  if (code < 0) {
    throw std::runtime_error("libgit2 cannot check out: " + worktrees::last_git_message());
  }
}

/// A commit that differs from the subject's in `kChanged` files, made in a worktree of it.
constexpr std::size_t kChanged = 150;
constexpr std::size_t kUntracked = 20;
std::string make_next(const Subject& subject, const std::string& worktree) {
  std::vector<std::string> paths = files_of(worktree);
  for (std::size_t i = 0; i < kChanged; ++i) {
    std::ofstream(worktree + "/" + paths[i * paths.size() / kChanged], std::ios::app) << "next\n";
  }
  run_program({"git", "-C", worktree, "-c", "user.name=bench", "-c", "user.email=bench@localhost",
               "commit", "-qam", "next"});
  run_program({"git", "-C", worktree, "branch", "-f", "bench-next"});
  return commit_of(subject.git, "refs/heads/bench-next");
}

/// What somebody who worked there leaves.
void use(const std::string& worktree, int round) {
  const std::vector<std::string> paths = files_of(worktree);
  for (std::size_t i = 0; i < kUntracked; ++i) {
    const std::string& path = paths[(i * 2 + 1) * paths.size() / (2 * kUntracked)];
    std::ofstream(worktree + "/" + path, std::ios::app) << round << "\n";
    std::ofstream(worktree + "/" + path + ".untracked") << round << "\n";
  }
}

/// The same two worktrees again and again, from one commit to the other and back.
void compare_recycling(const Subject& subject, const Options& options, const std::string& next) {
  const std::string room = options.folder + "/trees";
  const std::string known = options.folder + "/state/known";
  const auto ours = [&](const jobs::Oid& commit) {
    const auto filled = worktrees::materialise(
        subject.layout, subject.repo, {.commit = commit, .folder = room + "/ours", .known = known});
    must(filled ? jobs::ok() : jobs::Status(filled.error()));
    fs::rename(filled->index, known);
  };
  Table recycled;
  run_program(
      {"git", "-C", subject.git, "worktree", "add", "-q", "--detach", room + "/git", "HEAD"});
  ours(subject.commit);
  for (int round = 0; round < options.rounds; ++round) {
    const std::string to = round % 2 == 0 ? next : subject.commit.str();
    use(room + "/git", round);
    use(room + "/ours", round);
    recycled.add("git reset and clean", measure([&] {
                   become_program({"sh", "-c",
                                   "git -C \"$1\" reset -q --hard \"$2\" && "
                                   "git -C \"$1\" clean -ffdq",
                                   "sh", room + "/git", to});
                 }));
    recycled.add("runner", measure([&] { ours(jobs::Oid(to)); }));
  }
  run_program({"git", "-C", subject.git, "worktree", "remove", "--force", room + "/git"});
  fs::remove_all(room + "/ours");
  recycled.print("recycled worktree: " + subject.name, "git reset and clean");
}

void compare(const Subject& subject, const Options& options) {
  const std::string room = options.folder + "/trees";
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  Table fresh;
  Table removed;
  fs::remove_all(room);
  fs::create_directories(room);
  run_program({"git", "-C", subject.git, "worktree", "prune"});
  run_program(
      {"git", "-C", subject.git, "worktree", "add", "-q", "--detach", room + "/memory", "HEAD"});
  const FromMemory memory(room + "/memory");
  const std::string next = make_next(subject, room + "/memory");
  run_program({"git", "-C", subject.git, "worktree", "remove", "--force", room + "/memory"});
  for (int round = 0; round < options.rounds; ++round) {
    const auto git_add = [&](const std::string& way, unsigned workers) {
      const std::string to = fmt::format("{}/git-{}", room, workers);
      fresh.add(way, measure([&] {
                  become_program({"git", "-C", subject.git, "-c",
                                  fmt::format("checkout.workers={}", workers), "worktree", "add",
                                  "-q", "--detach", to, "HEAD"});
                }));
      if (workers == 1) {
        removed.add(
            "git worktree remove", measure([&] {
              become_program({"git", "-C", subject.git, "worktree", "remove", "--force", to});
            }));
      } else {
        run_program({"git", "-C", subject.git, "worktree", "remove", "--force", to});
      }
    };
    git_add("git worktree add", 1);
    fresh.add("runner", measure([&] {
                const auto index =
                    worktrees::materialise(subject.layout, subject.repo,
                                           {.commit = subject.commit, .folder = room + "/ours"});
                must(index ? jobs::ok() : jobs::Status(index.error()));
              }));
    removed.add("runner",
                measure([&] { must(worktrees::discard(subject.layout, room + "/ours")); }));
    fs::remove_all(subject.layout.trash());
    git_add(fmt::format("git worktree add, {} workers", cores), cores);
    fresh.add("libgit2 checkout", measure([&] { libgit2_checkout(subject, room + "/libgit2"); }));
    fs::remove_all(room + "/libgit2");
    fresh.add(fmt::format("the same files from memory, {} threads", cores),
              measure([&] { memory.write(room + "/limit", cores); }));
    fs::remove_all(room + "/limit");
  }
  fresh.print("new worktree: " + subject.name, "git worktree add");
  removed.print("removal: " + subject.name, "git worktree remove");
  compare_recycling(subject, options, next);
}

bool is_wanted(const Options& options, const std::string& kind) {
  return options.kinds.empty() || std::ranges::find(options.kinds, kind) != options.kinds.end();
}

void run(const Options& options) {
  std::vector<std::pair<std::string, std::string>> subjects;
  for (const RepositoryKind& kind : repository_kinds()) {
    if (is_wanted(options, kind.name)) {
      const std::string folder = fmt::format("{}/repositories/{}.git", options.folder, kind.name);
      make_repository(kind, folder);
      subjects.emplace_back(fmt::format("{} ({} files, {})", kind.name, kind.files, kind.what),
                            folder);
    }
  }
  for (const std::string& path : options.paths) {
    subjects.emplace_back(fs::path(path).filename(), fs::absolute(path));
  }
  for (const auto& [name, path] : subjects) {
    Subject subject{.name = name, .layout = {options.folder + "/state"}, .commit = {}, .git = {}};
    subject.git = subject.layout.mirror(subject.repo);
    fs::remove_all(options.folder + "/state");
    fs::create_directories(fs::path(subject.git).parent_path());
    fs::create_directory_symlink(path, subject.git);
    subject.git = path;
    subject.commit = jobs::Oid(commit_of(path));
    compare(subject, options);
  }
  if (is_wanted(options, "remotes")) {
    compare_remotes(options.folder + "/remotes", options.rounds);
  }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("What a worktree costs, beside git");
  bench::Options options;
  app.add_option("--folder", options.folder, "where repositories and trees are made")->required();
  app.add_option(
      "--kind", options.kinds,
      "only these of the repositories that are made here, or `remotes`: asking and fetching");
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 100));
  app.add_option("paths", options.paths, "further bare repositories");
  CLI11_PARSE(app, argc, argv);
  try {
    bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
