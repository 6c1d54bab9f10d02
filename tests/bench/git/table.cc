#include "tests/bench/git/table.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace bench {

void Table::print(const std::string& title, const std::string& against) const {
  const double one = median(against, &Sample::seconds);
  fmt::print(
      "\n### {}\n\n| way | ratio | wall | first to third quartile | CPU | memory |\n"
      "|---|---|---|---|---|---|\n",
      title);
  std::vector<std::pair<double, std::string>> rows;
  for (const auto& [way, all] : samples_) {
    std::vector<double> walls;
    double memory = 0;
    for (const Sample& sample : all) {
      walls.push_back(sample.seconds);
      memory = std::max(memory, static_cast<double>(sample.peak_kib) / 1024);
    }
    const Summary wall = summary_of(walls);
    rows.emplace_back(wall.median,
                      fmt::format("| {} | {:.3f} | {:.3f} s | {:.3f}-{:.3f} s | "
                                  "{:.3f} s | {:.0f} MiB |",
                                  way, wall.median / one, wall.median, wall.low, wall.high,
                                  median(way, &Sample::cpu_seconds), memory));
  }
  std::ranges::sort(rows, std::greater<>{}, &std::pair<double, std::string>::first);
  for (const auto& [seconds, row] : rows) {
    fmt::print("{}\n", row);
  }
  (void)std::fflush(stdout);
}

double Table::median(const std::string& way, double Sample::* part) const {
  std::vector<double> values;
  for (const Sample& sample : samples_.at(way)) {
    values.push_back(sample.*part);
  }
  return summary_of(values).median;
}

}  // namespace bench
