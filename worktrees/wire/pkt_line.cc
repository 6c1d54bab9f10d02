#include "worktrees/wire/pkt_line.h"

#include <charconv>
#include <optional>

#include <fmt/core.h>

#include "jobs/base/text.h"

namespace worktrees::wire {
namespace {

using jobs::ErrorKind;

constexpr std::size_t kHead = 4;
constexpr std::size_t kMostPacket = 65520;

/// The four hexadecimal digits in front of every packet: its length with them.
std::optional<std::size_t> length_of(std::string_view head) {
  std::size_t length = 0;
  const auto parsed = std::from_chars(head.data(), head.data() + kHead, length, 16);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == head.data() + kHead;
  return whole && length != 3 && length <= kMostPacket ? std::optional(length) : std::nullopt;
}

}  // namespace

void put_line(std::string& out, std::string_view line) {
  out += fmt::format("{:04x}", line.size() + kHead);
  out += line;
}

void put_delimiter(std::string& out) {
  out += "0001";
}

void put_flush(std::string& out) {
  out += "0000";
}

jobs::Status PacketReader::feed(std::string_view bytes) {
  // What is whole is handed on from where it lies; only the rest is kept.
  const bool kept = !pending_.empty();
  if (kept) {
    pending_ += bytes;
    bytes = pending_;
  }
  while (bytes.size() >= kHead) {
    const auto length = length_of(bytes);
    if (!length) {
      return jobs::fail(
          ErrorKind::transient,
          fmt::format("'{}' is no length of a packet: the answer is not a git server's",
                      jobs::one_line(bytes.substr(0, kHead), 12)));
    }
    if (*length < kHead) {
      constexpr Packet::Kind kKinds[] = {Packet::Kind::flush, Packet::Kind::delimiter,
                                         Packet::Kind::response_end};
      RUNNER_TRY(sink_({.kind = kKinds[*length], .bytes = {}}));
      bytes.remove_prefix(kHead);
      continue;
    }
    if (bytes.size() < *length) {
      break;
    }
    RUNNER_TRY(sink_({.kind = Packet::Kind::line, .bytes = bytes.substr(kHead, *length - kHead)}));
    bytes.remove_prefix(*length);
  }
  if (!kept) {
    pending_ = bytes;
  } else {
    pending_.erase(0, pending_.size() - bytes.size());
  }
  return jobs::ok();
}

jobs::Status PacketReader::end() const {
  if (!pending_.empty()) {
    return jobs::fail(ErrorKind::transient, "the answer ends in the middle of a packet");
  }
  return jobs::ok();
}

std::string_view without_break(std::string_view line) {
  return line.ends_with('\n') ? line.substr(0, line.size() - 1) : line;
}

jobs::Status refuse_error_line(std::string_view line) {
  if (line.starts_with("ERR ")) {
    return jobs::fail(ErrorKind::transient,
                      fmt::format("the server says: {}", jobs::one_line(line.substr(4), 300)));
  }
  return jobs::ok();
}

}  // namespace worktrees::wire
