#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/prove/planted/child.h"

namespace prove::planted {

/// A harness that has to see a bug.
struct Witness {
  std::string harness;
  std::string only;  ///< its case that is tried first; empty: the whole harness
};

/// One planted bug, as jobs/base/planted.h lists it.
struct Bug {
  std::string name;
  std::string what;
  int invariant = 0;
  std::vector<Witness> witnesses;  ///< at least one
};

[[nodiscard]] std::vector<Bug> all_bugs();

/// Which harness saw which bug; filled by several threads.
class Matrix {
 public:
  void add(const std::string& bug, const std::string& harness, Ended ended);
  [[nodiscard]] bool caught_by(const std::string& harness) const;
  /// As Markdown for people.
  [[nodiscard]] std::string text(const std::vector<Bug>& bugs,
                                 const std::vector<std::string>& harnesses, bool full) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Ended> cells_;
};

}  // namespace prove::planted
