#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"
#include "worktrees/wire/pkt_line.h"

namespace worktrees::wire {

/// Body of a request for a pack with everything that `wants` need and that does not lie below one
/// of `haves` (gitprotocol-v2, "fetch"). Said to be done at once: one round trip; what the server
/// does not know of the haves, it leaves aside.
[[nodiscard]] std::string fetch_request(const std::vector<jobs::Oid>& wants,
                                        const std::vector<jobs::Oid>& haves);

/// Takes the answer as it comes and hands on the bytes of its pack.
class FetchReader {
 public:
  using PackSink = std::function<jobs::Status(std::string_view)>;

  explicit FetchReader(PackSink pack);
  FetchReader(const FetchReader&) = delete;
  FetchReader& operator=(const FetchReader&) = delete;

  /// transient: not what a server says that speaks version 2, or its own error; or the sink's.
  [[nodiscard]] jobs::Status feed(std::string_view bytes) { return packets_.feed(bytes); }
  /// transient: the answer is not whole.
  [[nodiscard]] jobs::Status end() const;

 private:
  enum class Part : std::uint8_t { section, other, pack, over };
  [[nodiscard]] jobs::Status take(const Packet& packet);
  [[nodiscard]] jobs::Status take_of_pack(std::string_view bytes) const;

  PackSink pack_;
  Part part_ = Part::section;
  PacketReader packets_;
};

}  // namespace worktrees::wire
