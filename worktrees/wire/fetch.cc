#include "worktrees/wire/fetch.h"

#include <fmt/core.h>

#include "jobs/base/text.h"

namespace worktrees::wire {
namespace {

using jobs::ErrorKind;

// Bands of the pack section (gitprotocol-pack, "Packfile Data").
constexpr char kData = 1;
constexpr char kProgress = 2;
constexpr char kFatal = 3;

jobs::Error strange(std::string_view what) {
  return jobs::fail(ErrorKind::transient,
                    fmt::format("the answer to a fetch is of another form: {}", what));
}

}  // namespace

std::string fetch_request(const std::vector<jobs::Oid>& wants,
                          const std::vector<jobs::Oid>& haves) {
  std::string body;
  put_line(body, "command=fetch\n");
  put_delimiter(body);
  for (const std::string_view word : {"thin-pack\n", "no-progress\n", "ofs-delta\n"}) {
    put_line(body, word);
  }
  for (const jobs::Oid& want : wants) {
    put_line(body, fmt::format("want {}\n", want.str()));
  }
  for (const jobs::Oid& have : haves) {
    put_line(body, fmt::format("have {}\n", have.str()));
  }
  put_line(body, "done\n");
  put_flush(body);
  return body;
}

FetchReader::FetchReader(PackSink pack)
    : pack_(std::move(pack)), packets_([this](const Packet& packet) { return take(packet); }) {}

jobs::Status FetchReader::take(const Packet& packet) {
  using Kind = Packet::Kind;
  switch (part_) {
    case Part::over: return strange("it goes on behind its end");
    case Part::section:
      if (packet.kind != Kind::line) {
        return strange("a section without a name");
      }
      RUNNER_TRY(refuse_error_line(packet.bytes));
      // Only the pack was asked for; what else a server has to say comes before it.
      part_ = without_break(packet.bytes) == "packfile" ? Part::pack : Part::other;
      return jobs::ok();
    case Part::other:
      if (packet.kind == Kind::delimiter) {
        part_ = Part::section;
      } else if (packet.kind != Kind::line) {
        return strange("it ends without a pack");
      } else {
        RUNNER_TRY(refuse_error_line(packet.bytes));
      }
      return jobs::ok();
    case Part::pack:
      if (packet.kind == Kind::line) {
        return take_of_pack(packet.bytes);
      }
      if (packet.kind == Kind::delimiter) {
        return strange("a section behind the pack");
      }
      part_ = Part::over;
      return jobs::ok();
  }
  return jobs::ok();
}

jobs::Status FetchReader::take_of_pack(std::string_view bytes) const {
  const char band = bytes.empty() ? '\0' : bytes.front();
  switch (band) {
    case kData: return pack_(bytes.substr(1));
    case kProgress: return jobs::ok();
    case kFatal:
      return jobs::fail(ErrorKind::transient,
                        fmt::format("the server says: {}", jobs::one_line(bytes.substr(1), 300)));
    default: return strange("an unknown band");
  }
}

jobs::Status FetchReader::end() const {
  RUNNER_TRY(packets_.end());
  if (part_ != Part::over) {
    return jobs::fail(ErrorKind::transient, "the answer to a fetch has no end");
  }
  return jobs::ok();
}

}  // namespace worktrees::wire
