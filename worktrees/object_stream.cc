#include "worktrees/object_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include <fmt/core.h>

#include "worktrees/fd.h"
#include "worktrees/git_handles.h"
#include "worktrees/git_memory.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;

constexpr std::size_t kPiece = 64U << 10U;
constexpr std::size_t kLongestHeader = 64;
/// Of so many bytes each of eight workers can read one at a time, with what it is a delta of.
constexpr std::size_t kReadBesideOthers = kMostGitMemory / 32;

/// The file of a loose object; -1 if there is none, or something that is no plain file.
int open_loose(const std::string& objects, const std::string& hex) {
  constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const Fd top(::open(objects.c_str(), kFolder));
  const Fd fan(!top.ok() ? -1 : ::openat(top.get(), hex.substr(0, 2).c_str(), kFolder));
  if (!fan.ok()) {
    return -1;
  }
  const int file =
      ::openat(fan.get(), hex.substr(2).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  struct stat info{};
  if (file >= 0 && (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode))) {
    ::close(file);
    return -1;
  }
  return file;
}

class Inflater {
 public:
  Inflater() { started_ = ::inflateInit(&stream_) == Z_OK; }
  ~Inflater() {
    if (started_) {
      ::inflateEnd(&stream_);
    }
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// The next piece of what the file holds; empty at its end. corrupt: it is cut short, or no zlib.
  jobs::Result<std::string_view> next(int file) {
    stream_.next_out = out_.data();
    stream_.avail_out = static_cast<uInt>(out_.size());
    while (started_ && !ended_ && stream_.avail_out == out_.size()) {
      if (stream_.avail_in == 0) {
        const ssize_t count = ::read(file, in_.data(), in_.size());
        if (count < 0 && errno == EINTR) {
          continue;
        }
        if (count <= 0) {
          break;
        }
        stream_.next_in = in_.data();
        stream_.avail_in = static_cast<uInt>(count);
      }
      const int code = ::inflate(&stream_, Z_NO_FLUSH);
      ended_ = code == Z_STREAM_END;
      if (code != Z_OK && !ended_) {
        break;
      }
    }
    const std::size_t count = out_.size() - stream_.avail_out;
    if (count == 0 && !ended_) {
      return jobs::fail(ErrorKind::corrupt, "the file is cut short or damaged");
    }
    return std::string_view(reinterpret_cast<const char*>(out_.data()), count);
  }

 private:
  z_stream stream_{};
  bool started_ = false;
  bool ended_ = false;
  std::vector<Bytef> in_ = std::vector<Bytef>(kPiece);
  std::vector<Bytef> out_ = std::vector<Bytef>(kPiece);
};

jobs::Status stream_loose(int file, const std::function<jobs::Status(std::string_view)>& sink) {
  Inflater inflater;
  // "blob 1234\0", then the content.
  std::string header;
  std::string_view piece;
  std::size_t end = std::string::npos;
  do {
    RUNNER_ASSIGN(piece, inflater.next(file));
    header += piece.substr(0, kLongestHeader);
    end = header.find('\0');
  } while (end == std::string::npos && !piece.empty() && header.size() < kLongestHeader);
  if (end == std::string::npos) {
    return jobs::fail(ErrorKind::corrupt, "the file has no header of an object");
  }
  const std::size_t before = header.size() - std::min(piece.size(), kLongestHeader);
  piece.remove_prefix(end + 1 - before);
  for (;;) {
    if (!piece.empty()) {
      RUNNER_TRY(sink(piece));
    }
    RUNNER_ASSIGN(piece, inflater.next(file));
    if (piece.empty()) {
      return jobs::ok();
    }
  }
}

}  // namespace

jobs::Status stream_object(git_odb* odb, const std::string& objects, const git_oid& id,
                           const std::function<jobs::Status(std::string_view)>& sink) {
  const std::string hex = to_hex(id);
  if (const Fd file(open_loose(objects, hex)); file.ok()) {
    return stream_loose(file.get(), sink)
        .while_doing(fmt::format("reading the object {} of {}", hex, objects));
  }
  // What may need nearly all the memory that libgit2 gets is read alone, lest others take it away.
  static std::shared_mutex readers;
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  std::unique_lock alone(readers, std::defer_lock);
  std::shared_lock beside(readers, std::defer_lock);
  if (git_odb_read_header(&size, &type, odb, &id) == 0 && size <= kReadBesideOthers) {
    beside.lock();
  } else {
    alone.lock();
  }
  OdbObject content;
  if (const int code = git_odb_read(into(content), odb, &id); code < 0) {
    return git_failure(code, fmt::format("cannot read the object {}", hex));
  }
  return sink(std::string_view(static_cast<const char*>(git_odb_object_data(content.get())),
                               git_odb_object_size(content.get())));
}

}  // namespace worktrees
