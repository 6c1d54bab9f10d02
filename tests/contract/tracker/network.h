#pragma once

#include <memory>
#include <optional>
#include <string>

#include "jobs/base/time.h"
#include "runner/forge/http_api.h"
#include "tests/fakes/memory_http_cache.h"
#include "tests/fakes/stepped_clock.h"

namespace tracker_contract {

/// What an adapter asks over HTTP with. Nobody waits: the clock is stepped, and the limits are
/// wide.
struct Network {
  Network() {
    traffic.set_limits("127.0.0.1", {.requests_per_tick = 1'000'000,
                                     .points_per_minute = 1'000'000,
                                     .graphql_per_minute = 1'000'000,
                                     .between_writes = {}});
  }
  [[nodiscard]] std::unique_ptr<runner::forge::Api> api(runner::forge::ApiOptions options) {
    return runner::forge::make_api(std::move(options), {*client, credential, traffic, &cache});
  }

  fakes::SteppedClock clock{*jobs::parse_time("2026-11-20T08:00:00Z")};
  std::unique_ptr<runner::http::Client> client = runner::http::make_client();
  runner::forge::TokenCredential credential{
      {.source = jobs::SecretRef::Source::env, .name = "TOKEN"},
      [](const std::string&) { return std::optional<std::string>("secret-token"); }};
  runner::forge::Traffic traffic{clock, [this](jobs::Duration wait) { clock.sleep(wait); }};
  fakes::MemoryHttpCache cache;
};

}  // namespace tracker_contract
