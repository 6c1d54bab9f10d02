#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "jobs/ports/http_cache.h"
#include "runner/forge/api.h"
#include "runner/forge/credential.h"
#include "runner/forge/traffic.h"
#include "runner/http/client.h"

namespace runner::forge {

/// Where a forge's API is and how it wants to be spoken to.
struct ApiOptions {
  std::string root;     ///< no slash at its end
  std::string graphql;  ///< whole address; "" = there is none
  std::string accept = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  ///< further ones of every request
  std::string token_header;  ///< "" = "Authorization: Bearer ..."; else the header that holds it
  std::size_t max_answer = 16U << 20U;
  jobs::Duration timeout = std::chrono::seconds(30);
};

/// What an Api works with; all of it outlives it.
struct ApiWorld {
  http::Client& client;
  Credential& credential;
  Traffic& traffic;
  jobs::HttpCache* cache = nullptr;  ///< none = every answer is asked for anew
};

/// The Api over HTTP: conditional, paced, tried again, and with no secret in any error.
[[nodiscard]] std::unique_ptr<Api> make_api(ApiOptions options, const ApiWorld& world);

/// GitHub's: root and graphql from the address in the manifest ("https://api.github.com",
/// "https://github.example.com" or ".../api/v3" of an Enterprise server).
[[nodiscard]] ApiOptions github_api_options(const std::string& url);

}  // namespace runner::forge
