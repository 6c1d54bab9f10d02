#include "worktrees/objects/pack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "worktrees/big_endian.h"

namespace worktrees::objects {

namespace {

// gitformat-pack(5), "Version 2 pack-*.idx files".
constexpr std::string_view kIndexMagic("\377tOc\0\0\0\2", 8);
constexpr std::size_t kFanOut = 8;
constexpr std::size_t kNames = kFanOut + 256 * 4;
constexpr std::size_t kDigests = 2 * GIT_OID_RAWSZ;  // of the pack and of the index itself
constexpr std::uint64_t kPackHeader = 12;
constexpr std::uint32_t kLarge = 0x8000'0000U;

jobs::Error damaged(const std::string& path, std::string_view what) {
  return jobs::fail(jobs::ErrorKind::corrupt, fmt::format("{} is damaged: {}", path, what),
                    "move the mirror away: it is made anew from the remote");
}

}  // namespace

std::uint32_t Pack::at(std::size_t place) const {
  return number_at(index_.bytes().data() + place);
}

git_oid Pack::id(std::uint32_t number) const {
  git_oid id{};
  std::memcpy(id.id, index_.bytes().data() + kNames + std::size_t{number} * GIT_OID_RAWSZ,
              GIT_OID_RAWSZ);
  return id;
}

std::optional<std::uint64_t> Pack::offset(std::uint32_t number) const {
  const std::size_t offsets = kNames + std::size_t{count_} * (GIT_OID_RAWSZ + 4);
  const std::uint32_t offset = at(offsets + std::size_t{number} * 4);
  if ((offset & kLarge) == 0) {
    return offset;
  }
  const std::size_t place = offsets + std::size_t{count_} * 4 + std::size_t{offset & ~kLarge} * 8;
  if (place + 8 > index_.bytes().size() - kDigests) {
    return std::nullopt;
  }
  return std::uint64_t{at(place)} << 32U | at(place + 4);
}

jobs::Result<Pack> Pack::open(const std::string& index) {
  RUNNER_ASSIGN(Mapping mapping, Mapping::open(index));
  const std::string_view bytes = mapping.bytes();
  if (bytes.size() < kNames + kDigests || !bytes.starts_with(kIndexMagic)) {
    return damaged(index, "it is no index of a pack in version 2");
  }
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < 256; ++i) {
    const std::uint32_t up_to = number_at(bytes.data() + kFanOut + i * 4);
    if (up_to < count) {
      return damaged(index, "its counts are not in order");
    }
    count = up_to;
  }
  const std::uint64_t least = kNames + std::uint64_t{count} * (GIT_OID_RAWSZ + 4 + 4) + kDigests;
  if (bytes.size() < least || (bytes.size() - least) % 8 != 0) {
    return damaged(index, "its length does not fit its counts");
  }
  const std::string path = index.substr(0, index.size() - std::strlen(".idx")) + ".pack";
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  char header[kPackHeader] = {};
  if (!file.ok() || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return jobs::fail(errno == ENOENT ? jobs::ErrorKind::not_found : jobs::ErrorKind::transient,
                      fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < kPackHeader + GIT_OID_RAWSZ ||
      ::pread(file.get(), header, sizeof header, 0) != ssize_t{sizeof header} ||
      std::string_view(header, 4) != "PACK" || number_at(header + 8) != count) {
    return damaged(path, "it is not the pack of its index");
  }
  return Pack(std::move(mapping), std::move(file), path, count, size - GIT_OID_RAWSZ);
}

std::optional<std::uint64_t> Pack::find(const git_oid& id) const {
  const unsigned first = id.id[0];
  std::uint32_t low = first == 0 ? 0 : at(kFanOut + (std::size_t{first} - 1) * 4);
  std::uint32_t high = at(kFanOut + std::size_t{first} * 4);
  const char* names = index_.bytes().data() + kNames;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const int order =
        std::memcmp(names + std::size_t{middle} * GIT_OID_RAWSZ, id.id, GIT_OID_RAWSZ);
    if (order == 0) {
      return offset(middle);
    }
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return std::nullopt;
}

}  // namespace worktrees::objects
