// Which file systems the state may lie on.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "runner/store/files.h"

namespace runner::store {

namespace {

/// Type of the mount with this device number, from /proc/self/mountinfo: "fuse.sshfs" where statfs
/// only says FUSE.
std::string mounted_type(const std::string& folder) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) {
    return "";
  }
  const std::string device = fmt::format("{}:{}", major(info.st_dev), minor(info.st_dev));
  std::ifstream mounts("/proc/self/mountinfo");
  std::string line;
  while (std::getline(mounts, line)) {
    std::istringstream fields(line);
    std::string id;
    std::string parent;
    std::string numbers;
    fields >> id >> parent >> numbers;
    const std::size_t separator = line.find(" - ");
    if (numbers == device && separator != std::string::npos) {
      const std::size_t begin = separator + 3;
      return line.substr(begin, line.find(' ', begin) - begin);
    }
  }
  return "";
}

struct Magic {
  std::uint32_t number;
  std::string_view name;
};
constexpr std::array<Magic, 12> kNetwork{{{0x6969, "nfs"},
                                          {0x517B, "smb"},
                                          {0xFE534D42, "smb2"},
                                          {0xFF534D42, "cifs"},
                                          {0x5346414F, "afs"},
                                          {0x00C36400, "ceph"},
                                          {0x73757245, "coda"},
                                          {0x01021997, "9p"},
                                          {0x0BD00BD0, "lustre"},
                                          {0x564C, "ncp"},
                                          {0x19830326, "fhgfs"},
                                          {0x47504653, "gpfs"}}};
constexpr std::uint32_t kFuse = 0x65735546;
/// FUSE that serves a disk of this very machine.
constexpr std::array<std::string_view, 2> kLocalFuse{"fuseblk", "fuse.fuse-overlayfs"};

}  // namespace

std::string file_system_of(const std::string& folder) {
  struct statfs info{};
  if (::statfs(folder.c_str(), &info) != 0) {
    return "";
  }
  const auto number = static_cast<std::uint32_t>(info.f_type);
  for (const Magic& magic : kNetwork) {
    if (magic.number == number) {
      return std::string(magic.name);
    }
  }
  const std::string mounted = mounted_type(folder);
  return mounted.empty() && number == kFuse ? "fuse" : mounted;
}

jobs::Status refuse_network(const std::string& folder,
                            const std::function<std::string(const std::string&)>& type_of) {
  const std::string type = type_of ? type_of(folder) : file_system_of(folder);
  const bool named = std::any_of(kNetwork.begin(), kNetwork.end(),
                                 [&](const Magic& magic) { return magic.name == type; });
  const bool fuse = type == "fuse" || type.starts_with("fuse.") || type == "virtiofs";
  const bool local_fuse = std::find(kLocalFuse.begin(), kLocalFuse.end(), type) != kLocalFuse.end();
  if (named || (fuse && !local_fuse)) {
    return jobs::fail(jobs::ErrorKind::denied,
                      fmt::format("the state folder {} lies on a network file system ({}), where "
                                  "locks and syncs cannot be trusted",
                                  folder, type),
                      "put the state on a local disk or a ReadWriteOnce volume; worktrees and "
                      "turns may stay where they are");
  }
  return jobs::ok();
}

}  // namespace runner::store
