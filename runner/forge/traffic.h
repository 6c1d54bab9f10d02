#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "jobs/base/result.h"
#include "jobs/ports/clock.h"
#include "jobs/ports/http_cache.h"
#include "runner/forge/circuit.h"

namespace runner::forge {

/// What a request draws on: forges count these apart.
enum class Use : std::uint8_t { read, graphql, write };

struct TrafficLimits {
  std::size_t per_host = 8;  ///< requests on their way at once; GitHub allows 100 in all
  std::size_t overall = 32;
  std::int64_t requests_per_tick = 5000;  ///< of a host
  /// In any minute, of a host, in its points: a read is one, a write is five.
  std::int64_t points_per_minute = 900;
  std::int64_t graphql_per_minute = 2000;
  jobs::Duration between_writes = std::chrono::seconds(1);
};

/// What GitHub publishes, for a host of its own.
[[nodiscard]] TrafficLimits limits_of_host(std::string_view host);

/// How all requests of one tick share what forges allow: places at once, a budget, a pace, who is
/// limited until when, and which host is left alone because it does not answer. One object for a
/// tick; thread-safe. Waits by `sleep`, so that tests need not.
class Traffic {
 public:
  using Sleep = std::function<void(jobs::Duration)>;
  Traffic(jobs::Clock& clock, Sleep sleep) : clock_(clock), sleep_(std::move(sleep)) {}

  /// Waits until at least one request may leave for `host` and takes up to `wanted` places; each
  /// must be given back. rate_limited: the forge said so earlier, or the tick's budget is used up.
  /// transient: the host's circuit is open.
  /// `who`: digest of the credential.
  [[nodiscard]] jobs::Result<std::size_t> enter(const std::string& host, const std::string& who,
                                                Use use, std::size_t wanted);
  void leave(const std::string& host, std::size_t places);

  /// The forge has limited this credential: nothing of the kind leaves before `until`.
  void limited(const std::string& host, const std::string& who, Use use, jobs::TimePoint until);
  /// How often in a row; counts this time.
  [[nodiscard]] int limits_in_a_row(const std::string& host, const std::string& who, Use use);
  void not_limited(const std::string& host, const std::string& who, Use use);

  /// A request was given up because the host did not answer, or not as it should. The circuit after
  /// that.
  [[nodiscard]] Circuit gave_up(const std::string& host, const std::string& why);
  /// Whether what is on its way to the host is the one request that tries: it is tried once.
  [[nodiscard]] bool on_trial(const std::string& host);
  /// The host answered as it should. True if it had failed right before.
  [[nodiscard]] bool answered(const std::string& host);
  /// What an earlier tick has met.
  void set_circuit(const std::string& host, Circuit circuit);

  void set_limits(const std::string& host, TrafficLimits limits);
  [[nodiscard]] std::int64_t sent(const std::string& host);

  /// While one lives, no other write leaves for the host, and none leaves too soon after the last.
  class Writing {
   public:
    Writing(Traffic& traffic, const std::string& host);
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;
    ~Writing();

   private:
    Traffic& traffic_;
    std::string host_;
    std::unique_lock<std::mutex> lock_;
  };

  [[nodiscard]] jobs::TimePoint now() { return clock_.now(); }
  [[nodiscard]] std::uint64_t random() { return clock_.random(); }
  void sleep(jobs::Duration duration) { sleep_(duration); }

 private:
  struct Limited {
    std::optional<jobs::TimePoint> until;
    int in_a_row = 0;
  };
  struct Host {
    TrafficLimits limits;
    std::size_t on_their_way = 0;
    std::int64_t sent = 0;
    std::mutex writing;
    std::optional<jobs::TimePoint> last_write;
    /// When how many points were spent, within the last minute.
    std::deque<std::pair<jobs::TimePoint, std::int64_t>> points;
    std::deque<std::pair<jobs::TimePoint, std::int64_t>> graphql;
    std::map<std::pair<std::string, Use>, Limited> limited;
    Circuit circuit;
    bool trying = false;  ///< half open, and one request is on its way
  };
  Host& host(const std::string& name);  ///< with mutex_ held; stays where it is
  /// How long until `points` more fit into the minute.
  jobs::Duration until_room(Host& host, Use use, std::int64_t points, jobs::TimePoint now);

  jobs::Clock& clock_;
  Sleep sleep_;
  std::mutex mutex_;
  std::condition_variable left_;
  std::size_t on_their_way_ = 0;
  std::map<std::string, Host> hosts_;
};

}  // namespace runner::forge
