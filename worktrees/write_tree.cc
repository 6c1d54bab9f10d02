#include "worktrees/write_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <functional>
#include <memory>
#include <optional>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/beneath.h"
#include "worktrees/fd.h"
#include "worktrees/git_error.h"
#include "worktrees/object_stream.h"
#include "worktrees/safe_fs.h"
#include "worktrees/twin.h"
#include "worktrees/workers.h"
#include "worktrees/write_plan.h"

namespace worktrees {

namespace {

using jobs::ErrorKind;
using objects::Sink;

constexpr std::size_t kMemory = std::size_t{64} << 20;

jobs::Status put(int to, std::string_view text, std::string_view path) {
  return write_all(to, text) ? jobs::ok() : jobs::Status(system_error(errno, "write", path));
}

class Writer {
 public:
  Writer(const TreeWriting& how, Present present)
      : how_(how), list_(how.list), root_(how.root), present_(std::move(present)) {
    present_.files.resize(list_.files.size());
    present_.stats.resize(list_.files.size());
    present_.directories.resize(list_.directories.size());
  }

  jobs::Status run() {
    tasks_ = plan_writing(how_, present_);
    const Need need = need_of(how_, present_, tasks_);
    if (how_.room && !tasks_.empty()) {
      RUNNER_TRY(how_.room(need));
    }
    RUNNER_TRY(make_directories());
    return write_files(static_cast<std::uint64_t>(need.bytes));
  }

  std::vector<FileStat> take() { return std::move(present_.stats); }

 private:
  jobs::Status make_directories() {
    for (std::size_t i = 0; i < list_.directories.size(); ++i) {
      const std::string_view path = list_.path(list_.directories[i]);
      if (!path.empty() && !present_.directories[i]) {
        RUNNER_TRY(make_directory(path));
      }
    }
    return jobs::ok();
  }

  jobs::Status write_files(std::uint64_t bytes) {
    const unsigned workers = how_.workers == 0 ? workers_for(tasks_.size(), bytes) : how_.workers;
    // One object, the one that it is a delta of, that delta, and what is kept for others.
    const std::size_t share = kMemory / workers;
    const objects::Reader::Limits limits{.object = share / 4, .cache = share / 4};
    return do_tasks(tasks_.size(), workers, [&]() -> DoTask {
      return [this, sources = std::make_shared<Sources>(how_.store, limits, how_.sibling)](
                 std::size_t task) { return one(*sources, tasks_[task]); };
    });
  }

  /// Of one thread.
  struct Sources {
    Sources(const objects::Store& store, const objects::Reader::Limits& limits,
            const Sibling* sibling)
        : objects(store, limits) {
      if (sibling != nullptr) {
        copies.emplace(*sibling);
      }
    }
    objects::Reader objects;
    std::optional<Sibling::Reader> copies;
  };

  jobs::Status one(Sources& sources, const WriteTask& task) {
    const TreeList::File& file = list_.files[task.file];
    const std::string_view path = list_.path(file);
    if (file.mode == GIT_FILEMODE_COMMIT) {
      RUNNER_TRY(make_directory(path));
      return look(path, task.file);
    }
    if (how_.converter.applies(task.file)) {
      RUNNER_ASSIGN(const Converted made, how_.converter.convert(path, file.id));
      RUNNER_TRY(write(task.file, made.size(), [&](const Sink& sink) { return made.give(sink); }));
      return made.by_program() ? make_older(path, task.file) : jobs::ok();
    }
    const bool copied = may_copy(how_, task.file);
    if (copied) {
      RUNNER_ASSIGN(const bool is_there, share(*sources.copies, task.file));
      if (is_there) {
        return jobs::ok();
      }
    }
    if (const auto text = copied ? sources.copies->read(task.file) : std::nullopt) {
      return write(task.file, text->size(), [&](const Sink& sink) { return sink(*text); });
    }
    const objects::ObjectPtr object =
        sources.objects.read(file.id, copied ? how_.store.find(file.id) : task.place);
    if (object != nullptr && object->type != GIT_OBJECT_BLOB) {
      return jobs::fail(ErrorKind::corrupt,
                        fmt::format("{} is a {} where a file should be", to_hex(file.id),
                                    git_object_type2string(object->type)));
    }
    if (file.mode == GIT_FILEMODE_LINK) {
      return link(file, path, task.file, object);
    }
    if (object != nullptr) {
      return write(task.file, object->size,
                   [&](const Sink& sink) { return sink(object->content()); });
    }
    return write(task.file, std::nullopt, [&](const Sink& sink) {
      return stream_object(how_.odb, how_.store, file.id, sink);
    });
  }

  [[nodiscard]] static mode_t mode_of(const TreeList::File& file) {
    return file.mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0777 : 0666;
  }

  /// True: the file is there, and its blocks are those of the sibling's.
  jobs::Result<bool> share(Sibling::Reader& copies, std::size_t number) {
    if (!copies.may_share(number) || present_.files[number] == FileState::other) {
      return false;
    }
    const TreeList::File& file = list_.files[number];
    const std::string_view path = list_.path(file);
    const Fd to(open_beneath(root_, path.data(), O_RDWR | O_CREAT | O_EXCL, mode_of(file)));
    if (!to.ok()) {
      return system_error(errno, "make", path);
    }
    if (!copies.share(number, to.get())) {
      RUNNER_TRY(remove(path));
      return false;
    }
    RUNNER_TRY(look(to.get(), path, number));
    return true;
  }

