#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "jobs/base/result.h"
#include "runner/store/mark.h"

namespace runner::store {

/// Paths of one state folder.
struct StatePaths {
  std::string folder;
  std::string database;
  std::string journal;
  std::string lock;
  std::string creating;  ///< a new state while it is being made; renamed when it is complete
  std::string checking;  ///< a copy on which an unfinished step is undone first, to see what comes
};
[[nodiscard]] StatePaths paths_in(const std::string& state_dir);

/// What is at the database's place, by stat alone. Not by opening it: closing any descriptor of the
/// file would drop the locks that another connection of this process holds on it.
enum class Found : std::uint8_t { nothing, database };
/// corrupt: something is there that can be no state (empty file, no regular file, a journal without
/// its database), or nothing though the lock file knows of a state.
[[nodiscard]] jobs::Result<Found> look_at(const StatePaths& paths);

/// Which file lies at a path: device and inode; zeros if none can be seen.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
[[nodiscard]] FileIdentity identity_of(const std::string& path);
/// In bytes; 0 if there is no such file.
[[nodiscard]] std::int64_t size_of(const std::string& path);

/// Makes the folder (for this user only) if it is missing.
[[nodiscard]] jobs::Status make_folder(const std::string& folder);
/// denied if locks cannot be trusted there: NFS, SMB, Ceph, FUSE over a network, ... `type_of`
/// names the file system.
[[nodiscard]] jobs::Status refuse_network(
    const std::string& folder, const std::function<std::string(const std::string&)>& type_of);
/// "ext4"-like name of the file system that holds `folder`, "" if it cannot be told.
[[nodiscard]] std::string file_system_of(const std::string& folder);
/// Makes an empty file for this user only, over whatever is there.
[[nodiscard]] jobs::Status make_empty(const std::string& path);
/// Copies the bytes of a file into a new one for this user only; synced. not_found if there is no
/// `from`; conflict if there is a `to`.
[[nodiscard]] jobs::Status copy_file(const std::string& from, const std::string& to);
/// Removes a file; fine if there is none.
[[nodiscard]] jobs::Status remove_file(const std::string& path);
/// Renames so that it survives a power cut.
[[nodiscard]] jobs::Status publish(const std::string& from, const std::string& to,
                                   const std::string& folder);

/// The lock file around every writing step. One object per store; taken by one thread at a time
/// (the store's mutex).
class LockFile {
 public:
  [[nodiscard]] static jobs::Result<LockFile> open(const std::string& path);
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) = delete;
  ~LockFile();

  /// Holds the lock while it lives.
  class Held {
   public:
    explicit Held(int fd) : fd_(fd) {}
    Held(Held&& other) noexcept;
    Held& operator=(Held&& other) = delete;
    ~Held();

   private:
    int fd_;
  };
  /// transient: another process has held it for longer than `patience`.
  [[nodiscard]] jobs::Result<Held> take(jobs::Duration patience);

  /// The mark in it; see mark.h. Written only while it is held.
  [[nodiscard]] StepMark mark() const { return read_mark(fd_); }
  void set_mark(std::int64_t steps) const { write_mark(fd_, steps); }

 private:
  LockFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
};

}  // namespace runner::store
