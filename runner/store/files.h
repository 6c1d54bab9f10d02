#pragma once

#include <functional>
#include <optional>
#include <string>

#include "jobs/base/result.h"

namespace runner::store {

/// Paths of one state folder.
struct StatePaths {
  std::string folder;
  std::string database;
  std::string journal;
  std::string lock;
  std::string creating;  ///< a new state while it is being made; renamed when it is complete
};
[[nodiscard]] StatePaths paths_in(const std::string& state_dir);

/// What is at the database's place, by stat alone. Not by opening it: closing any descriptor of the
/// file would drop the locks that another connection of this process holds on it.
enum class Found : std::uint8_t { nothing, database };
/// corrupt: something is there that can be no state (empty file, no regular file, a journal without
/// its database).
[[nodiscard]] jobs::Result<Found> look_at(const StatePaths& paths);

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

 private:
  LockFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
};

}  // namespace runner::store
