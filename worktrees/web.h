#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobs/base/result.h"
#include "worktrees/credentials.h"

namespace worktrees {

struct WebRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::optional<Credential> credential;  ///< sent at once
  jobs::Duration timeout = std::chrono::seconds(30);
  std::size_t max_answer = 1U << 20U;
  /// If given, it gets the body of an answer below 300 piece by piece, in this thread; its error
  /// ends the request.
  std::function<jobs::Status(std::string_view)> receive;
};

struct WebAnswer {
  long status = 0;
  std::string content_type;
  std::string body;
};

/// HTTP, lent by the program: this room knows what git says over it and not how it is carried.
class Web {
 public:
  virtual ~Web() = default;
  /// Any HTTP answer is a success here; no redirect is followed. What is posted may be sent twice
  /// (a kept connection that was closed). May be called from any thread.
  [[nodiscard]] virtual jobs::Result<WebAnswer> post(const WebRequest& request) = 0;
};

}  // namespace worktrees
