#include "tests/prove/power/disk.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fmt/format.h>

namespace prove::power {

namespace {

constexpr const char* kMakeFileSystem = "/usr/sbin/mkfs.ext4";
constexpr const char* kLoopControl = "/dev/loop-control";
constexpr off_t kBytes = off_t{48} << 20U;
// EXT4_IOC_SHUTDOWN of linux/ext4.h, which not every kernel's headers carry.
constexpr unsigned long kShutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t kNoLogFlush = 2;

[[noreturn]] void give_up(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

void run(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  pid_t child = 0;
  int status = 0;
  if (::posix_spawn(&child, argv[0], nullptr, nullptr, argv.data(), environ) != 0 ||
      ::waitpid(child, &status, 0) != child || status != 0) {
    throw std::runtime_error(words.front() + " failed");
  }
}

}  // namespace

std::string Disk::missing() {
  if (::geteuid() != 0) {
    return "only root may mount a file system of its own";
  }
  if (::access(kMakeFileSystem, X_OK) != 0) {
    return "there is no mkfs.ext4 (package e2fsprogs)";
  }
  const int control = ::open(kLoopControl, O_RDWR | O_CLOEXEC);
  if (control < 0) {
    return std::string("no loop devices: ") + std::strerror(errno);
  }
  const int number = ::ioctl(control, LOOP_CTL_GET_FREE);
  ::close(control);
  if (number < 0 || ::access(fmt::format("/dev/loop{}", number).c_str(), R_OK | W_OK) != 0) {
    return "no free loop device";
  }
  return "";
}

void Disk::keep_mounts_to_ourselves() {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    give_up("cannot have mounts of our own");
  }
}

Disk::Disk(const std::string& folder) : image_(folder + "/image"), point_(folder + "/mounted") {
  std::filesystem::create_directories(point_);
  const int image = ::open(image_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (image < 0 || ::ftruncate(image, kBytes) != 0) {
    give_up("cannot make " + image_);
  }
  ::close(image);
  run({kMakeFileSystem, "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image_});
  attach();
}

Disk::~Disk() {
  if (mounted_) {
    // Nothing that somebody else mounted: this very mount point.
    (void)::umount2(point_.c_str(), MNT_DETACH);
  }
  detach();
}

void Disk::attach() {
  for (int tries = 0; tries < 50; ++tries) {
    const int control = ::open(kLoopControl, O_RDWR | O_CLOEXEC);
    const int number = control < 0 ? -1 : ::ioctl(control, LOOP_CTL_GET_FREE);
    ::close(control);
    device_ = fmt::format("/dev/loop{}", number);
    const int image = ::open(image_.c_str(), O_RDWR | O_CLOEXEC);
    loop_ = ::open(device_.c_str(), O_RDWR | O_CLOEXEC);
    const bool bound = image >= 0 && loop_ >= 0 && ::ioctl(loop_, LOOP_SET_FD, image) == 0;
    ::close(image);
    if (bound) {
      return;
    }
    ::close(loop_);
    loop_ = -1;
    // Somebody else took it at the same moment.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  give_up("cannot bind a loop device to " + image_);
}

void Disk::detach() {
  if (loop_ >= 0) {
    (void)::ioctl(loop_, LOOP_CLR_FD, 0);
    ::close(loop_);
    loop_ = -1;
  }
}

void Disk::mount() {
  if (::mount(device_.c_str(), point_.c_str(), "ext4", MS_NOATIME, "") != 0) {
    give_up("cannot mount " + device_);
  }
  mounted_ = true;
}

void Disk::cut_power() const {
  const int root = ::open(point_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::uint32_t how = kNoLogFlush;
  if (root < 0 || ::ioctl(root, kShutdown, &how) != 0) {
    const int code = errno;
    ::close(root);
    errno = code;
    give_up("cannot shut the file system down");
  }
  ::close(root);
}

void Disk::unmount() {
  for (int tries = 0; tries < 200; ++tries) {
    if (::umount2(point_.c_str(), 0) == 0) {
      mounted_ = false;
      return;
    }
    if (errno != EBUSY) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  give_up("cannot unmount " + point_);
}

}  // namespace prove::power
