#pragma once

#include <memory>

#include "runner/http/client.h"
#include "worktrees/web.h"

namespace runner::http {

/// What git's room asks of a web server, over our client.
class GitWeb final : public worktrees::Web {
 public:
  explicit GitWeb(std::unique_ptr<Client> client = make_client()) : client_(std::move(client)) {}
  [[nodiscard]] jobs::Result<worktrees::WebAnswer> post(
      const worktrees::WebRequest& request) override;

 private:
  std::unique_ptr<Client> client_;
};

}  // namespace runner::http
