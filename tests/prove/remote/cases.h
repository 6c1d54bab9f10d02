#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/prove/frame/harness.h"
#include "tests/stub/stub.h"

namespace prove::remote {

/// What somebody else does to the repository while the runner is about to push.
enum class Other { none, pushes, keeps_pushing, rewrites, refuses_by_hook };

/// How the run must end. `either`: landed or handed to a person, as long as all records agree.
/// `nothing`: none may even start.
enum class End { landed, person, either, nothing };

/// One repository with one issue, and what goes wrong with it.
struct LandingCase {
  std::string name;
  std::string method;  ///< of the requests that fail; the path is below the repository's
  std::string path;
  int first = 1;
  int times = 1;
  std::optional<stub::Fault> fault;
  Other other = Other::none;
  End end = End::landed;
};

/// One notification and what goes wrong with it.
struct NotifyCase {
  std::string name;
  std::optional<stub::Fault> fault;
  int times = 1;
  bool may_be_given_up = false;  ///< no repeat can help
  bool server_lies = false;      ///< it says that it has taken what it has not
};

[[nodiscard]] std::vector<LandingCase> landing_cases();
/// Several faults at any request, drawn from the seed.
[[nodiscard]] std::vector<LandingCase> drawn_cases(std::uint64_t seed, int count);
[[nodiscard]] std::vector<NotifyCase> notify_cases();

}  // namespace prove::remote
