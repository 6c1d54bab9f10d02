#pragma once

#include <zlib.h>

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"

namespace worktrees::objects {

/// Takes the pieces of something, first to last; what it says ends the giving.
using Sink = std::function<jobs::Status(std::string_view)>;

/// A zlib stream in a file, piece by piece, however long it is.
class Piecewise {
 public:
  /// The stream begins at `from` and ends before `end`, which may be the end of the file or behind
  /// it.
  Piecewise(int file, std::uint64_t from, std::uint64_t end);
  ~Piecewise();
  Piecewise(const Piecewise&) = delete;
  Piecewise& operator=(const Piecewise&) = delete;

  /// The next piece, until the next call; empty at its end. corrupt: it is cut short, or no zlib.
  [[nodiscard]] jobs::Result<std::string_view> next();

 private:
  /// False at the end.
  [[nodiscard]] bool read_on();

  int file_;
  std::uint64_t at_;
  std::uint64_t end_;
  z_stream stream_{};
  bool started_ = false;
  bool ended_ = false;
  std::vector<Bytef> in_;
  std::vector<Bytef> out_;
};

}  // namespace worktrees::objects
