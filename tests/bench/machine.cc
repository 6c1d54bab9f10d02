#include "tests/bench/machine.h"

#include <sys/utsname.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "tests/bench/timing.h"

namespace bench {

namespace {

/// Numbers of linux/magic.h; that of ext4 is also that of its forebears.
std::string file_system_of(const std::string& folder) {
  struct statfs info{};
  if (::statfs(folder.c_str(), &info) != 0) {
    return "an unknown file system";
  }
  switch (static_cast<unsigned long>(info.f_type)) {
    case 0xEF53: return "ext4";
    case 0x01021994: return "tmpfs";
    case 0x9123683E: return "btrfs";
    case 0x58465342: return "xfs";
    case 0x794C7630: return "overlayfs";
    default: return fmt::format("a file system of type {:x}", info.f_type);
  }
}

}  // namespace

std::string machine(const std::string& folder) {
  utsname system{};
  (void)::uname(&system);
  const std::string release = system.release;
  double load = 0;
  (void)::getloadavg(&load, 1);
  return fmt::format("{} cores, {}, Linux {}, {}; load before: {:.1f}",
                     std::max(1U, std::thread::hardware_concurrency()), file_system_of(folder),
                     release.substr(0, release.find('.', release.find('.') + 1)),
                     output_of({"git", "--version"}), load);
}

}  // namespace bench
