#include "runner/http/git_web.h"

#include <utility>

namespace runner::http {

namespace {

/// A server may be silent for long while it makes a pack; git's sends a sign of life every five
/// seconds.
constexpr jobs::Duration kPatience = std::chrono::minutes(2);

}  // namespace

jobs::Result<worktrees::WebAnswer> GitWeb::post(const worktrees::WebRequest& asked) {
  Request request{.method = "POST",
                  .url = asked.url,
                  .headers = asked.headers,
                  .body = asked.body,
                  .bearer = {},
                  .basic = {},
                  .timeout = asked.timeout,
                  .patience = kPatience,
                  .max_answer = asked.max_answer,
                  .repeatable = true,
                  .receive = asked.receive};
  if (asked.credential) {
    request.basic = std::pair(asked.credential->user, asked.credential->secret);
  }
  RUNNER_ASSIGN(Answer answer, client_->send(request));
  return worktrees::WebAnswer{.status = answer.status,
                              .content_type = answer.header("content-type").value_or(""),
                              .body = std::move(answer.body)};
}

}  // namespace runner::http
