#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/model/run.h"

namespace jobs {

/// The machine-readable answer of CI about one commit. stopped: it ended without judging the commit
/// (cancelled, declined, wants an action): no agent can mend that, a person or a re-run decides.
enum class Verdict : std::uint8_t { pass, fail, stopped, pending, absent };
[[nodiscard]] std::string_view to_string(Verdict verdict);

struct Check {
  std::string name;
  Verdict verdict = Verdict::absent;
  std::string log_tail = {};  ///< of a failed check
  std::string reason = {};    ///< why it is pending or stopped, where that needs words: "cancelled"
};

struct CiReport {
  Verdict verdict = Verdict::absent;  ///< fail if any check failed; else pending if any is; else
                                      ///< stopped if any is; else pass; absent when there is none
  std::vector<Check> checks;
  std::string detail;  ///< why all of it is pending though no check is: "3 suites are queued"
  std::optional<TimePoint> finished_at;
  /// Names of the failed checks, sorted.
  [[nodiscard]] std::vector<std::string> failing() const;
  /// "deploy (cancelled), lint": the checks with that verdict and their reasons, in one line; with
  /// `detail` where that is about it. At most the first eight.
  [[nodiscard]] std::string named(Verdict one) const;
};

class CiReader {
 public:
  virtual ~CiReader() = default;
  /// Never an error for "nothing reported": that is `absent`.
  [[nodiscard]] virtual Result<CiReport> observe(const Repo& repo, const Oid& commit) = 0;
};

class CiWriter {
 public:
  virtual ~CiWriter() = default;
  /// Makes sure that CI of `commit` has been started (forge CI starts by itself: nothing to do). At
  /// most one start per commit.
  [[nodiscard]] virtual Status start(const Repo& repo, const Oid& commit) = 0;
  /// Forgets what is kept for commits other than `keep` (retention), but for what was started after
  /// `as_of`, the time at which `keep` was true: a tick that slept since then knows nothing of it.
  [[nodiscard]] virtual Status prune(const Repo& repo, const std::vector<Oid>& keep,
                                     TimePoint as_of) = 0;
};

}  // namespace jobs