  /// `fill` gives the content to a sink; its size, where that is known.
  jobs::Status write(std::size_t number, std::optional<std::size_t> size,
                     const std::function<jobs::Status(const Sink&)>& fill) {
    const TreeList::File& file = list_.files[number];
    const std::string_view path = list_.path(file);
    const mode_t mode = mode_of(file);
    if (present_.files[number] == FileState::other) {
      Twin twin(root_, path, mode & ~mask_, size);
      if (twin.likely()) {
        RUNNER_TRY(fill([&](std::string_view piece) {
          twin.compare(piece);
          return jobs::ok();
        }));
      }
      if (const auto stat = twin.equal()) {
        present_.stats[number] = *stat;
        return jobs::ok();
      }
      if (twin.is_rewritable()) {
        std::size_t written = 0;
        RUNNER_TRY(fill([&](std::string_view piece) {
          written += piece.size();
          return put(twin.file(), piece, path);
        }));
        return twin.end_at(written) ? look(twin.file(), path, number)
                                    : jobs::Status(system_error(errno, "shorten", path));
      }
      RUNNER_TRY(remove(path));
    }
    const Fd to(open_beneath(root_, path.data(), O_WRONLY | O_CREAT | O_EXCL, mode));
    if (!to.ok()) {
      return system_error(errno, "make", path);
    }
    RUNNER_TRY(fill([&](std::string_view piece) { return put(to.get(), piece, path); }));
    return look(to.get(), path, number);
  }

  /// Git compares a file with its blob that is no older, to the second, than the index; without the
  /// program's counterpart it would take the file for changed, and commit it.
  jobs::Status make_older(std::string_view path, std::size_t number) {
    constexpr time_t kSeconds = 2;
    const FileStat& now = present_.stats[number];
    const time_t older = static_cast<time_t>(now.changed_s) - kSeconds;
    if (static_cast<time_t>(now.modified_s) <= older) {
      return jobs::ok();
    }
    const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                              {.tv_sec = older, .tv_nsec = 0}};
    const Parent parent(root_, path);
    if (!parent.ok() || ::utimensat(parent.fd(), parent.name(), times, AT_SYMLINK_NOFOLLOW) != 0) {
      return system_error(errno, "set the time of", path);
    }
    return look(path, number);
  }

  jobs::Status link(const TreeList::File& file, std::string_view path, std::size_t number,
                    const objects::ObjectPtr& object) {
    std::string target;
    if (object != nullptr) {
      target = object->content();
    } else {
      RUNNER_TRY(stream_object(how_.odb, how_.store, file.id, [&](std::string_view piece) {
        target += piece.substr(0, PATH_MAX - std::min<std::size_t>(PATH_MAX, target.size()));
        return jobs::ok();
      }));
    }
    if (target.empty() || target.size() >= PATH_MAX || target.find('\0') != std::string::npos) {
      return jobs::fail(ErrorKind::denied,
                        fmt::format("the link '{}' leads to no path", jobs::one_line(path, 200)));
    }
    if (present_.files[number] == FileState::other) {
      RUNNER_TRY(remove(path));
    }
    const Parent parent(root_, path);
    if (!parent.ok() || ::symlinkat(target.c_str(), parent.fd(), parent.name()) != 0) {
      return system_error(errno, "make the link", path);
    }
    return look(path, number);
  }

  [[nodiscard]] jobs::Status make_directory(std::string_view path) const {
    const Parent parent(root_, path);
    if (!parent.ok() || ::mkdirat(parent.fd(), parent.name(), 0777) != 0) {
      return system_error(errno, "make the directory", path);
    }
    return jobs::ok();
  }

  [[nodiscard]] jobs::Status remove(std::string_view path) const {
    const Parent parent(root_, path);
    if (!parent.ok() || ::unlinkat(parent.fd(), parent.name(), 0) != 0) {
      return system_error(errno, "replace", path);
    }
    return jobs::ok();
  }

  jobs::Status look(int file, std::string_view path, std::size_t number) {
    struct stat info{};
    if (::fstat(file, &info) != 0) {
      return system_error(errno, "look at", path);
    }
    present_.stats[number] = stat_of(info);
    return jobs::ok();
  }

  jobs::Status look(std::string_view path, std::size_t number) {
    const Parent parent(root_, path);
    struct stat info{};
    if (!parent.ok() || ::fstatat(parent.fd(), parent.name(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return system_error(errno, "look at", path);
    }
    present_.stats[number] = stat_of(info);
    return jobs::ok();
  }

  const TreeWriting& how_;
  const TreeList& list_;
  int root_;
  Present present_;
  const mode_t mask_ = creation_mask();
  std::vector<WriteTask> tasks_;
};

}  // namespace

jobs::Result<std::vector<FileStat>> write_tree(const TreeWriting& how, Present present) {
  Writer writer(how, std::move(present));
  RUNNER_TRY(writer.run());
  return writer.take();
}

}  // namespace worktrees
