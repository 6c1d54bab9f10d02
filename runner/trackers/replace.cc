#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/sha256.h"
#include "jobs/base/text.h"
#include "runner/trackers/files.h"

/// How a file is replaced without losing what a person saved meanwhile: the new file and the old
/// one are *exchanged*, and what came out is looked at. If it is not what we decided on, they are
/// exchanged back. The name under which the displaced file lies carries the digests of both, so
/// that a crash between the two steps can be repaired.
namespace runner::trackers {

using jobs::ErrorKind;
using jobs::fail;
using jobs::one_line;

namespace {

constexpr const char* kLockName = ".runner.lock";
constexpr const char* kNewName = ".runner-new";
constexpr std::string_view kSwapPrefix = ".runner-swap-";
constexpr std::size_t kDigest = 16;
constexpr std::size_t kMaxAny = 64U << 20U;
constexpr std::chrono::seconds kLockWait{10};
constexpr std::chrono::milliseconds kLockStep{5};

std::string digest(std::string_view bytes) {
  return jobs::sha256_hex(bytes).substr(0, kDigest);
}

/// ".runner-swap-<expected>-<ours>-<name>", each as a digest.
std::string swap_name(std::string_view expected, std::string_view ours, std::string_view name) {
  return fmt::format("{}{}-{}-{}", kSwapPrefix, digest(expected), digest(ours), digest(name));
}

jobs::Error cannot_write(int error, const std::string& name) {
  return from_errno(error, fmt::format("cannot write {} in the tracker's folder", one_line(name)));
}

jobs::Status write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return cannot_write(errno, kNewName);
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return jobs::ok();
}

/// A durable file with these bytes under kNewName, which only the holder of the lock uses. `like`:
/// whose owner and mode it takes.
jobs::Status write_new(const Fd& folder, std::string_view bytes, const struct stat* like) {
  ::unlinkat(folder.get(), kNewName, 0);
  const Fd file(
      ::openat(folder.get(), kNewName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file) {
    return cannot_write(errno, kNewName);
  }
  jobs::Status written = write_all(file.get(), bytes);
  if (written && like != nullptr) {
    // Only root may give a file away; for everybody else it stays ours, which is what it was.
    [[maybe_unused]] const int given = ::fchown(file.get(), like->st_uid, like->st_gid);
    if (::fchmod(file.get(), like->st_mode & 0777U) != 0) {
      written = cannot_write(errno, kNewName);
    }
  }
  if (written && ::fsync(file.get()) != 0) {
    written = cannot_write(errno, kNewName);
  }
  if (!written) {
    ::unlinkat(folder.get(), kNewName, 0);
  }
  return written;
}

jobs::Status sync_folder(const Fd& folder) {
  return ::fsync(folder.get()) == 0
             ? jobs::ok()
             : jobs::Status(from_errno(errno, "cannot sync the tracker's folder"));
}

bool move_to_free_name(const Fd& folder, const std::string& from, const std::string& to) {
  return ::renameat2(folder.get(), from.c_str(), folder.get(), to.c_str(), RENAME_NOREPLACE) == 0;
}

bool exchange(const Fd& folder, const std::string& a, const std::string& b) {
  return ::renameat2(folder.get(), a.c_str(), folder.get(), b.c_str(), RENAME_EXCHANGE) == 0;
}

std::uint64_t inode_of(const Fd& folder, const std::string& name) {
  const auto stamp = stamp_of(folder, name);
  return stamp ? stamp->inode : 0;
}

/// True if the file is what we decided on and nobody has it open for writing.
bool is_still(const Fd& folder, const std::string& name, std::string_view expected) {
  const Fd file(
      ::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) {
    return false;
  }
  // A read lease is granted only while nobody has the file open for writing. Any other error means
  // that this file system or this user may not ask, and the comparison has to do. SIGURG, because
  // the default signal would end the program.
  ::fcntl(file.get(), F_SETSIG, SIGURG);
  if (::fcntl(file.get(), F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN) {
    return false;
  }
  const auto now = read_regular(folder, name, kMaxAny);
  return now && now->bytes == expected;
}

/// Puts back what lies under `aside` while `name` holds the file with inode `ours`. A person may
/// save again between any two steps, so whatever comes out that is not what we put in goes back in.
void put_back(const Fd& folder, const std::string& name, const std::string& aside,
              std::uint64_t ours) {
  constexpr int kRounds = 100;
  for (int i = 0; i < kRounds; ++i) {
    const std::uint64_t going_in = inode_of(folder, aside);
    if (!exchange(folder, name, aside)) {
      // The person removed the name meanwhile: what lies aside is the newest text there is.
      move_to_free_name(folder, aside, name);
      return;
    }
    if (inode_of(folder, aside) == ours) {
      ::unlinkat(folder.get(), aside.c_str(), 0);
      return;
    }
    ours = going_in;
  }
}

/// Repairs what a writer that died in `replace_file` left behind.
void repair_swap(const Fd& folder, const std::string& aside,
                 const std::vector<std::string>& names) {
  const std::string_view rest = std::string_view(aside).substr(kSwapPrefix.size());
  if (rest.size() != 3 * kDigest + 2) {
    return;
  }
  const std::string_view expected = rest.substr(0, kDigest);
  const std::string_view ours = rest.substr(kDigest + 1, kDigest);
  const std::string_view name_digest = rest.substr(2 * kDigest + 2);
  const auto displaced = read_regular(folder, aside, kMaxAny);
  if (!displaced) {
    return;
  }
  const std::string found = digest(displaced->bytes);
  if (found == expected || found == ours) {
    ::unlinkat(folder.get(), aside.c_str(), 0);
    return;
  }
  // A person's edit that came out of the exchange and was not put back.
  for (const std::string& name : names) {
    if (digest(name) != name_digest) {
      continue;
    }
    const auto current = read_regular(folder, name, kMaxAny);
    if (current && digest(current->bytes) == ours) {
      put_back(folder, name, aside, current->stamp.inode);
      return;
    }
  }
  // They saved once more since, or removed the file: every text of theirs is kept.
  move_to_free_name(folder, aside, fmt::format("kept-{}-{}.txt", name_digest, found));
}

void repair(const Fd& folder) {
  const auto hidden = list_names(folder, Hidden::only);
  if (!hidden) {
    return;
  }
  std::optional<std::vector<std::string>> names;
  for (const std::string& name : *hidden) {
    if (name == kNewName) {
      ::unlinkat(folder.get(), kNewName, 0);
    } else if (name.starts_with(kSwapPrefix)) {
      if (!names) {
        names = list_names(folder).value_or(std::vector<std::string>{});
      }
      repair_swap(folder, name, *names);
    }
  }
}

}  // namespace

jobs::Result<Fd> lock_folder(const Fd& folder) {
  Fd lock(::openat(folder.get(), kLockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                   0666));
  if (!lock) {
    return from_errno(errno, "cannot lock the tracker's folder");
  }
  const auto give_up = std::chrono::steady_clock::now() + kLockWait;
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return from_errno(errno, "cannot lock the tracker's folder");
    }
    if (std::chrono::steady_clock::now() > give_up) {
      return fail(ErrorKind::transient,
                  "another runner has been writing into the tracker's folder for ten seconds",
                  "look for a runner that hangs: fuser .runner.lock in that folder");
    }
    std::this_thread::sleep_for(kLockStep);
  }
  repair(folder);
  return lock;
}

