#include "tests/prove/remote/world.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace prove::remote {

namespace {

constexpr std::chrono::seconds kLongest{90};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

bool is_open(const oracle::Observation& now) {
  for (const oracle::RunRow& run : now.runs) {
    if (run.live()) {
      return true;
    }
  }
  for (const oracle::EffectRow& row : now.outbox) {
    if (row.state == "pending" || row.state == "claimed") {
      return true;
    }
  }
  return false;
}

}  // namespace

World::World(const Options& options, int repos, bool idle) : repos_(repos) {
  server =
      std::make_unique<stub::Stub>(stub::Stub::Options{.git_root = fleet.folder() + "/remotes"});
  if (!options.planted.empty()) {
    fleet.play.environment.push_back("RUNNER_PLANTED=" + options.planted);
  }
  const std::string usage = R"({"usd": "0.10", "tokens": 1000})";
  fleet.scripted("coder", idle ? std::vector<std::string>{"usage", usage}
                               : std::vector<std::string>{"usage", usage, "commits", "1"});
  for (int i = 0; i < repos; ++i) {
    fleet.other_tables += fmt::format("\n[notify.n{}]\nkind = \"webhook\"\nurl = \"{}\"\n", i,
                                      server->url(fmt::format("/notify/c{}", i)));
    fleet.repo(repo(i), "coder", fmt::format("notify = [\"n{}\"]\n", i));
    fleet.issue(repo(i), 1);
  }
  fleet.write();
  const std::string manifest = fleet.folder() + "/manifests/fleet.toml";
  std::string text = test_support::content_of(manifest);
  text = replaced(text, "remote = \"" + fleet.folder() + "/remotes",
                  "remote = \"" + server->url("/git"));
  text = replaced(text, "retry_delay = \"1s\"", "retry_delay = \"20ms\"");
  test_support::write_file(manifest, text);
  place_.state_dir = fleet.folder() + "/state";
  place_.issues_dir = fleet.folder() + "/issues";
  for (int i = 0; i < repos; ++i) {
    place_.remotes.emplace_back(repo(i), bare(i));
  }
  place_.agent_log = fleet.folder() + "/agent.log";
  place_.scratch = options.scratch;
}

std::string World::repo(int number) const {
  return fmt::format("acme/c{}", number);
}

std::string World::bare(int number) const {
  return fleet.remote(repo(number));
}

bool World::settle(bool history_may_change, std::vector<oracle::Finding>& findings) {
  const oracle::Rules rules;
  const auto give_up = std::chrono::steady_clock::now() + kLongest;
  std::optional<oracle::Observation> before;
  for (int quiet = 0; quiet < 2;) {
    if (std::chrono::steady_clock::now() > give_up) {
      return false;
    }
    (void)fleet.tick();
    oracle::Observation now = observe();
    std::vector<oracle::Finding> found = oracle::judge_always(now, rules);
    findings.insert(findings.end(), found.begin(), found.end());
    if (before && !history_may_change) {
      found = oracle::judge_between(*before, now);
      findings.insert(findings.end(), found.begin(), found.end());
    }
    quiet = is_open(now) || now.runs.empty() ? 0 : quiet + 1;
    before = std::move(now);
    if (quiet == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  std::vector<oracle::Finding> found = oracle::judge_quiet(*before, rules);
  findings.insert(findings.end(), found.begin(), found.end());
  return true;
}

oracle::Observation World::observe() const {
  return oracle::observe_folder(place_);
}

void World::push_as_somebody(int number, bool rewrite) const {
  const std::string parent = rewrite ? "" : "-p refs/heads/main ";
  (void)fleet.shell_output(fmt::format(
      "cd {} && blob=$(date +%s%N | git hash-object -w --stdin) && "
      "tree=$({{ git ls-tree refs/heads/main; printf '100644 blob %s\\tother-%s.txt\\n' $blob "
      "$blob; }} | git mktree) && "
      "git update-ref refs/heads/main $(git commit-tree {}-m 'Somebody else' $tree)",
      bare(number), parent));
}

}  // namespace prove::remote
