#include "worktrees/sibling.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <openssl/evp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/core.h>

#include "worktrees/beneath.h"
#include "worktrees/directory.h"
#include "worktrees/list_match.h"

namespace worktrees {

namespace {

constexpr std::uint32_t kLargest = std::uint32_t{4} << 20;  // in memory for each thread
constexpr std::uint32_t kWorthSharing = std::uint32_t{16} << 10;

bool is_plain(std::uint32_t mode) {
  return mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

}  // namespace

Sibling::Sibling(const std::string& folder, const KnownFiles& known, const TreeList& list)
    : list_(list), root_(open_folder(folder)), sizes_(list.files.size(), kNone) {
  if (!root_.ok() || known.stats.size() != known.list.files.size()) {
    return;
  }
  const ListMatch match = match_lists(list, known.list);
  for (std::size_t i = 0; i < sizes_.size(); ++i) {
    if (match.known[i] != kUnknown && is_plain(list.files[i].mode) &&
        known.stats[match.known[i]].size <= kLargest) {
      sizes_[i] = known.stats[match.known[i]].size;
    }
  }
}

Sibling::Reader::Reader(const Sibling& sibling) : sibling_(sibling), digest_(EVP_MD_CTX_new()) {
  if (digest_ != nullptr && EVP_DigestInit_ex(digest_, EVP_sha1(), nullptr) != 1) {
    EVP_MD_CTX_free(digest_);
    digest_ = nullptr;
  }
}

Sibling::Reader::~Reader() {
  EVP_MD_CTX_free(digest_);
}

/// gitformat-loose(5): the digest is of "blob <size>", a NUL and the content.
bool Sibling::Reader::is_blob(const git_oid& id, std::string_view content) {
  const std::string header = fmt::format("blob {}", content.size());
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  return EVP_DigestInit_ex(digest_, nullptr, nullptr) == 1 &&
         EVP_DigestUpdate(digest_, header.c_str(), header.size() + 1) == 1 &&
         EVP_DigestUpdate(digest_, content.data(), content.size()) == 1 &&
         EVP_DigestFinal_ex(digest_, sum.data(), &size) == 1 && size == GIT_OID_RAWSZ &&
         std::memcmp(sum.data(), id.id, GIT_OID_RAWSZ) == 0;
}

Fd Sibling::Reader::open(std::size_t file) const {
  // O_NONBLOCK: a pipe, or a lease that somebody holds, must not make us wait.
  Fd from(open_beneath(sibling_.root_.get(), sibling_.list_.path(sibling_.list_.files[file]).data(),
                       O_RDONLY | O_NONBLOCK));
  struct stat info{};
  if (!from.ok() || ::fstat(from.get(), &info) != 0 || !S_ISREG(info.st_mode) ||
      static_cast<std::size_t>(info.st_size) != sibling_.sizes_[file]) {
    return Fd();
  }
  return from;
}

std::optional<std::string_view> Sibling::Reader::read(std::size_t file) {
  if (!sibling_.may_have(file) || digest_ == nullptr) {
    return std::nullopt;
  }
  const Fd from = open(file);
  content_.resize(sibling_.sizes_[file]);
  if (!from.ok() || !read_all(from.get(), content_.data(), content_.size()) ||
      !is_blob(sibling_.list_.files[file].id, content_)) {
    return std::nullopt;
  }
  return content_;
}

bool Sibling::Reader::may_share(std::size_t file) const {
  return shares_ && digest_ != nullptr && sibling_.may_have(file) &&
         sibling_.sizes_[file] >= kWorthSharing;
}

bool Sibling::Reader::share(std::size_t file, int to) {
  const Fd from = open(file);
  if (!from.ok()) {
    return false;
  }
  if (::ioctl(to, FICLONE, from.get()) != 0) {
    // Not of this file system, or not between these two; only a busy file says more than that.
    shares_ = errno == ETXTBSY || errno == EAGAIN || errno == EINTR;
    return false;
  }
  // Whoever works there may have changed it until now; what is shared stays as it is.
  struct stat info{};
  content_.resize(sibling_.sizes_[file]);
  return ::fstat(to, &info) == 0 && static_cast<std::size_t>(info.st_size) == content_.size() &&
         read_all(to, content_.data(), content_.size()) &&
         is_blob(sibling_.list_.files[file].id, content_);
}

}  // namespace worktrees
