#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace prove::planted {

/// How one harness ended.
struct Ended {
  enum class How : unsigned char { quiet, violation, skipped, broken, too_long };
  How how = How::broken;
  std::string first;  ///< the first violation it printed
  double seconds = 0;
};

/// Runs a harness with its output in `log`. One that takes longer than `limit` is ended with
/// everything that descends from it, also what it detached, and its folders in memory are removed.
[[nodiscard]] Ended run_harness(const std::vector<std::string>& argv, const std::string& log,
                                std::chrono::seconds limit);

}  // namespace prove::planted
