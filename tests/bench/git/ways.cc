#include "tests/bench/git/ways.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <openssl/evp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <thread>

#include <git2.h>

#include "tests/bench/timing.h"
#include "tests/support/whole_file.h"
#include "worktrees/fd.h"
#include "worktrees/git_error.h"
#include "worktrees/git_handles.h"
#include "worktrees/materialise.h"
#include "worktrees/mirror.h"

namespace bench {
namespace {

namespace fs = std::filesystem;
using worktrees::Fd;

/// Calls `with` for everything below a worktree, with its path from there.
void walk(const std::string& folder,
          const std::function<void(const fs::directory_entry&, const std::string&)>& with) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().string().substr(folder.size() + 1);
    if (path != ".git") {
      with(entry, path);
    }
  }
}

bool is_plain(const fs::directory_entry& entry) {
  return entry.is_regular_file() && !entry.is_symlink();
}

[[noreturn]] void cannot(const std::string& what, const std::string& path) {
  throw std::runtime_error("cannot " + what + " " + path);
}

void make_folders(const std::string& folder, const std::vector<std::string>& folders) {
  fs::create_directories(folder);
  for (const std::string& path : folders) {
    fs::create_directory(folder + "/" + path);
  }
}

/// Hands neighbouring tasks to each thread, as many to one as to the other.
void share_out(std::size_t tasks, unsigned threads, const std::function<void(std::size_t)>& one) {
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] {
      for (std::size_t at = tasks * i / threads; at < tasks * (i + 1) / threads; ++at) {
        one(at);
      }
    });
  }
}

/// A clone where the file system has that, else the kernel's own copy.
void copy_content(int from, int to, off_t size, const std::string& path) {
  static std::atomic<bool> clones{true};
  if (clones && ::ioctl(to, FICLONE, from) == 0) {
    return;
  }
  clones = false;
  while (size > 0) {
    const ssize_t copied =
        ::copy_file_range(from, nullptr, to, nullptr, static_cast<std::size_t>(size), 0);
    if (copied <= 0) {
      cannot("copy", path);
    }
    size -= copied;
  }
}

worktrees::Filled filled(const Subject& subject, const worktrees::FolderWish& wish) {
  auto done = worktrees::materialise(subject.layout, subject.repo, wish);
  if (!done) {
    throw std::runtime_error(done.error().text());
  }
  return std::move(*done);
}

}  // namespace

std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> paths;
  walk(folder, [&](const fs::directory_entry& entry, const std::string& path) {
    if (is_plain(entry)) {
      paths.push_back(path);
    }
  });
  std::ranges::sort(paths);
  return paths;
}

std::string fill(const Subject& subject, const jobs::Oid& commit, const std::string& folder,
                 const Source& source) {
  return filled(subject, {.commit = commit,
                          .folder = folder,
                          .sibling = source.folder,
                          .sibling_known = source.known})
      .index;
}

void refill(const Subject& subject, const jobs::Oid& commit, const std::string& folder,
            const std::string& known) {
  fs::rename(filled(subject, {.commit = commit, .folder = folder, .known = known}).index,
             known + ".index");
}

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

void start_libraries() {
  worktrees::start_libgit2();
  unsigned char sum[EVP_MAX_MD_SIZE] = {};
  unsigned size = 0;
  (void)EVP_Digest("", 0, sum, &size, EVP_sha1(), nullptr);
}

void use_one_core() {
  cpu_set_t may{};
  if (::sched_getaffinity(0, sizeof may, &may) != 0) {
    throw std::runtime_error("cannot ask for the cores");
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &may)) {
      CPU_SET(core, &one);
      break;
    }
  }
  if (::sched_setaffinity(0, sizeof one, &one) != 0) {
    throw std::runtime_error("cannot stay on one core");
  }
}

FromMemory::FromMemory(const std::string& folder) {
  walk(folder, [&](const fs::directory_entry& entry, const std::string& path) {
    if (entry.is_directory() && !entry.is_symlink()) {
      folders_.push_back(path);
    } else if (is_plain(entry)) {
      files_.emplace_back(path, test_support::whole_file(entry.path()));
    }
  });
  std::ranges::sort(folders_);
  std::ranges::sort(files_);
}

void FromMemory::write(const std::string& folder, unsigned threads) const {
  make_folders(folder, folders_);
  const Fd root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  share_out(files_.size(), threads, [&](std::size_t number) {
    const auto& [path, content] = files_[number];
    const Fd to(::openat(root.get(), path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!to.ok() || !worktrees::write_all(to.get(), content)) {
      cannot("write", path);
    }
  });
}

FromSibling::FromSibling(const std::string& folder) : from_(folder) {
  walk(folder, [&](const fs::directory_entry& entry, const std::string& path) {
    if (entry.is_directory() && !entry.is_symlink()) {
      folders_.push_back(path);
    } else if (is_plain(entry)) {
      files_.emplace_back(path, static_cast<mode_t>(entry.status().permissions()));
    }
  });
  std::ranges::sort(folders_);
  std::ranges::sort(files_);
}

void FromSibling::copy(const std::string& folder, unsigned threads) const {
  make_folders(folder, folders_);
  const Fd from_root(::open(from_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Fd to_root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  share_out(files_.size(), threads, [&](std::size_t number) {
    const auto& [path, mode] = files_[number];
    const Fd from(::openat(from_root.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat proof{};
    const Fd to(
        ::openat(to_root.get(), path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!from.ok() || !to.ok() || ::fstat(from.get(), &proof) != 0) {
      cannot("copy", path);
    }
    copy_content(from.get(), to.get(), proof.st_size, path);
    if (::fstat(from.get(), &proof) != 0 || ::fstat(to.get(), &proof) != 0) {
      cannot("look at", path);
    }
  });
}

}  // namespace bench
