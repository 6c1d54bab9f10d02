#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/model/run.h"

namespace jobs {

/// The machine-readable answer of CI about one commit.
enum class Verdict : std::uint8_t { pass, fail, pending, absent };
[[nodiscard]] std::string_view to_string(Verdict verdict);

struct Check {
  std::string name;
  Verdict verdict = Verdict::absent;
  std::string log_tail;  ///< of a failed check
};

struct CiReport {
  Verdict verdict = Verdict::absent;  ///< fail if any check failed; else pending if any is; else
                                      ///< pass; absent when there is none
  std::vector<Check> checks;
  std::optional<TimePoint> finished_at;
  /// Names of the failed checks, sorted.
  [[nodiscard]] std::vector<std::string> failing() const;
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
