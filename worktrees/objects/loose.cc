#include "worktrees/objects/loose.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include <git2.h>

#include "worktrees/beneath.h"
#include "worktrees/git_error.h"

namespace worktrees::objects {

namespace {

constexpr std::size_t kLongestHeader = 32;
constexpr std::size_t kUsual = std::size_t{64} << 10;

/// "blob 12\0"
struct Header {
  git_object_t type = GIT_OBJECT_INVALID;
  std::size_t length = 0;  ///< its own, with the NUL
  std::size_t size = 0;    ///< of the content
};

std::optional<Header> header_of(std::string_view begin) {
  const std::string_view text = begin.substr(0, kLongestHeader);
  const std::size_t space = text.find(' ');
  const std::size_t end = text.find('\0');
  if (space == std::string_view::npos || end == std::string_view::npos || space > end) {
    return std::nullopt;
  }
  Header header{.type = git_object_string2type(std::string(text.substr(0, space)).c_str()),
                .length = end + 1};
  const char* last = text.data() + end;
  const auto [stop, error] = std::from_chars(text.data() + space + 1, last, header.size);
  if (error != std::errc() || stop != last || header.type == GIT_OBJECT_INVALID) {
    return std::nullopt;
  }
  return header;
}

ObjectPtr object_of(const Header& header, std::unique_ptr<char[]> bytes, std::size_t skipped) {
  return std::make_shared<Object>(Object{
      .type = header.type, .bytes = std::move(bytes), .skipped = skipped, .size = header.size});
}

}  // namespace

LooseReader::LooseReader(const std::string& folder, std::size_t largest)
    : folder_(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), largest_(largest) {}

/// Empty if it cannot be read, or is too long.
std::string_view LooseReader::content_of(int file) {
  struct stat info{};
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode) ||
      std::cmp_greater(info.st_size, longest_stream(largest_))) {
    return {};
  }
  in_.resize(static_cast<std::size_t>(info.st_size));
  return read_all(file, in_.data(), in_.size()) ? in_ : std::string_view();
}

ObjectPtr LooseReader::read(const git_oid& id) {
  const std::string hex = to_hex(id);
  const std::string path = hex.substr(0, 2) + "/" + hex.substr(2);
  const Fd file(folder_.ok() ? open_beneath(folder_.get(), path.c_str(), O_RDONLY | O_NONBLOCK)
                             : -1);
  const std::string_view in = file.ok() ? content_of(file.get()) : std::string_view();
  if (in.empty()) {
    return nullptr;
  }
  if (out_ == nullptr) {
    out_ = std::make_unique_for_overwrite<char[]>(kUsual);
  }
  if (const auto size = inflater_.whole(in, out_.get(), kUsual)) {
    const std::string_view all(out_.get(), *size);
    const auto header = header_of(all);
    if (!header || header->size != all.size() - header->length || header->size > largest_) {
      return nullptr;
    }
    auto bytes = std::make_unique_for_overwrite<char[]>(header->size);
    std::memcpy(bytes.get(), all.data() + header->length, header->size);
    return object_of(*header, std::move(bytes), 0);
  }
  // Larger than usual, or damaged.
  char begin[kLongestHeader];
  const auto header = header_of({begin, inflater_.begin_of(in, begin, sizeof begin)});
  if (!header || header->size > largest_) {
    return nullptr;
  }
  const std::size_t all = header->length + header->size;
  auto bytes = std::make_unique_for_overwrite<char[]>(all);
  if (inflater_.inflate(in, bytes.get(), all) != Inflater::Outcome::done) {
    return nullptr;
  }
  return object_of(*header, std::move(bytes), header->length);
}

}  // namespace worktrees::objects
