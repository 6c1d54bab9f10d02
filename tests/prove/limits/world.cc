#include "tests/prove/limits/world.h"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/prove/frame/program.h"

namespace prove::limits {

void World::one_repository(const std::string& script) {
  fleet.shell("coder", script);
  fleet.repo("acme/shop", "coder");
  fleet.write();
}

void World::over_http() {
  server_ = std::make_unique<WebServer>(options_.programs, fleet.folder() + "/remotes");
  const std::string path = fleet.folder() + "/manifests/fleet.toml";
  std::string text = read_whole(path);
  const std::string by_path = "remote = \"" + fleet.folder() + "/remotes";
  const std::size_t at = text.find(by_path);
  if (at == std::string::npos) {
    throw std::runtime_error("the manifest names no remote by its path");
  }
  text.replace(at, by_path.size(), "remote = \"" + server_->url());
  test_support::write_file(path, text);
}

std::string World::measure(const std::vector<std::string>& words) {
  Program program;
  program.argv = {options_.runner};
  program.argv.insert(program.argv.end(), words.begin(), words.end());
  program.environment = {"PATH=/usr/bin:/bin",
                         "RUNNER_BUBBLEWRAP=/nonexistent",
                         "HOME=" + fleet.folder(),
                         "LANG=C.UTF-8",
                         "TZ=UTC",
                         "SUDO_USER=alice"};
  if (!options_.planted.empty()) {
    program.environment.push_back("RUNNER_PLANTED=" + options_.planted);
  }
  program.folder = fleet.folder();
  program.output = fleet.folder() + "/.measured";
  program.descriptors = kMostDescriptors;
  const Ended ended = run_program(program);
  const std::string said = read_whole(program.output);
  const std::string command = words.front() + (words.size() > 1 ? " " + words[1] : "");
  record_.count("commands");
  const std::string figure = "peak KiB: " + name_ + ", " + command;
  record_.figure(figure, std::max<std::int64_t>(record_.counted(figure), ended.peak_kib));
  std::ostringstream what;
  if (ended.peak_kib > kMostKib) {
    what << "took " << ended.peak_kib / 1024 << " MiB, more than " << kMostKib / 1024;
  } else if (ended.too_late || ended.code >= 128) {
    what << (ended.too_late ? "did not end" : "died") << ", code " << ended.code;
  } else if (ended.code != 0 && ended.code != 1) {
    what << "ended with " << ended.code;
  } else if (said.find("Too many open files") != std::string::npos) {
    what << "had no descriptor left";
  }
  if (!what.str().empty()) {
    violation("`runner " + command + "` " + what.str() + ": " +
              said.substr(said.size() - std::min<std::size_t>(said.size(), 200)));
  }
  return said;
}

void World::look(const std::string& issue) {
  (void)measure({"tick", "--dry-run"});
  (void)measure({"status"});
  (void)measure({"explain", issue});
  (void)measure({"metrics"});
  (void)measure({"runs"});
}

void World::tick_until(const std::function<bool()>& done, int seconds) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  // A turn that takes long is not looked at so often that the looking takes a core.
  auto pause = std::chrono::milliseconds(50);
  do {
    (void)measure({"tick"});
    if (std::chrono::steady_clock::now() > give_up) {
      violation("it is not done within " + std::to_string(seconds) + " seconds");
      return;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(800));
  } while (!done());
}

void World::tick_until_quiet(int seconds) {
  tick_until(
      [this] {
        for (const test_support::RunSeen& run : fleet.runs()) {
          if (run.live) {
            return false;
          }
        }
        return true;
      },
      seconds);
}

void World::expect(const std::string& outcome) {
  const test_support::RunSeen run = fleet.run_of("acme/shop");
  if (run.outcome != outcome) {
    violation("the run ended as '" + run.outcome + "', not as " + outcome + ": " + run.reason);
  }
}

void World::violation(const std::string& what) {
  record_.violation({.what = what, .where = name_, .seed = options_.seed});
}

void World::prepare(const std::string& script) {
  const std::string out = fleet.shell_output("(" + script + ") >/dev/null 2>&1 && echo prepared");
  if (out.find("prepared") == std::string::npos) {
    violation("the harness could not prepare it: " + script.substr(0, 200));
  }
}

}  // namespace prove::limits
