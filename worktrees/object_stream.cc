#include "worktrees/object_stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <string_view>

#include <fmt/core.h>

#include "worktrees/fd.h"
#include "worktrees/git_error.h"
#include "worktrees/git_memory.h"
#include "worktrees/objects/reader.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;
using objects::Piecewise;
using objects::Sink;

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

jobs::Status stream_loose(int file, const Sink& sink) {
  Piecewise inflater(file, 0, std::numeric_limits<std::uint64_t>::max());
  // "blob 1234\0", then the content.
  std::string header;
  std::string_view piece;
  std::size_t end = std::string::npos;
  do {
    RUNNER_ASSIGN(piece, inflater.next());
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
    RUNNER_ASSIGN(piece, inflater.next());
    if (piece.empty()) {
      return jobs::ok();
    }
  }
}

/// Of an entry that is no delta.
jobs::Status stream_packed(const objects::Reader::Entry& entry, const Sink& sink) {
  const objects::Pack& pack = *entry.data.pack;
  Piecewise inflater(pack.file(), entry.data.offset, pack.end());
  for (std::size_t left = entry.size;;) {
    RUNNER_ASSIGN(const std::string_view piece, inflater.next());
    if (piece.empty() ? left > 0 : piece.size() > left) {
      return jobs::fail(ErrorKind::corrupt, "it is not as long as the pack says");
    }
    if (piece.empty()) {
      return jobs::ok();
    }
    left -= piece.size();
    RUNNER_TRY(sink(piece));
  }
}

}  // namespace

jobs::Status stream_object(git_odb* odb, const objects::Store& store, const git_oid& id,
                           const Sink& sink) {
  const objects::Place place = store.find(id);
  const auto entry = place.pack == nullptr ? std::nullopt : objects::Reader(store).entry(place);
  if (!entry || entry->type == GIT_OBJECT_INVALID) {
    return stream_object(odb, store.folder(), id, sink);
  }
  if (entry->type != GIT_OBJECT_BLOB) {
    return jobs::fail(ErrorKind::corrupt,
                      fmt::format("{} is a {} where a file should be", to_hex(id),
                                  git_object_type2string(entry->type)));
  }
  return stream_packed(*entry, sink)
      .while_doing(fmt::format("reading the object {} of {}", to_hex(id), place.pack->path()));
}

jobs::Status stream_object(git_odb* odb, const std::string& objects, const git_oid& id,
                           const Sink& sink) {
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
