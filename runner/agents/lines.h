#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace runner::agents {

/// Cuts bytes into lines. What of a line is longer than `most` is thrown away together with the
/// line, so that nobody can fill the memory by leaving newlines out.
class Lines {
 public:
  explicit Lines(std::size_t most) : most_(most) {}

  void feed(std::string_view bytes, const std::function<void(std::string_view)>& each);
  /// The last line, if it lacks its newline.
  void finish(const std::function<void(std::string_view)>& each);
  /// Lines that were too long.
  [[nodiscard]] std::int64_t skipped() const { return skipped_; }

 private:
  std::size_t most_;
  std::string part_;
  bool too_long_ = false;
  std::int64_t skipped_ = 0;
};

}  // namespace runner::agents