jobs::Status create_file(const Fd& folder, const std::string& name, std::string_view bytes) {
  RUNNER_TRY(write_new(folder, bytes, nullptr));
  RUNNER_POINT(file_created);
  if (!move_to_free_name(folder, kNewName, name)) {
    // File systems without that flag still know hard links.
    const bool unknown_flag = errno == EINVAL || errno == ENOSYS;
    const bool linked =
        unknown_flag && ::linkat(folder.get(), kNewName, folder.get(), name.c_str(), 0) == 0;
    const int error = errno;
    ::unlinkat(folder.get(), kNewName, 0);
    if (!linked) {
      return cannot_write(error, name);
    }
  }
  return sync_folder(folder);
}

jobs::Status replace_file(const Fd& folder, const std::string& name, std::string_view expected,
                          std::string_view bytes, const std::function<void()>& before_swap) {
  const auto changed = [&] {
    return fail(ErrorKind::conflict,
                fmt::format("{} was changed by somebody else meanwhile", one_line(name)));
  };
  struct stat before{};
  if (::fstatat(folder.get(), name.c_str(), &before, AT_SYMLINK_NOFOLLOW) != 0) {
    return cannot_write(errno, name);
  }
  const std::string aside = swap_name(expected, bytes, name);
  RUNNER_TRY(write_new(folder, bytes, &before));
  if (::renameat(folder.get(), kNewName, folder.get(), aside.c_str()) != 0) {
    return cannot_write(errno, name);
  }
  RUNNER_POINT(swap_written);
  const auto remove_aside = [&] { ::unlinkat(folder.get(), aside.c_str(), 0); };
  if (before_swap) {
    before_swap();
  }
  if (!is_still(folder, name, expected)) {
    remove_aside();
    return changed();
  }
  const std::uint64_t ours = inode_of(folder, aside);
  if (exchange(folder, name, aside)) {
    RUNNER_POINT(swap_exchanged);
    if (!is_still(folder, aside, expected)) {
      put_back(folder, name, aside, ours);
      return changed();
    }
    remove_aside();
    RUNNER_POINT(swap_done);
    return sync_folder(folder);
  }
  const int error = errno;
  // Without an exchange (old kernels, some network file systems) the comparison just made is all
  // the care there is.
  if (error == EINVAL || error == ENOSYS) {
    if (::renameat(folder.get(), aside.c_str(), folder.get(), name.c_str()) == 0) {
      return sync_folder(folder);
    }
    const int rename_error = errno;
    remove_aside();
    return cannot_write(rename_error, name);
  }
  remove_aside();
  return error == ENOENT ? jobs::Status(changed()) : jobs::Status(cannot_write(error, name));
}

}  // namespace runner::trackers
