#include "worktrees/folder_notes.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <git2/oid.h>

#include "jobs/base/text.h"
#include "worktrees/big_endian.h"
#include "worktrees/safe_fs.h"

namespace worktrees {

namespace {

constexpr std::string_view kMark = "NOTE";
constexpr std::size_t kWord = 4;
constexpr std::size_t kDigest = GIT_OID_RAWSZ;
constexpr std::size_t kTail = kDigest + kWord + kMark.size();
constexpr std::size_t kLongestBoot = 64;

std::uint32_t take(std::string_view& bytes) {
  const std::uint32_t value = number_at(bytes.data());
  bytes.remove_prefix(kWord);
  return value;
}

std::array<std::uint32_t*, 9> numbers_of(FileStat& stat) {
  return {&stat.changed_s, &stat.changed_ns, &stat.modified_s, &stat.modified_ns, &stat.device,
          &stat.inode,     &stat.user,       &stat.group,      &stat.size};
}

/// Of the notes and of the digest that their index ends in.
std::optional<std::string> digest_of(std::string_view index, std::string_view body) {
  std::string text(index.substr(index.size() - std::min(index.size(), kDigest)));
  text += body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), sum.data(), &size, EVP_sha1(), nullptr) != 1) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(sum.data()), size);
}

}  // namespace

std::string this_boot() {
  const auto text = read_below("/proc/sys/kernel/random", "boot_id", 256);
  return text && *text ? std::string(jobs::trimmed(**text)).substr(0, kLongestBoot) : "";
}

std::string notes_behind(std::string_view index, const FolderNotes& notes) {
  std::string body;
  put32(body, static_cast<std::uint32_t>(notes.boot.size()));
  body += notes.boot;
  for (FileStat stat : notes.directories) {
    for (const std::uint32_t* number : numbers_of(stat)) {
      put32(body, *number);
    }
  }
  const auto digest = digest_of(index, body);
  if (!digest) {
    return {};
  }
  const std::size_t length = body.size();
  body += *digest;
  put32(body, static_cast<std::uint32_t>(length));
  body += kMark;
  return body;
}

FolderNotes take_notes(std::string_view& bytes) {
  FolderNotes notes;
  if (bytes.size() < kTail || !bytes.ends_with(kMark)) {
    return notes;
  }
  std::string_view tail = bytes.substr(bytes.size() - kMark.size() - kWord);
  const std::size_t length = take(tail);
  if (length < kWord || length > bytes.size() - kTail) {
    return notes;
  }
  const std::string_view index = bytes.substr(0, bytes.size() - kTail - length);
  std::string_view body = bytes.substr(index.size(), length);
  if (digest_of(index, body) != bytes.substr(index.size() + length, kDigest)) {
    return notes;
  }
  const std::size_t boot = take(body);
  constexpr std::size_t kStat = 9 * kWord;
  if (boot > kLongestBoot || boot > body.size() || (body.size() - boot) % kStat != 0) {
    return notes;
  }
  notes.boot = body.substr(0, boot);
  body.remove_prefix(boot);
  notes.directories.resize(body.size() / kStat);
  for (FileStat& stat : notes.directories) {
    for (std::uint32_t* number : numbers_of(stat)) {
      *number = take(body);
    }
  }
  bytes = index;
  return notes;
}

}  // namespace worktrees
