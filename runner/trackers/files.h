#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobs/base/result.h"

/// The files of a local tracker. People edit them while we do: nothing here follows a symbolic
/// link, blocks on a FIFO, leaves the folder it was given, or replaces bytes that were not the ones
/// somebody decided on.
namespace runner::trackers {

/// An open file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// What changes when a file's content does.
struct Stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

struct FileText {
  std::string bytes;
  Stamp stamp;
};

/// The folder `relative` ("acme/shop") below `root`; no component of it may be a symbolic link.
/// not_found, denied, transient. With `create`, missing folders are made.
[[nodiscard]] jobs::Result<Fd> open_folder(const std::string& root, std::string_view relative,
                                           bool create);

/// The same below a folder that is open already. `shown`: its path, for messages.
[[nodiscard]] jobs::Result<Fd> open_below(const Fd& folder, const std::string& shown,
                                          std::string_view relative, bool create);

enum class Hidden : std::uint8_t { without, only };
/// Names in the folder, sorted: without those that begin with '.', or only those.
[[nodiscard]] jobs::Result<std::vector<std::string>> list_names(const Fd& folder,
                                                                Hidden hidden = Hidden::without);

/// Size and times of a name, whatever it is; not_found if it is gone.
[[nodiscard]] jobs::Result<Stamp> stamp_of(const Fd& folder, const std::string& name);

/// The bytes of a regular file. An error's message says what is there instead, or how large it is.
[[nodiscard]] jobs::Result<FileText> read_regular(const Fd& folder, const std::string& name,
                                                  std::size_t max_bytes);

/// Holds the folder's lock; every write of ours happens under it. Also clears away what a crashed
/// writer left: an edit by a person that it had displaced is put back first.
[[nodiscard]] jobs::Result<Fd> lock_folder(const Fd& folder);

/// Creates a file with these bytes, durable and all at once. conflict if the name is taken.
[[nodiscard]] jobs::Status create_file(const Fd& folder, const std::string& name,
                                       std::string_view bytes);

/// Replaces the file's bytes if they still are `expected`: durable, all at once. conflict if
/// somebody changed the file meanwhile, also in the last instant or with a descriptor that is still
/// open for writing; then the file is as they left it. `before_swap` is called right before the
/// last step (tests put a person there).
[[nodiscard]] jobs::Status replace_file(const Fd& folder, const std::string& name,
                                        std::string_view expected, std::string_view bytes,
                                        const std::function<void()>& before_swap = {});

/// The error that `errno` stands for: "<what>: <reason>".
[[nodiscard]] jobs::Error from_errno(int error, const std::string& what);

}  // namespace runner::trackers
