#include "tests/prove/frame/memory.h"

#include <sched.h>
#include <sys/mount.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

namespace prove {

namespace {

constexpr std::uint64_t kLeast = std::uint64_t{4} << 20U;  ///< KiB that have to be there

/// KiB that can be had without swapping; 0 if the kernel does not say.
std::uint64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::uint64_t value = 0;
  std::string unit;
  while (file >> name >> value >> unit) {
    if (name == "MemAvailable:") {
      return value;
    }
  }
  return 0;
}

}  // namespace

bool work_in_memory(const std::string& folder) {
  const std::uint64_t available = available_memory();
  if (available < 2 * kLeast || ::unshare(CLONE_NEWNS) != 0) {
    return false;
  }
  const std::string options = fmt::format("mode=700,size={}k", available / 2);
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    return false;
  }
  // If there is nothing to cover, there is nothing to read.
  (void)::mount("none", "/etc/ssl/certs", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k");
  ::setenv("TMPDIR", folder.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): no threads yet
  return true;
}

void leave_memory(const std::string& folder) {
  (void)::umount2(folder.c_str(), MNT_DETACH);
}

}  // namespace prove
