#include "worktrees/write_tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/beneath.h"
#include "worktrees/fd.h"
#include "worktrees/git_error.h"
#include "worktrees/object_stream.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

namespace {

using jobs::ErrorKind;
using objects::Place;

constexpr std::size_t kChunk = 64;  // files that one worker takes at a time
constexpr std::size_t kMemory = std::size_t{64} << 20;
constexpr unsigned kMostWorkers = 8;

jobs::Status put(int to, std::string_view text, std::string_view path) {
  return write_all(to, text) ? jobs::ok() : jobs::Status(system_error(errno, "write", path));
}

FileStat stat_of(const struct stat& info) {
  return {.changed_s = static_cast<std::uint32_t>(info.st_ctim.tv_sec),
          .changed_ns = static_cast<std::uint32_t>(info.st_ctim.tv_nsec),
          .modified_s = static_cast<std::uint32_t>(info.st_mtim.tv_sec),
          .modified_ns = static_cast<std::uint32_t>(info.st_mtim.tv_nsec),
          .device = static_cast<std::uint32_t>(info.st_dev),
          .inode = static_cast<std::uint32_t>(info.st_ino),
          .user = static_cast<std::uint32_t>(info.st_uid),
          .group = static_cast<std::uint32_t>(info.st_gid),
          .size = static_cast<std::uint32_t>(info.st_size)};
}

class Writer {
 public:
  Writer(const TreeList& list, const objects::Store& store, git_odb* odb, Converter& converter)
      : list_(list), store_(store), odb_(odb), converter_(converter), stats_(list.files.size()) {}

  jobs::Status open(const std::string& folder) {
    root_ = Fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return root_.ok() ? jobs::ok() : jobs::Status(system_error(errno, "open", folder));
  }

  jobs::Status make_directories() {
    for (const TreeList::Directory& directory : list_.directories) {
      const std::string_view path = list_.path(directory);
      if (!path.empty() && ::mkdirat(root_.get(), path.data(), 0777) != 0) {
        return system_error(errno, "make the directory", path);
      }
    }
    return jobs::ok();
  }

  /// In the order of the packs, where deltas and their bases are near one another.
  void plan() {
    order_.reserve(list_.files.size());
    for (std::size_t i = 0; i < list_.files.size(); ++i) {
      const bool here = list_.files[i].mode != GIT_FILEMODE_COMMIT;
      order_.push_back({.place = here ? store_.find(list_.files[i].id) : Place{}, .file = i});
    }
    std::ranges::stable_sort(order_, {}, &Task::place);
  }

  jobs::Status run(unsigned workers) {
    const std::size_t share = kMemory / workers;
    const objects::Reader::Limits limits{.object = share / 8, .cache = share / 4};
    {
      std::vector<std::jthread> threads;
      try {
        for (unsigned i = 1; i < workers; ++i) {
          threads.emplace_back([&] { work(limits); });
        }
      } catch (const std::system_error&) {
        // Fewer of them do it too.
      }
      work(limits);
    }
    return problem_ ? jobs::Status(*problem_) : jobs::ok();
  }

  std::vector<FileStat> take() { return std::move(stats_); }

 private:
  struct Task {
    Place place;
    std::size_t file = 0;
  };

  void work(objects::Reader::Limits limits) {
    try {
      take_chunks(limits);
    } catch (const std::bad_alloc&) {
      fail(jobs::fail(ErrorKind::transient, "out of memory"));
    }
  }

  void fail(jobs::Error error) {
    failed_ = true;
    const std::lock_guard lock(mutex_);
    if (!problem_) {
      problem_ = std::move(error);
    }
  }

  void take_chunks(objects::Reader::Limits limits) {
    objects::Reader reader(store_, limits);
    while (!failed_.load(std::memory_order_relaxed)) {
      const std::size_t begin = next_.fetch_add(kChunk);
      if (begin >= order_.size()) {
        return;
      }
      const std::size_t end = std::min(begin + kChunk, order_.size());
      for (std::size_t i = begin; i < end; ++i) {
        if (const jobs::Status written = one(reader, order_[i]); !written) {
          fail(written.error());
          return;
        }
      }
    }
  }

