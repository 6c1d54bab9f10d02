#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

/// Everything that happened in one world, in order: as a hash always, as lines where somebody wants
/// to read them. The same seed gives the same trace.
class Trace {
 public:
  explicit Trace(bool keep) : keep_(keep) {}

  void add(std::int64_t at, int tick, std::string_view what, std::string_view result) {
    mix(static_cast<std::uint64_t>(at));
    mix(static_cast<std::uint64_t>(tick));
    text(what);
    text(result);
    if (keep_) {
      lines_.push_back({at, tick, std::string(what), std::string(result)});
    }
  }
  struct Line {
    std::int64_t at;
    int tick;
    std::string what;
    std::string result;
  };
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] bool kept() const { return keep_; }
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }

 private:
  void mix(std::uint64_t value) { hash_ = (hash_ ^ value) * 1099511628211ULL; }
  void text(std::string_view text) {
    for (const char c : text) {
      mix(static_cast<unsigned char>(c));
    }
  }

  bool keep_;
  std::uint64_t hash_ = 14695981039346656037ULL;
  std::vector<Line> lines_;
};

}  // namespace sim
