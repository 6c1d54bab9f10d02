#pragma once

#include "jobs/base/error.h"

namespace jobs {

/// The only source of the present time and of randomness for everything behind the ports.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() = 0;
  /// 64 random bits, for ids.
  [[nodiscard]] virtual std::uint64_t random() = 0;
};

}  // namespace jobs
