#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// How long something takes in a process of its own, and how much memory it holds.
namespace bench {

struct Sample {
  double seconds = 0;         ///< wall
  double cpu_seconds = 0;     ///< user and system, of the process and its children
  std::int64_t peak_kib = 0;  ///< of the process
};

/// Runs `work` in a child, after `before`, whose time does not count. A child begins with what this
/// process holds, which is part of its peak: stay small. Throws std::runtime_error if it fails.
[[nodiscard]] Sample measure(const std::function<void()>& work,
                             const std::function<void()>& before = {});
/// The same without a measurement: what grows in it is gone afterwards.
void in_child(const std::function<void()>& work);
/// Becomes the program; throws if it cannot. For `measure`.
void become_program(const std::vector<std::string>& argv);
/// Runs it to its end; throws std::runtime_error if it fails.
void run_program(const std::vector<std::string>& argv);
/// What it wrote to its standard output, without the last end of line.
[[nodiscard]] std::string output_of(const std::vector<std::string>& argv);

struct Summary {
  double median = 0;
  double low = 0;   ///< first quartile
  double high = 0;  ///< third quartile
};
[[nodiscard]] Summary summary_of(std::vector<double> values);

}  // namespace bench
