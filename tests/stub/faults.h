#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/stub/message.h"

/// What can go wrong with a request, and when. A fault *before* the effect: the server has not done
/// what it was asked. *After*: it has, and the client does not learn it.
namespace stub {

enum class FaultKind : std::uint8_t {
  cut,           ///< the connection is reset, nothing is answered
  failed,        ///< 500
  unavailable,   ///< 503 with Retry-After
  timeout,       ///< silence, then the connection is cut
  rate_limited,  ///< 429 with Retry-After
  forbidden,     ///< 403 as a forge's secondary rate limit says it
  slow,          ///< the right answer, in drips
  truncated,     ///< the right answer, cut in the middle of its body
  oversize,      ///< the right status, and a body of many megabytes
  html,          ///< 200 and a page for people
  redirect,      ///< 302 to somewhere else
  stale,         ///< a read that does not see the latest writes
  page_shift,    ///< the list changes between two of its pages
};
[[nodiscard]] std::string_view to_string(FaultKind kind);
[[nodiscard]] std::optional<FaultKind> parse_fault_kind(std::string_view name);

enum class When : std::uint8_t { before, after };

struct Fault {
  FaultKind kind = FaultKind::cut;
  When when = When::before;
  int milliseconds = 200;           ///< timeout: until the cut; slow: between two drips
  int seconds = 1;                  ///< Retry-After
  std::int64_t bytes = 16U << 20U;  ///< oversize: of the body; slow: of one drip
  std::string location;             ///< redirect: where to; the path is appended if it ends with /
  int writes = 1;                   ///< stale: how many writes are not seen
};

/// Which requests a fault hits: the `first` matching one and `times` in all, or every `every`-th of
/// them (flapping: every = 2).
struct Rule {
  std::string method;  ///< empty: any
  std::string path;    ///< with * for anything; matched against path and query
  int first = 1;
  int times = 1;  ///< 0: without end
  int every = 1;
  Fault fault;
};

/// All faults of a server. Scripted by rules, or drawn from a seed.
class Faults {
 public:
  void add(Rule rule);
  /// {"faults": [{"method", "path", "first", "times", "every", "kind", "when", ...}]}; an unknown
  /// name is an exception.
  void load(const std::string& json);
  /// Every request whose target matches `path` fails with this probability; kinds and moments from
  /// the seed. At most `most` in all, so that a client that repeats comes through in the end.
  void draw(std::uint64_t seed, const std::string& path, double probability, int most,
            std::vector<FaultKind> kinds);
  void clear();

  /// The fault of this request, if any: the first rule that hits. Counts the request.
  [[nodiscard]] std::optional<Fault> of(const Request& request);
  [[nodiscard]] int injected() const;

 private:
  struct Counted {
    Rule rule;
    int seen = 0;
    int hit = 0;
  };
  struct Drawn {
    std::mt19937_64 random;
    std::string path;
    double probability = 0;
    int left = 0;
    std::vector<FaultKind> kinds;
  };

  mutable std::mutex mutex_;
  std::vector<Counted> rules_;
  std::optional<Drawn> drawn_;
  int injected_ = 0;
};

/// "*" stands for any text, also an empty one.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text);

}  // namespace stub
