#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "runner/notify/notify.h"
#include "runner/process/fd.h"

namespace runner::notify {

using jobs::ErrorKind;

namespace {

/// How far back a repeat is looked for: it follows its first try closely.
constexpr off_t kLookBack = 64 << 10;
constexpr std::chrono::seconds kLockWait{10};
constexpr std::chrono::milliseconds kLockStep{5};

class FileNotifier final : public jobs::Notifier {
 public:
  explicit FileNotifier(jobs::NotifyConfig config) : config_(std::move(config)) {}

  jobs::Status send(const jobs::Notification& notification) override {
    // O_NONBLOCK: a FIFO nobody reads must not stop the tick; it is refused below.
    const process::Fd file(::open(config_.path.c_str(),
                                  O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                                  0666));
    struct stat info{};
    if (!file.valid() || ::fstat(file.get(), &info) != 0) {
      return failed("open", errno);
    }
    if (!S_ISREG(info.st_mode)) {
      return jobs::fail(ErrorKind::denied, fmt::format("[notify.{}]: {} is not a regular file",
                                                       config_.name, jobs::one_line(config_.path)));
    }
    RUNNER_TRY(lock(file.get()));
    const std::string line = to_json(notification) + "\n";
    RUNNER_ASSIGN(const std::string before, end_of(file.get()));
    if (before.find(key_part(line)) != std::string::npos) {
      return jobs::ok();
    }
    // What a power cut left of a line stays, but on a line of its own.
    const std::string bytes = before.empty() || before.ends_with('\n') ? line : "\n" + line;
    return append(file.get(), bytes);
  }

 private:
  [[nodiscard]] jobs::Error failed(const char* what, int error) const {
    const bool forbidden =
        error == EACCES || error == EPERM || error == EROFS || error == EISDIR || error == ELOOP;
    const ErrorKind kind = forbidden                             ? ErrorKind::denied
                           : error == ENOENT || error == ENOTDIR ? ErrorKind::not_found
                                                                 : ErrorKind::transient;
    return jobs::fail(
        kind,
        fmt::format("[notify.{}]: cannot {} {}: {}", config_.name, what,
                    jobs::one_line(config_.path), std::generic_category().message(error)),
        kind == ErrorKind::not_found ? "make the folder that the file is to lie in" : "");
  }

  [[nodiscard]] jobs::Status lock(int file) const {
    const auto give_up = std::chrono::steady_clock::now() + kLockWait;
    while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      if ((errno != EWOULDBLOCK && errno != EINTR) || std::chrono::steady_clock::now() > give_up) {
        return failed("lock", errno);
      }
      std::this_thread::sleep_for(kLockStep);
    }
    return jobs::ok();
  }

  /// `"key":"..."` as it stands in a line: no text inside another value can look like it, because
  /// its quotes are escaped there.
  static std::string key_part(const std::string& line) {
    const std::size_t begin = line.find("\"key\":");
    const std::size_t end = line.find(",\"at\":", begin);
    return line.substr(begin, end - begin + 1);
  }

  [[nodiscard]] jobs::Result<std::string> end_of(int file) const {
    struct stat info{};
    if (::fstat(file, &info) != 0) {
      return failed("read", errno);
    }
    off_t at = info.st_size > kLookBack ? info.st_size - kLookBack : 0;
    std::string out(static_cast<std::size_t>(info.st_size - at), '\0');
    std::size_t used = 0;
    while (used < out.size()) {
      const ssize_t got = ::pread(file, out.data() + used, out.size() - used, at);
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        return failed("read", errno);
      }
      if (got == 0) {
        break;
      }
      used += static_cast<std::size_t>(got);
      at += got;
    }
    out.resize(used);
    return out;
  }

  [[nodiscard]] jobs::Status append(int file, std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t put = ::write(file, bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) {
        continue;
      }
      if (put < 0) {
        return failed("write", errno);
      }
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    RUNNER_POINT(notify_written);
    return ::fsync(file) == 0 ? jobs::ok() : jobs::Status(failed("sync", errno));
  }

  jobs::NotifyConfig config_;
};

}  // namespace

std::unique_ptr<jobs::Notifier> make_file_notifier(const jobs::NotifyConfig& config) {
  return std::make_unique<FileNotifier>(config);
}

}  // namespace runner::notify
