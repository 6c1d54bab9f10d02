#pragma once

#include <optional>
#include <string>

#include "jobs/ports/http_cache.h"
#include "runner/forge/traffic.h"

namespace runner::forge {

/// What a forge has made us wait for outlives the tick that met it: its limits, because who asks on
/// while limited risks to be shut out, and the circuit of one that does not answer. Both lie among
/// the kept answers, so that what is lost with those costs a few requests.
class LimitMemory {
 public:
  /// `root`: of the API. `cache`: none = limits are forgotten with the tick.
  LimitMemory(Traffic& traffic, jobs::HttpCache* cache, std::string root);

  /// Tells the traffic what an earlier tick has met. `who`: digest of the credential.
  void recall(const std::string& who);
  /// Tells the traffic and the next tick.
  void limited(Use use, const std::string& who, jobs::TimePoint until);
  /// The same of a host that does not answer, whoever asks.
  void gave_up(const std::string& why);
  void answered();

 private:
  [[nodiscard]] jobs::HttpCacheKey key(Use use, const std::string& who) const;

  Traffic& traffic_;
  jobs::HttpCache* cache_;
  std::string root_;
  std::string host_;
};

/// The circuit of the forge at `root` as ticks have left it; none: it has not failed lately, as far
/// as anybody knows.
[[nodiscard]] std::optional<Circuit> kept_circuit(jobs::HttpCache& cache, const std::string& root);

}  // namespace runner::forge
