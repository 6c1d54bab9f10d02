#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runner/forge/http_api.h"
#include "runner/forge/limit_memory.h"
#include "tests/fakes/memory_http_cache.h"
#include "tests/fakes/stepped_clock.h"

/// The Api over a client that answers from a script: no network, no waiting.
namespace runner::forge {

using jobs::ErrorKind;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline const jobs::TimePoint kNow{seconds(1'790'000'000)};
inline constexpr const char* kToken = "ghp_notForYourEyes";

inline std::string header_of(const http::Request& request, std::string_view name) {
  const auto found =
      std::ranges::find(request.headers, name, &std::pair<std::string, std::string>::first);
  return found == request.headers.end() ? "" : found->second;
}

class ScriptedClient final : public http::Client {
 public:
  std::vector<jobs::Result<http::Answer>> send_all(
      std::span<const http::Request> requests) override {
    const std::lock_guard lock(mutex_);
    most_at_once = std::max(most_at_once, requests.size());
    std::vector<jobs::Result<http::Answer>> answers;
    for (const http::Request& request : requests) {
      sent.push_back(request);
      answers.push_back(answer(request));
    }
    return answers;
  }
  std::function<jobs::Result<http::Answer>(const http::Request&)> answer;
  std::vector<http::Request> sent;
  std::size_t most_at_once = 0;

 private:
  std::mutex mutex_;
};

inline http::Answer ok(std::string body,
                       std::vector<std::pair<std::string, std::string>> headers = {}) {
  return {.status = 200, .body = std::move(body), .headers = std::move(headers)};
}

class ForgeApi : public testing::Test {
 protected:
  std::unique_ptr<Api> make(const std::string& root = "https://api.github.com") {
    return make_api(github_api_options(root), {client, credential, traffic, &cache});
  }

  fakes::SteppedClock clock{kNow};
  ScriptedClient client;
  TokenCredential credential{{.source = jobs::SecretRef::Source::env, .name = "GITHUB_TOKEN"},
                             [](const std::string& name) {
                               return name == "GITHUB_TOKEN" ? std::optional<std::string>(kToken)
                                                             : std::nullopt;
                             }};
  Traffic traffic{clock, [this](jobs::Duration wait) { clock.sleep(wait); }};
  fakes::MemoryHttpCache cache;
};

}  // namespace runner::forge
