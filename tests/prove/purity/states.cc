#include "tests/prove/purity/states.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "tests/prove/trace/converge.h"
#include "tests/support/signals.h"
#include "tests/support/whole_file.h"

namespace prove {

namespace {

namespace fs = std::filesystem;
using trace::Ground;
using trace::Stage;

constexpr const char* kIssues = "/issues/acme/shop/";

const Ground& at(Stage& stage, std::string_view scenario) {
  return stage.at(trace::scenario(scenario));
}

void edit(const std::string& path, const std::string& from, const std::string& to) {
  std::string text = test_support::whole_file(path);
  const std::size_t found = text.find(from);
  if (found == std::string::npos) {
    throw std::runtime_error(fmt::format("no '{}' in {}", from, path));
  }
  trace::write_text(path, text.replace(found, from.size(), to));
}

std::string manifest(const Ground& ground) {
  return ground.folder() + "/manifests/fleet.toml";
}

std::string issue(const Ground& ground, int number) {
  return fmt::format("{}{}{}-issue.md", ground.folder(), kIssues, number);
}

/// As issue 1, which everything begins with.
void another_issue(const Ground& ground, int number, const std::string& more = {}) {
  trace::write_text(issue(ground, number), test_support::whole_file(issue(ground, 1)) + more);
}

void end_of_life(const Ground& ground, std::string_view outcome) {
  if (const trace::Converged end = trace::converge(ground); !end.quiet) {
    throw std::runtime_error(fmt::format("cannot make '{}': {}", outcome, end.trouble));
  }
  const oracle::Observation seen = ground.observe();
  if (seen.runs.empty() || seen.runs.front().outcome != outcome) {
    throw std::runtime_error(fmt::format("the run did not end as {}", outcome));
  }
}

void frozen(Stage& stage) {
  const Ground& ground = at(stage, "claim");
  edit(manifest(ground), "-ge 3", "-ge 99");
  edit(manifest(ground), "[limits]\n", "[limits]\nfix_attempts = 1\n");
  end_of_life(ground, "frozen");
}

void needs_human(Stage& stage) {
  const Ground& ground = at(stage, "claim");
  edit(manifest(ground), "\"commits\", \"1\"", "\"print\", \"done\"");
  end_of_life(ground, "needs-human");
}

void damage(const Ground& ground, std::int64_t place, const std::string& bytes) {
  std::string content = test_support::whole_file(ground.state_file());
  content.replace(static_cast<std::size_t>(place), bytes.size(), bytes);
  trace::write_text(ground.state_file(), content);
}

}  // namespace

const std::vector<State>& states() {
  static const std::vector<State> all = [] {
    std::vector<State> list;
    for (const trace::Scenario& scenario : trace::scenarios()) {
      list.push_back(
          {std::string(scenario.name), [&scenario](Stage& stage) { (void)stage.at(scenario); }});
    }
    list.push_back({"frozen", frozen});
    list.push_back({"needs a person", needs_human});
    list.push_back({"blocked", [](Stage& stage) {
                      const Ground& ground = at(stage, "claim");
                      another_issue(ground, 2);
                      trace::write_text(
                          issue(ground, 1),
                          test_support::whole_file(issue(ground, 1)) + "\nBlocked by #2\n");
                    }});
    list.push_back({"out of budget", [](Stage& stage) {
                      edit(manifest(at(stage, "claim")), "[defaults]",
                           "[budget]\nfleet_day_turns = 0\n[defaults]");
                    }});
    list.push_back({"not on the allowlist", [](Stage& stage) {
                      edit(manifest(at(stage, "claim")), "allow = [\"acme/shop\"]", "allow = []");
                    }});
    list.push_back({"released by a stranger",
                    [](Stage& stage) { edit(issue(at(stage, "claim"), 1), "alice", "mallory"); }});
    list.push_back({"many issues", [](Stage& stage) {
                      const Ground& ground = at(stage, "claim");
                      for (int number = 2; number <= 200; ++number) {
                        another_issue(ground, number);
                      }
                    }});
    list.push_back({"paused", [](Stage& stage) {
                      const Ground& ground = at(stage, "settle");
                      (void)trace::run(ground.runner({"pause", "--why", "a test"}));
                    }});
    list.push_back({"no remote",
                    [](Stage& stage) { fs::remove_all(at(stage, "land").folder() + "/remotes"); }});
    list.push_back({"no tracker",
                    [](Stage& stage) { fs::remove_all(at(stage, "land").folder() + "/issues"); }});
    list.push_back(
        {"no state", [](Stage& stage) { fs::remove_all(at(stage, "land").state_dir()); }});
    list.push_back(
        {"state file missing", [](Stage& stage) { fs::remove(at(stage, "land").state_file()); }});
    list.push_back({"state of length zero",
                    [](Stage& stage) { trace::write_text(at(stage, "land").state_file(), ""); }});
    list.push_back({"state damaged", [](Stage& stage) {
                      damage(at(stage, "land"), 4096 + 2000, std::string(64, 'x'));
                    }});
    list.push_back({"state of something else", [](Stage& stage) {
                      trace::write_text(at(stage, "land").state_file(), std::string(8192, 'x'));
                    }});
    list.push_back({"manifest broken", [](Stage& stage) {
                      edit(manifest(at(stage, "land")), "[limits]", "[limits");
                    }});
    list.push_back({"worktrees gone", [](Stage& stage) {
                      fs::remove_all(at(stage, "land").state_dir() + "/worktrees");
                    }});
    return list;
  }();
  return all;
}

void make_random_state(Stage& stage, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto any = [&](std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random);
  };
  const auto& all = trace::scenarios();
  const auto which = static_cast<std::size_t>(any(static_cast<std::int64_t>(all.size()) - 1));
  const Ground& ground = stage.at(all[which]);
  if (any(1) == 0) {
    ground.open_all();
  }
  for (std::int64_t kills = any(2); kills >= 0; --kills) {
    trace::Child tick(ground.runner({"tick"}), /*held=*/false);
    std::this_thread::sleep_for(std::chrono::microseconds(any(120'000)));
    (void)test_support::send_signal(tick.pid(), SIGKILL);
    while (::waitpid(tick.pid(), nullptr, 0) < 0 && errno == EINTR) {
    }
    tick.reaped();
  }
  if (any(1) == 0) {
    ground.open_all();
    (void)ground.wait_for_turns();
  }
  // What still runs would change its heartbeat under our eyes: the machine is switched off.
  ground.kill_processes();
}

}  // namespace prove
