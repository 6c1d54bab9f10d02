#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "tests/stub/log.h"

namespace github_rest {

/// GitHub's own description of its REST interface (npm @octokit/openapi), and what it says.
class Description {
 public:
  /// Fetches it if it is not there yet: once for all tests, whichever comes first.
  Description();
  /// Why it cannot be had; empty if it is there.
  [[nodiscard]] const std::string& missing() const { return missing_; }
  /// A line for each mistake in the cases of check.mjs, and "exit 0" or "exit 1".
  [[nodiscard]] std::string check(const nlohmann::json& cases) const;

 private:
  std::string folder_;
  std::string missing_;
};

[[nodiscard]] nlohmann::json one_case(const std::string& method, const std::string& target,
                                      const std::string& sent, int status,
                                      const std::string& answer);
/// What a server was asked by REST and answered of its own will.
[[nodiscard]] nlohmann::json cases_of(const stub::Log& log);

}  // namespace github_rest
