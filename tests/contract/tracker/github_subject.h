#pragma once

#include <memory>
#include <string>

#include "jobs/base/time.h"
#include "runner/forge/http_api.h"
#include "runner/trackers/github.h"
#include "tests/contract/tracker/network.h"
#include "tests/stub/stub.h"

namespace tracker_contract {

/// The forge double, and the adapter that asks it. Nobody waits: the clock is stepped.
struct GithubWorld : Network {
  /// `git_root`: of the repositories that pull requests are for.
  explicit GithubWorld(bool graphql = true, const std::string& git_root = "")
      : stub(options(graphql, git_root)) {
    config.kind = jobs::TrackerKind::github;
    config.url = stub.url();
    renew();
  }
  /// As the next tick would: nothing is remembered but what the cache keeps.
  void renew() {
    reader.reset();
    writer.reset();
    api = Network::api(runner::forge::github_api_options(stub.url()));
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
  jobs::TrackerConfig config;
  std::unique_ptr<runner::forge::Api> api;
  std::unique_ptr<jobs::TrackerReader> reader;
  std::unique_ptr<jobs::TrackerWriter> writer;
};

}  // namespace tracker_contract