  jobs::Status one(objects::Reader& reader, const Task& task) {
    const TreeList::File& file = list_.files[task.file];
    const std::string_view path = list_.path(file);
    if (file.mode == GIT_FILEMODE_COMMIT) {
      if (::mkdirat(root_.get(), path.data(), 0777) != 0) {
        return system_error(errno, "make the directory", path);
      }
      return look(path, task.file);
    }
    if (converter_.applies(task.file)) {
      return write(file, path, task.file, [&](int to) -> jobs::Status {
        RUNNER_ASSIGN(const std::string text, converter_.convert(path, file.id));
        return put(to, text, path);
      });
    }
    const objects::ObjectPtr object = reader.read(file.id, task.place);
    if (object != nullptr && object->type != GIT_OBJECT_BLOB) {
      return jobs::fail(ErrorKind::corrupt,
                        fmt::format("{} is a {} where a file should be", to_hex(file.id),
                                    git_object_type2string(object->type)));
    }
    if (file.mode == GIT_FILEMODE_LINK) {
      return link(file, path, task.file, object);
    }
    return write(file, path, task.file, [&](int to) -> jobs::Status {
      if (object != nullptr) {
        return put(to, object->content(), path);
      }
      return stream_object(odb_, store_.folder(), file.id,
                           [&](std::string_view piece) { return put(to, piece, path); });
    });
  }

  template <typename Fill>
  jobs::Status write(const TreeList::File& file, std::string_view path, std::size_t number,
                     const Fill& fill) {
    const mode_t mode = file.mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0777 : 0666;
    const Fd to(open_beneath(root_.get(), path.data(), O_WRONLY | O_CREAT | O_EXCL, mode));
    if (!to.ok()) {
      return system_error(errno, "make", path);
    }
    RUNNER_TRY(fill(to.get()));
    struct stat info{};
    if (::fstat(to.get(), &info) != 0) {
      return system_error(errno, "look at", path);
    }
    stats_[number] = stat_of(info);
    return jobs::ok();
  }

  jobs::Status link(const TreeList::File& file, std::string_view path, std::size_t number,
                    const objects::ObjectPtr& object) {
    std::string target;
    if (object != nullptr) {
      target = object->content();
    } else {
      RUNNER_TRY(stream_object(odb_, store_.folder(), file.id, [&](std::string_view piece) {
        target += piece.substr(0, PATH_MAX);
        return target.size() < PATH_MAX
                   ? jobs::ok()
                   : jobs::Status(jobs::fail(
                         ErrorKind::denied,
                         fmt::format("the link {} is too long", jobs::one_line(path, 300))));
      }));
    }
    if (target.empty() || target.find('\0') != std::string::npos) {
      return jobs::fail(ErrorKind::denied,
                        fmt::format("the link {} leads to no path", jobs::one_line(path, 300)));
    }
    const std::size_t slash = path.rfind('/');
    const std::string parent(slash == std::string_view::npos ? "." : path.substr(0, slash));
    const std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
    const Fd folder(open_beneath(root_.get(), parent.c_str(), O_PATH | O_DIRECTORY));
    if (!folder.ok() || ::symlinkat(target.c_str(), folder.get(), name.c_str()) != 0) {
      return system_error(errno, "make the link", path);
    }
    return look(path, number);
  }

  jobs::Status look(std::string_view path, std::size_t number) {
    struct stat info{};
    if (::fstatat(root_.get(), path.data(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return system_error(errno, "look at", path);
    }
    stats_[number] = stat_of(info);
    return jobs::ok();
  }

  const TreeList& list_;
  const objects::Store& store_;
  git_odb* odb_;
  Converter& converter_;
  Fd root_;
  std::vector<Task> order_;
  std::vector<FileStat> stats_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::optional<jobs::Error> problem_;
};

}  // namespace

jobs::Result<std::vector<FileStat>> write_tree(const TreeList& list, const objects::Store& store,
                                               git_odb* odb, const std::string& folder,
                                               Converter& converter, unsigned workers) {
  Writer writer(list, store, odb, converter);
  RUNNER_TRY(writer.open(folder));
  RUNNER_TRY(writer.make_directories());
  writer.plan();
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned most = static_cast<unsigned>(list.files.size() / kChunk) + 1;
  RUNNER_TRY(
      writer.run(std::clamp(workers == 0 ? cores : workers, 1U, std::min(most, kMostWorkers))));
  return writer.take();
}

}  // namespace worktrees
