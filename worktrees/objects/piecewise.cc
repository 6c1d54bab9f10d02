#include "worktrees/objects/piecewise.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace worktrees::objects {

namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;

}  // namespace

Piecewise::Piecewise(int file, std::uint64_t from, std::uint64_t end)
    : file_(file), at_(from), end_(end), in_(kPiece), out_(kPiece) {
  started_ = ::inflateInit(&stream_) == Z_OK;
}

Piecewise::~Piecewise() {
  if (started_) {
    ::inflateEnd(&stream_);
  }
}

bool Piecewise::read_on() {
  const auto wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(in_.size(), end_ - std::min(at_, end_)));
  ssize_t count = 0;
  do {
    count = ::pread(file_, in_.data(), wanted, static_cast<off_t>(at_));
  } while (count < 0 && errno == EINTR);
  if (count <= 0) {
    return false;
  }
  at_ += static_cast<std::uint64_t>(count);
  stream_.next_in = in_.data();
  stream_.avail_in = static_cast<uInt>(count);
  return true;
}

jobs::Result<std::string_view> Piecewise::next() {
  stream_.next_out = out_.data();
  stream_.avail_out = static_cast<uInt>(out_.size());
  while (started_ && !ended_ && stream_.avail_out == out_.size()) {
    if (stream_.avail_in == 0 && !read_on()) {
      break;
    }
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    ended_ = code == Z_STREAM_END;
    if (code != Z_OK && !ended_) {
      break;
    }
  }
  const std::size_t count = out_.size() - stream_.avail_out;
  if (count == 0 && !ended_) {
    return jobs::fail(jobs::ErrorKind::corrupt, "the file is cut short or damaged");
  }
  return std::string_view(reinterpret_cast<const char*>(out_.data()), count);
}

}  // namespace worktrees::objects
