#pragma once

#include <string>

#include "jobs/base/result.h"
#include "jobs/model/run.h"

namespace jobs {

struct Notification {
  std::string key;  ///< idempotency key, sent along so that a receiver can drop a repeat
  std::string repo;
  IssueNumber issue = 0;
  std::string run;
  std::string outcome;  ///< "frozen", "needs-human", ...
  std::string text;     ///< one line for people
  std::string url;      ///< of the issue; may be empty
  TimePoint at;
};

class Notifier {
 public:
  virtual ~Notifier() = default;
  /// At least once; a repeat carries the same key.
  [[nodiscard]] virtual Status send(const Notification& notification) = 0;
};

}  // namespace jobs
