#include "worktrees/known_files.h"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "worktrees/big_endian.h"
#include "worktrees/objects/mapping.h"
#include "worktrees/workers.h"

namespace worktrees {

namespace {

constexpr std::size_t kLargestIndex = std::size_t{32} << 20;
constexpr std::size_t kHeader = 12;
constexpr std::size_t kFixedEntry = 62;  // stat, id, flags
constexpr std::size_t kFlagsAt = 60;
constexpr std::size_t kMostPaths = 3 * kLargestIndex;

bool digest_fits(std::string_view index) {
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const std::size_t length = index.size() - GIT_OID_RAWSZ;
  return EVP_Digest(index.data(), length, sum, &size, EVP_sha1(), nullptr) == 1 &&
         std::memcmp(sum, index.data() + length, GIT_OID_RAWSZ) == 0;
}

jobs::Status fine_if(bool right) {
  return right ? jobs::ok() : jobs::Status(jobs::fail(jobs::ErrorKind::corrupt, "damaged"));
}

/// Reads an index piece by piece; every take_... is false at damage.
class Parser {
 public:
  explicit Parser(std::string_view bytes) : rest_(bytes) {}

  bool take_entries() {
    if (rest_.size() < kHeader || rest_.substr(0, 4) != "DIRC" ||
        (number_at(rest_.data() + 4) != 2 && number_at(rest_.data() + 4) != 3)) {
      return false;
    }
    const std::uint32_t count = number_at(rest_.data() + 8);
    rest_.remove_prefix(kHeader);
    if (count > rest_.size() / kFixedEntry) {
      return false;
    }
    out_.list.files.reserve(count);
    out_.stats.reserve(count);
    out_.written.reserve(count);
    out_.list.paths.reserve(rest_.size() - std::min(rest_.size(), count * kFixedEntry));
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!take_entry()) {
        return false;
      }
    }
    return true;
  }

  bool take_trees() {
    if (rest_.size() < 8 || rest_.substr(0, 4) != "TREE") {
      return false;
    }
    const std::size_t size = number_at(rest_.data() + 4);
    rest_.remove_prefix(8);
    if (size != rest_.size()) {
      return false;
    }
    std::string path;
    std::size_t file = 0;
    return take_directory(path, 0, 0, file) && rest_.empty() && file == out_.list.files.size();
  }

  KnownFiles take() { return std::move(out_); }

 private:
  bool take_entry() {
    if (rest_.size() < kFixedEntry + 1) {
      return false;
    }
    out_.stats.push_back({.changed_s = number_at(rest_.data()),
                          .changed_ns = number_at(rest_.data() + 4),
                          .modified_s = number_at(rest_.data() + 8),
                          .modified_ns = number_at(rest_.data() + 12),
                          .device = number_at(rest_.data() + 16),
                          .inode = number_at(rest_.data() + 20),
                          .user = number_at(rest_.data() + 28),
                          .group = number_at(rest_.data() + 32),
                          .size = number_at(rest_.data() + 36)});
    TreeList::File file{.mode = number_at(rest_.data() + 24)};
    std::memcpy(file.id.id, rest_.data() + 40, GIT_OID_RAWSZ);
    // Our only extended flag is the one that says "not on the disk".
    const bool written = (static_cast<unsigned char>(rest_[kFlagsAt]) & 0x40U) == 0;
    const std::size_t path_at = written ? kFixedEntry : kFixedEntry + 2;
    const std::size_t end = rest_.find('\0', path_at);
    if (end == std::string_view::npos || end == path_at || end / 8 * 8 + 8 > rest_.size()) {
      return false;
    }
    const std::string_view path = rest_.substr(path_at, end - path_at);
    out_.written.push_back(written);
    if (!out_.list.files.empty() && out_.list.path(out_.list.files.back()) >= path) {
      return false;
    }
    file.path_at = out_.list.keep_path(path);
    file.path_size = static_cast<std::uint32_t>(path.size());
    out_.list.files.push_back(file);
    rest_.remove_prefix(end / 8 * 8 + 8);
    return true;
  }

