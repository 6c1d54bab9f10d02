#include "worktrees/index_file.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "worktrees/big_endian.h"

namespace worktrees {

namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10;
constexpr std::size_t kLongestCounted = 0xFFF;
constexpr std::uint32_t kExtended = 0x4000;
constexpr std::uint32_t kSkipWorktree = 0x4000;  // among the extended flags

void put16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value >> 8U & 0xFFU);
  out += static_cast<char>(value & 0xFFU);
}

void put_id(std::string& out, const git_oid& id) {
  out.append(reinterpret_cast<const char*>(id.id), GIT_OID_RAWSZ);
}

/// An entry's length is a multiple of eight, counted from its own begin.
void put_entry(std::string& out, const TreeList& list, const TreeList::File& file,
               const FileStat& stat, bool written) {
  const std::size_t begin = out.size();
  put32(out, stat.changed_s, stat.changed_ns, stat.modified_s, stat.modified_ns, stat.device,
        stat.inode, file.mode, stat.user, stat.group, stat.size);
  put_id(out, file.id);
  const std::string_view path = list.path(file);
  const auto length = static_cast<std::uint32_t>(std::min(path.size(), kLongestCounted));
  put16(out, written ? length : length | kExtended);
  if (!written) {
    put16(out, kSkipWorktree);
  }
  out += path;
  // One NUL at least, and eight bytes are the measure.
  out.append(8 - (out.size() - begin) % 8, '\0');
}

/// "Cache tree": what `git status` and `git commit` need not compute.
std::string cache_tree(const TreeList& list) {
  std::string out;
  for (const TreeList::Directory& directory : list.directories) {
    out += list.name(directory);
    out += '\0';
    out += fmt::format("{} {}\n", directory.files, directory.directories);
    put_id(out, directory.id);
  }
  return out;
}

}  // namespace

jobs::Status index_of(const TreeList& list, const std::vector<FileStat>& stats,
                      const std::function<jobs::Status(std::string_view)>& sink,
                      const std::vector<bool>& written) {
  const std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> digest(EVP_MD_CTX_new());
  if (digest == nullptr || EVP_DigestInit_ex(digest.get(), EVP_sha1(), nullptr) != 1) {
    return jobs::fail(jobs::ErrorKind::transient, "no memory for a digest");
  }
  std::string piece;
  piece.reserve(kPiece + PATH_MAX);
  const auto flush = [&] {
    (void)EVP_DigestUpdate(digest.get(), piece.data(), piece.size());
    const jobs::Status put = sink(piece);
    piece.clear();
    return put;
  };
  piece += "DIRC";
  put32(piece, std::uint32_t{stats.size() == list.files.size() ? 2U : 3U});
  put32(piece, static_cast<std::uint32_t>(list.files.size()));
  std::size_t next = 0;
  for (std::size_t i = 0; i < list.files.size(); ++i) {
    const bool there = written.empty() || written[i];
    put_entry(piece, list, list.files[i], there ? stats[next++] : FileStat{}, there);
    if (piece.size() > kPiece) {
      RUNNER_TRY(flush());
    }
  }
  const std::string trees = cache_tree(list);
  piece += "TREE";
  put32(piece, static_cast<std::uint32_t>(trees.size()));
  piece += trees;
  RUNNER_TRY(flush());
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  (void)EVP_DigestFinal_ex(digest.get(), sum.data(), &size);
  return sink(std::string_view(reinterpret_cast<const char*>(sum.data()), size));
}

}  // namespace worktrees
