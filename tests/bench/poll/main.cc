// `./dev bench poll`: what asking a far forge about a whole fleet costs, beside the same done the
// usual way; and what planning costs without any network.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/bench/launcher.h"
#include "tests/bench/machine.h"
#include "tests/bench/poll/far_forge.h"
#include "tests/bench/poll/planning.h"
#include "tests/bench/timing.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string folder;
  std::string runner;
  std::string usual;  ///< the Python client
  FleetSize size;
  int rounds = 5;
  bool only_planning = false;
};

class Goals {
 public:
  void check(const std::string& what, double value, double most, const char* unit) {
    fmt::print("- {}: {:.4g} {} (goal: at most {:.4g}) {}\n", what, value, unit, most,
               value <= most ? "- met" : "- NOT MET");
    met_ = met_ && value <= most;
  }
  [[nodiscard]] bool met() const { return met_; }

 private:
  bool met_ = true;
};

/// One way of polling, as often as there are rounds; the forge's log is of the last.
struct Polled {
  Summary seconds;
  Summary cpu;
  double peak_mib = 0;
  Traffic traffic;
};

Polled poll(const Launcher& launcher, FarForge& forge, int rounds,
            const std::vector<std::string>& argv, const std::function<void()>& before) {
  std::vector<double> seconds;
  std::vector<double> cpu;
  Polled polled;
  for (int round = 0; round < rounds; ++round) {
    before();
    forge.start_counting();
    const Sample sample = launcher.run(argv);
    seconds.push_back(sample.seconds);
    cpu.push_back(sample.cpu_seconds);
    polled.peak_mib = std::max(polled.peak_mib, static_cast<double>(sample.peak_kib) / 1024);
    polled.traffic = forge.traffic();
  }
  polled.seconds = summary_of(seconds);
  polled.cpu = summary_of(cpu);
  return polled;
}

void print_row(const std::string& way, const Polled& polled) {
  const Traffic& traffic = polled.traffic;
  fmt::print(
      "| {} | {} | {} | {} | {:.2f} ({:.2f}-{:.2f}) s | {:.2f} s | {:.0f} MiB | {:.1f} MB |\n", way,
      traffic.requests, traffic.graphql, traffic.points, polled.seconds.median, polled.seconds.low,
      polled.seconds.high, polled.cpu.median, polled.peak_mib,
      static_cast<double>(traffic.bytes) / 1e6);
}

void print_head() {
  fmt::print(
      "| way | requests | of these GraphQL | points | wall | CPU | peak memory | answers |\n"
      "|---|---|---|---|---|---|---|---|\n");
}

void compare_plans(const Options& options, Goals& goals) {
  constexpr int kEnded = 1000;
  Planner planner(options.folder, options.size.repositories, options.size.issues, kEnded);
  std::vector<double> open;
  std::vector<double> facts;
  std::vector<double> decide;
  std::vector<double> whole;
  Planning last;
  for (int round = 0; round < options.rounds; ++round) {
    last = planner.plan();
    open.push_back(last.open * 1000);
    facts.push_back(last.facts * 1000);
    decide.push_back(last.decide * 1000);
    whole.push_back((last.facts + last.decide) * 1000);
  }
  fmt::print(
      "\nPlanning without the network: {} candidates, {} that start, a state of {} ended "
      "runs.\n\n",
      last.decisions, last.starts, kEnded);
  goals.check("facts and decisions", summary_of(whole).median, 100, "ms");
  fmt::print(
      "- of these the facts: {:.1f} ms, the decisions: {:.1f} ms\n"
      "- opening the state before, which verifies every row: {:.1f} ms\n",
      summary_of(facts).median, summary_of(decide).median, summary_of(open).median);
}

bool run(const Options& options) {
  ::setenv("FORGE_TOKEN", "bench-token", 1);
  const Launcher launcher;
  fs::remove_all(options.folder);
  fs::create_directories(options.folder);
  const FleetSize& size = options.size;
  fmt::print(
      "Machine: {}; {} rounds. {} repositories, {} ready issues, {} ms before each answer.\n\n",
      machine(options.folder), options.rounds, size.repositories, size.issues, size.latency_ms);
  Goals goals;
  if (options.only_planning) {
    compare_plans(options, goals);
    return goals.met();
  }
  const auto tick = [&](const FarForge& forge, bool dry) {
    std::vector<std::string> argv = {options.runner, "--manifests", forge.manifests(), "tick"};
    if (dry) {
      argv.emplace_back("--dry-run");
    }
    return argv;
  };
  print_head();
  std::optional<Polled> empty;
  {
    FarForge quiet(options.folder + "/quiet", size, false);
    print_row("empty, first tick", poll(launcher, quiet, options.rounds, tick(quiet, false),
                                        [&] { quiet.forget_state(); }));
    empty = poll(launcher, quiet, options.rounds, tick(quiet, false), [] {});
    print_row("empty, later ticks", *empty);
  }
  FarForge busy(options.folder + "/busy", size, true);
  const Polled first =
      poll(launcher, busy, options.rounds, tick(busy, true), [&] { busy.forget_state(); });
  print_row("all issues ready, first look", first);
  const std::string host = busy.url().substr(std::string("http://").size());
  const Polled usual =
      poll(launcher, busy, 1, {"python3", options.usual, host, std::to_string(size.repositories)},
           [] {});
  print_row("the usual way, once", usual);
  fmt::print("\nAn empty poll:\n\n");
  goals.check("requests", empty->traffic.requests, 25, "requests");
  goals.check("wall", empty->seconds.median, 0.5, "s");
  goals.check("CPU", empty->cpu.median, 0.2, "s");
  goals.check("memory", empty->peak_mib, 64, "MiB");
  fmt::print("\nA first poll with everything ready:\n\n");
  goals.check("requests", first.traffic.requests, 150, "requests");
  goals.check("wall", first.seconds.median, 5, "s");
  goals.check("memory", first.peak_mib, 64, "MiB");
  goals.check("beside the usual way", first.seconds.median / usual.seconds.median, 1,
              "of its wall");
  fmt::print("\nWhat GitHub allows, from the forge's log of the first poll:\n\n");
  goals.check("REST in a minute", first.traffic.busiest_minute, 900, "points");
  goals.check("GraphQL in a minute", first.traffic.graphql_a_minute, 2000, "points");
  goals.check("requests at once", first.traffic.at_once, 100, "requests");
  goals.check("GraphQL in an hour, at a tick a minute", 60.0 * first.traffic.points, 5000,
              "points");
  compare_plans(options, goals);
  return goals.met();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("What a poll of a fleet costs");
  bench::Options options;
  app.add_option("--folder", options.folder, "where state and manifests are made; emptied first")
      ->required();
  app.add_option("--runner", options.runner, "the program")->required();
  app.add_option("--usual", options.usual, "usual.py")->required();
  app.add_option("--repositories", options.size.repositories)->check(CLI::Range(1, 10'000));
  app.add_option("--issues", options.size.issues, "ready ones in all")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--latency", options.size.latency_ms, "ms before each answer");
  app.add_flag("--only-planning", options.only_planning, "nothing with a network");
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 100));
  CLI11_PARSE(app, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // Nothing is left for a child to say again.
  options.folder = bench::fs::absolute(options.folder);
  try {
    return bench::run(options) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
