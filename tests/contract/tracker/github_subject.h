#pragma once

#include <memory>
#include <string>

#include "jobs/base/time.h"
#include "runner/forge/http_api.h"
#include "runner/trackers/github.h"
#include "tests/fakes/memory_http_cache.h"
#include "tests/fakes/stepped_clock.h"
#include "tests/stub/stub.h"

namespace tracker_contract {

/// The forge double, and the adapter that asks it. Nobody waits: the clock is stepped.
struct GithubWorld {
  /// `git_root`: of the repositories that pull requests are for.
  explicit GithubWorld(bool graphql = true, const std::string& git_root = "")
      : stub(options(graphql, git_root)) {
    config.kind = jobs::TrackerKind::github;
    config.url = stub.url();
    traffic.set_limits("127.0.0.1", {.requests_per_tick = 1'000'000,
                                     .points_per_minute = 1'000'000,
                                     .graphql_per_minute = 1'000'000,
                                     .between_writes = {}});
    renew();
  }
  /// As the next tick would: nothing is remembered but what the cache keeps.
  void renew() {
    reader.reset();
    writer.reset();
    api = runner::forge::make_api(runner::forge::github_api_options(stub.url()),
                                  {*client, credential, traffic, &cache});
    reader = runner::trackers::make_github_reader(config, *api);
    writer = runner::trackers::make_github_writer(config, *api);
  }
  static stub::Stub::Options options(bool graphql, const std::string& git_root) {
    stub::Stub::Options options;
    options.git_root = git_root;
    options.forge.login = "runner";
    options.forge.token = "secret-token";
    options.forge.limit = 1'000'000;
    options.forge.graphql = graphql;
    return options;
  }

  stub::Stub stub;
  fakes::SteppedClock clock{*jobs::parse_time("2026-11-20T08:00:00Z")};
  std::unique_ptr<runner::http::Client> client = runner::http::make_client();
  runner::forge::TokenCredential credential{
      {.source = jobs::SecretRef::Source::env, .name = "TOKEN"},
      [](const std::string&) { return std::optional<std::string>("secret-token"); }};
  runner::forge::Traffic traffic{clock, [this](jobs::Duration wait) { clock.sleep(wait); }};
  fakes::MemoryHttpCache cache;
  jobs::TrackerConfig config;
  std::unique_ptr<runner::forge::Api> api;
  std::unique_ptr<jobs::TrackerReader> reader;
  std::unique_ptr<jobs::TrackerWriter> writer;
};

}  // namespace tracker_contract
