#include "tests/bench/poll/far_forge.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "tests/bench/timing.h"

namespace bench {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMinute = 60'000;

stub::Stub::Options options_of(const FleetSize& size) {
  stub::Stub::Options options;
  options.forge.token = "bench-token";
  options.forge.limit = 1'000'000;  // The comparison asks more often than a real one allows.
  options.forge.remembered = 0;
  options.latency_ms = size.latency_ms;
  return options;
}

/// The most of `weights` within any minute.
int busiest(const std::vector<std::pair<std::int64_t, int>>& weights) {
  std::deque<std::pair<std::int64_t, int>> within;
  int sum = 0;
  int most = 0;
  for (const auto& one : weights) {
    within.push_back(one);
    sum += one.second;
    while (within.front().first <= one.first - kMinute) {
      sum -= within.front().second;
      within.pop_front();
    }
    most = std::max(most, sum);
  }
  return most;
}

int most_at_once(const std::vector<stub::Exchange>& exchanges) {
  std::map<std::int64_t, int> changes;  // An answer at the same millisecond makes room first.
  for (const stub::Exchange& each : exchanges) {
    ++changes[2 * each.at + 1];
    --changes[2 * std::max(each.answered_at, each.at + 1)];
  }
  int now = 0;
  int most = 0;
  for (const auto& [when, change] : changes) {
    now += change;
    most = std::max(most, now);
  }
  return most;
}

}  // namespace

FarForge::FarForge(std::string folder, const FleetSize& size, bool with_issues)
    : folder_(std::move(folder)), size_(size), stub_(options_of(size)) {
  fs::remove_all(folder_);
  fs::create_directories(folder_ + "/manifests");
  fs::create_directories(folder_ + "/remotes/acme");
  run_program({"sh", "-ec",
               fmt::format("cd {} && git init -q -b main seed && cd seed && "
                           "git -c user.name=a -c user.email=a@example.com commit -q --allow-empty "
                           "-m Start && cd .. && git clone -q --bare seed remote.git",
                           folder_)});
  fill(with_issues);
  write_manifests();
}

std::string FarForge::name_of(int repository) const {
  return fmt::format("acme/service-{:04}", repository);
}

void FarForge::fill(bool with_issues) {
  for (int repository = 0; repository < size_.repositories; ++repository) {
    const std::string name = name_of(repository);
    stub_.forge.add_repo(name);
    stub_.forge.permit(name, "alice", "write", "write");
    fs::create_symlink(folder_ + "/remote.git", fmt::format("{}/remotes/{}.git", folder_, name));
    const int issues = with_issues ? size_.issues / size_.repositories : 0;
    for (int n = 0; n < issues; ++n) {
      const int number = stub_.forge.add_issue(
          name, "bob", fmt::format("Handle case {} of the importer", n),
          "The importer stops at this one.\n\n" + std::string(600, 'x') + "\n");
      stub_.forge.label(name, number, "ready-for-agent", "alice");
    }
  }
}

void FarForge::write_manifests() const {
  std::string names;
  for (int repository = 0; repository < size_.repositories; ++repository) {
    names += fmt::format("\"{}\", ", name_of(repository));
  }
  std::ofstream out(folder_ + "/manifests/fleet.toml");
  out << fmt::format(R"([fleet]
state_dir = "../state"
allow = [{}]
kill_switch = false
[defaults]
tracker = "hub"
agent = "coder"
test = ["true"]
[tracker.hub]
kind = "github"
url = "{}"
token_env = "FORGE_TOKEN"
[agent.coder]
command = ["true"]
)",
                     names, url());
  for (int repository = 0; repository < size_.repositories; ++repository) {
    out << fmt::format("[[repo]]\nname = \"{0}\"\nremote = \"{1}/remotes/{0}.git\"\n",
                       name_of(repository), folder_);
  }
}

void FarForge::forget_state() const {
  fs::remove_all(folder_ + "/state");
}

void FarForge::start_counting() {
  counted_from_ = stub_.log.exchanges().size();
  points_before_ = stub_.forge.points();
}

Traffic FarForge::traffic() const {
  auto exchanges = stub_.log.exchanges();
  exchanges.erase(exchanges.begin(),
                  exchanges.begin() + static_cast<std::ptrdiff_t>(counted_from_));
  Traffic traffic;
  traffic.requests = static_cast<int>(exchanges.size());
  traffic.points = stub_.forge.points() - points_before_;
  traffic.at_once = most_at_once(exchanges);
  std::vector<std::pair<std::int64_t, int>> rest;
  std::vector<std::pair<std::int64_t, int>> graphql;
  for (const stub::Exchange& each : exchanges) {
    traffic.bytes += static_cast<std::int64_t>(each.bytes);
    if (each.request.path.ends_with("/graphql")) {
      ++traffic.graphql;
      graphql.emplace_back(each.at, 1);
    } else {
      rest.emplace_back(each.at, each.request.method == "GET" ? 1 : 5);
    }
  }
  traffic.busiest_minute = busiest(rest);
  traffic.graphql_a_minute = busiest(graphql);
  return traffic;
}

}  // namespace bench
