#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/prove/trace/tracer.h"

/// Which call fails, how, and for how long.
namespace prove {

struct Fault {
  std::string_view scenario;
  int number = 0;            ///< of the system call
  std::int64_t ordinal = 0;  ///< among the calls of this number that change something
  int error = 0;
  bool sticky = false;  ///< from then on, until the process ends
  /// "land:pwrite64:17:ENOSPC:once"
  [[nodiscard]] std::string name() const;
};

/// Throws for what is no name of a fault.
[[nodiscard]] Fault parse_fault(const std::string& text);

[[nodiscard]] const std::vector<int>& injected_errors();

/// Would this error, once it has begun, strike this call as well? A full disk stops what takes
/// space, too many open files stop every open.
[[nodiscard]] bool strikes(int error, const trace::Call& call);

/// Lets the calls of one program fail as one fault says.
class Injector {
 public:
  explicit Injector(const Fault& fault) : fault_(fault) {}
  [[nodiscard]] trace::Verdict operator()(const trace::Call& call);
  [[nodiscard]] std::int64_t injected() const { return injected_; }
  /// The call that failed was itself a word to a person.
  [[nodiscard]] bool silenced() const { return silenced_; }

 private:
  const Fault& fault_;
  std::int64_t seen_ = 0;
  std::int64_t injected_ = 0;
  bool silenced_ = false;
  std::uint64_t struck_ = 0;
};

}  // namespace prove