  std::optional<std::uint32_t> take_count(char until) {
    std::uint32_t value = 0;
    const auto [stop, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    const auto length = static_cast<std::size_t>(stop - rest_.data());
    if (error != std::errc() || length >= rest_.size() || *stop != until) {
      return std::nullopt;
    }
    rest_.remove_prefix(length + 1);
    return value;
  }

  /// `path` is that of the directory it is in; `file` the first file in it.
  bool take_directory(std::string& path, std::uint32_t parent, int depth, std::size_t& file) {
    const std::size_t name = rest_.find('\0');
    if (name == std::string_view::npos || (depth > 0) != (name > 0) ||
        (depth > 0 && !is_plain(rest_.substr(0, name))) || depth > kDeepestTree ||
        out_.list.paths.size() > kMostPaths) {
      return false;
    }
    const std::size_t length = path.size();
    path += path.empty() ? "" : "/";
    path += rest_.substr(0, name);
    rest_.remove_prefix(name + 1);
    const auto files = take_count(' ');
    const auto directories = take_count('\n');
    if (!files || !directories || rest_.size() < GIT_OID_RAWSZ ||
        *files > out_.list.files.size() - file) {
      return false;
    }
    const auto here = static_cast<std::uint32_t>(out_.list.directories.size());
    TreeList::Directory directory{.parent = parent,
                                  .path_at = out_.list.keep_path(path),
                                  .path_size = static_cast<std::uint32_t>(path.size()),
                                  .name_size = static_cast<std::uint32_t>(name),
                                  .files = *files,
                                  .directories = *directories};
    std::memcpy(directory.id.id, rest_.data(), GIT_OID_RAWSZ);
    rest_.remove_prefix(GIT_OID_RAWSZ);
    out_.list.directories.push_back(directory);
    const std::size_t end = file + *files;
    std::uint32_t left = *directories;
    // Files of its own and directories stand among one another, in the order of their paths.
    while (file < end || left > 0) {
      if (file < end && is_right_in(path, out_.list.path(out_.list.files[file]))) {
        out_.list.files[file++].directory = here;
      } else if (left-- == 0 || !take_directory(path, here, depth + 1, file)) {
        return false;
      }
    }
    path.resize(length);
    return file == end;
  }

  /// No tree that was ever listed has another name.
  static bool is_plain(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name != ".git" &&
           name.find('/') == std::string_view::npos;
  }

  static bool is_right_in(std::string_view directory, std::string_view path) {
    if (!directory.empty()) {
      if (!path.starts_with(directory) || path.size() <= directory.size() + 1 ||
          path[directory.size()] != '/') {
        return false;
      }
      path.remove_prefix(directory.size() + 1);
    }
    return is_plain(path);
  }

  std::string_view rest_;
  KnownFiles out_;
};

}  // namespace

KnownFiles parse_known_files(std::string_view bytes, bool at_once) {
  std::string_view index = bytes;
  FolderNotes notes = take_notes(index);
  if (index.size() < kHeader + GIT_OID_RAWSZ || index.size() > kLargestIndex) {
    return {};
  }
  Parser parser(index.substr(0, index.size() - GIT_OID_RAWSZ));
  const auto check = [&] { return fine_if(digest_fits(index)); };
  const auto parse = [&] { return fine_if(parser.take_entries() && parser.take_trees()); };
  const bool fine = at_once ? do_both(check, parse).has_value() : check() && parse();
  if (!fine) {
    return {};
  }
  KnownFiles known = parser.take();
  if (notes.directories.size() != known.list.directories.size()) {
    notes.directories.clear();
  }
  known.notes = std::move(notes);
  return known;
}

KnownFiles read_known_files(const std::string& path) {
  const auto mapping = objects::Mapping::open(path);
  struct stat info{};
  if (!mapping || ::lstat(path.c_str(), &info) != 0) {
    return {};
  }
  KnownFiles known = parse_known_files(mapping->bytes(), /*at_once=*/true);
  known.written_s = static_cast<std::uint32_t>(info.st_mtim.tv_sec);
  known.written_ns = static_cast<std::uint32_t>(info.st_mtim.tv_nsec);
  return known;
}

}  // namespace worktrees
