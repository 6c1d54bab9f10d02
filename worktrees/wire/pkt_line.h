#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "jobs/base/result.h"

/// What git says over the wire, protocol version 2 (gitprotocol-v2, gitprotocol-common): bytes in,
/// values out. No socket, no file, no repository belongs here.
namespace worktrees::wire {

/// Appends a line, with its length in front. `line` has at most 65,516 bytes.
void put_line(std::string& out, std::string_view line);
void put_delimiter(std::string& out);
void put_flush(std::string& out);

struct Packet {
  enum class Kind : std::uint8_t { line, flush, delimiter, response_end };
  Kind kind = Kind::line;
  std::string_view bytes;  ///< of a line, as sent; valid during the call
};

/// Takes bytes as they come and hands on whole packets. Holds at most one packet.
class PacketReader {
 public:
  using Sink = std::function<jobs::Status(const Packet&)>;

  explicit PacketReader(Sink sink) : sink_(std::move(sink)) {}
  /// transient: this is not what a git server says; or the sink's own error. Nothing may be fed
  /// after an error.
  [[nodiscard]] jobs::Status feed(std::string_view bytes);
  /// transient: the last packet is not whole.
  [[nodiscard]] jobs::Status end() const;

 private:
  Sink sink_;
  std::string pending_;
};

/// The text of a line without its line break.
[[nodiscard]] std::string_view without_break(std::string_view line);
/// The error that a server's "ERR ..." line says; nothing for any other line.
[[nodiscard]] jobs::Status refuse_error_line(std::string_view line);

}  // namespace worktrees::wire
