#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/bench/timing.h"

namespace bench {

/// Several ways of doing the same.
class Table {
 public:
  void add(const std::string& way, const Sample& sample) { samples_[way].push_back(sample); }
  /// As Markdown, the slowest first; ratios to the median of `against`.
  void print(const std::string& title, const std::string& against) const;

 private:
  [[nodiscard]] double median(const std::string& way, double Sample::* part) const;
  std::map<std::string, std::vector<Sample>> samples_;
};

}  // namespace bench
