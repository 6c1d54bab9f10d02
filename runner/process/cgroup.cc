#include "runner/process/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "runner/process/files.h"
#include "runner/process/identity.h"

namespace runner::process {

using jobs::ErrorKind;

namespace {

constexpr std::size_t kMostText = 4U << 20;

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto end = line.find(' ');
    words.push_back(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return words;
}

/// Files of the kernel say nothing of their size.
std::string text_of(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[16 << 10];
  for (ssize_t got = 0; file.valid() && text.size() < kMostText &&
                        (got = ::read(file.get(), buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

bool put(const std::string& path, std::string_view text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.valid() &&
         ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool is_cgroup2(const std::string& path) {
  struct statfs status{};
  return ::statfs(path.c_str(), &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

jobs::Error refused(const std::string& why) {
  return {ErrorKind::denied, why};
}

}  // namespace

std::optional<std::string> own_cgroup(std::string_view mountinfo, std::string_view self) {
  std::string_view ours;
  while (!self.empty()) {
    if (const auto line = next_line(self); line.starts_with("0::/")) {
      ours = line.substr(3);
    }
  }
  while (!ours.empty() && !mountinfo.empty()) {
    // ID PARENT DEVICE ROOT MOUNTPOINT OPTIONS [TAGS...] - TYPE SOURCE OPTIONS
    const auto words = words_of(next_line(mountinfo));
    for (std::size_t dash = 6; dash + 1 < words.size(); ++dash) {
      if (words[dash] == "-") {
        if (words[dash + 1] == "cgroup2" && words[3] == "/") {
          return std::string(words[4]) + (ours == "/" ? "" : std::string(ours));
        }
        break;
      }
    }
  }
  return std::nullopt;
}

Cgroup::Cgroup(std::string path, Fd procs, Fd killer)
    : path_(std::move(path)), procs_(std::move(procs)), killer_(std::move(killer)) {}

jobs::Result<Cgroup> Cgroup::make(const std::string& name) {
  const auto home = own_cgroup(text_of("/proc/self/mountinfo"), text_of("/proc/self/cgroup"));
  if (!home || !is_cgroup2(*home)) {
    return refused("no control groups of version 2 are mounted");
  }
  const std::string path = *home + "/" + name;
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return refused(system_error(errno, "make the control group", path).message);
  }
  auto made = open(path, name);
  if (!made) {
    ::rmdir(path.c_str());
    return refused(fmt::format("the control group {} cannot be joined, or not killed", path));
  }
  return std::move(*made);
}

std::optional<Cgroup> Cgroup::open(const std::string& path, const std::string& name) {
  if (!path.starts_with('/') || !path.ends_with("/" + name) || !is_cgroup2(path)) {
    return std::nullopt;
  }
  Fd procs(::open((path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  Fd killer(::open((path + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
  if (!procs.valid() || !killer.valid()) {
    return std::nullopt;
  }
  return Cgroup(path, std::move(procs), std::move(killer));
}

Cgroup::~Cgroup() {
  if (killer_.valid()) {
    ::rmdir(path_.c_str());
  }
}

std::string Cgroup::limit(std::int64_t memory_bytes, std::int64_t processes) const {
  std::string lacks;
  const auto set = [&](std::int64_t most, const char* file, const char* what) {
    if (most > 0 && !put(path_ + "/" + file, std::to_string(most))) {
      lacks += lacks.empty() ? what : fmt::format(", {}", what);
    }
  };
  set(memory_bytes, "memory.max", "a limit of memory over all processes");
  set(processes, "pids.max", "a limit of processes that root cannot pass");
  return lacks;
}

std::vector<pid_t> Cgroup::members() const {
  std::vector<pid_t> result;
  const std::string text = text_of(path_ + "/cgroup.procs");
  for (std::string_view rest = text; !rest.empty();) {
    if (const int pid = std::atoi(std::string(next_line(rest)).c_str()); pid > 0) {
      result.push_back(pid);
    }
  }
  return result;
}

void Cgroup::kill() const {
  for (int round = 0; round < 2000; ++round) {
    [[maybe_unused]] const auto sent = ::pwrite(killer_.get(), "1", 1, 0);
    if (text_of(path_ + "/cgroup.events").find("populated 1") == std::string::npos) {
      return;
    }
    const timespec pause{0, 5'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

std::string cgroup_name(const std::string& marker) {
  return fmt::format("runner-{:x}", limit_of(marker));
}

}  // namespace runner::process
