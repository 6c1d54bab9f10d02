#include "tests/prove/trace/ground.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "tests/prove/trace/copy.h"
#include "tests/support/signals.h"
#include "tests/support/whole_file.h"

namespace prove::trace {

namespace {

namespace fs = std::filesystem;

constexpr const char* kRepo = "acme/shop";

std::vector<std::string> environment(const Options& options, const std::string& folder) {
  std::vector<std::string> variables = {"PATH=/usr/bin:/bin",
                                        "RUNNER_BUBBLEWRAP=/nonexistent",
                                        "HOME=" + folder,
                                        "LANG=C.UTF-8",
                                        "GIT_CONFIG_NOSYSTEM=1",
                                        "GIT_CONFIG_GLOBAL=/dev/null",
                                        "GIT_AUTHOR_NAME=alice",
                                        "GIT_AUTHOR_EMAIL=alice@example.com",
                                        "GIT_COMMITTER_NAME=alice",
                                        "GIT_COMMITTER_EMAIL=alice@example.com",
                                        "RUNNER_MANIFESTS=" + folder + "/manifests"};
  if (!options.planted.empty()) {
    variables.push_back("RUNNER_PLANTED=" + options.planted);
  }
  return variables;
}

std::string a_minute_ago() {
  const std::time_t when = std::time(nullptr) - 60;
  std::tm parts{};
  (void)gmtime_r(&when, &parts);
  char text[32];
  (void)std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string fleet_toml(const std::string& folder, const std::string& programs) {
  const auto gated = [&](const char* gate) {
    return fmt::format(R"("{}/gated", "{}/gates/{}")", programs, folder, gate);
  };
  return fmt::format(R"([fleet]
state_dir = "../state"
metrics_textfile = "../metrics.prom"
allow = ["{repo}"]
kill_switch = false
[limits]
cooldown = "1ms"
retry_delay = "1ms"
disk_free_bytes = "1MiB"
[defaults]
tracker = "files"
notify = ["pager"]
test = [{verify}, "true"]
[tracker.files]
path = "../issues"
[notify.pager]
kind = "file"
path = "../pager.jsonl"
[ci.gate]
kind = "command"
command = [{ci}, "/bin/sh", "-c", "test $(git rev-list --count --no-merges HEAD) -ge 3"]
[agent.coder]
command = [{agent}, "{programs}/fake_agent", "commits", "1", "usage", '{{"usd": "0.10", "tokens": 1000}}']
usage_file = "usage.json"
env = {{ FAKE_AGENT_LOG = "{folder}/agent.log" }}
[[repo]]
name = "{repo}"
remote = "{folder}/remotes/{repo}.git"
agent = "coder"
ci = "gate"
)",
                     fmt::arg("repo", kRepo), fmt::arg("folder", folder),
                     fmt::arg("programs", programs), fmt::arg("verify", gated("verify")),
                     fmt::arg("ci", gated("ci")), fmt::arg("agent", gated("agent")));
}

/// In memory if there is room: this is no test of a disk.
std::string fast_folder(const Options& options) {
  std::error_code error;
  const fs::space_info space = fs::space("/dev/shm", error);
  const bool usable = !error && space.available > (std::uintmax_t{1} << 30) &&
                      ::access("/dev/shm", W_OK | X_OK) == 0;
  return usable ? "/dev/shm" : options.scratch;
}

bool lives(int pid) {
  return pid > 1 && test_support::send_signal(pid, 0) == 0 &&
         test_support::whole_file(fmt::format("/proc/{}/stat", pid)).find(") Z ") ==
             std::string::npos;
}

/// The pid in a supervisor.json; 0 if there is none.
int supervisor_of(const std::string& directory) {
  const std::string text = test_support::whole_file(directory + "/supervisor.json");
  const std::size_t at = text.find("\"pid\":");
  return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + 6);
}

}  // namespace

Ground::Ground(const Options& options, int number)
    : options_(options),
      root_(fmt::format("{}/{}-{}", fast_folder(options),
                        fs::path(options.scratch).filename().string(), number)),
      folder_(root_ + "/play") {
  fs::create_directories(root_);
}

Ground::~Ground() {
  try {
    kill_processes();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void Ground::make() const {
  remove_tree(folder_);
  fs::create_directories(folder_ + "/gates");
  fs::create_directories(fmt::format("{}/remotes/{}.git", folder_, kRepo));
  write_text(folder_ + "/manifests/fleet.toml", fleet_toml(folder_, options_.programs));
  write_text(folder_ + "/issues/permissions.toml", "[permissions]\nalice = \"write\"\n");
  write_text(fmt::format("{}/issues/{}/1-issue.md", folder_, kRepo),
             "+++\ntitle = \"Do something\"\nlabels = [\"ready-for-agent\"]\nready_by = "
             "\"alice\"\nready_at = " +
                 a_minute_ago() + "\n+++\n\nPlease do it.\n");
  Launch git;
  git.argv = {"/bin/sh", "-ec",
              "git init -q -b main ../seed; cd ../seed; echo 'Read me' > README.md; git add -A; "
              "git commit -q -m Start; cd - > /dev/null; git init -q --bare -b main .; "
              "git fetch -q ../seed main:main; rm -r ../seed"};
  git.environment = environment(options_, folder_);
  git.folder = fmt::format("{}/remotes/{}.git", folder_, kRepo);
  if (const End made = run(git); made.code != 0) {
    throw std::runtime_error("cannot make a remote: " + made.error);
  }
}

void Ground::save(const std::string& name) const {
  copy_tree(folder_, root_ + "/saved-" + name);
}

void Ground::restore(const std::string& name) const {
  kill_processes();
  copy_tree(root_ + "/saved-" + name, folder_);
}

bool Ground::saved(const std::string& name) const {
  return fs::exists(root_ + "/saved-" + name);
}

Launch Ground::runner(const std::vector<std::string>& words) const {
  Launch launch;
  launch.argv = {options_.runner};
  launch.argv.insert(launch.argv.end(), words.begin(), words.end());
  launch.environment = environment(options_, folder_);
  launch.folder = folder_;
  return launch;
}

Launch Ground::supervisor(const std::string& turn_directory) const {
  return runner({"supervise", turn_directory});
}

void Ground::open(std::string_view gate) const {
  write_text(fmt::format("{}/gates/{}", folder_, gate), "");
}

void Ground::close(std::string_view gate) const {
  fs::remove(fmt::format("{}/gates/{}", folder_, gate));
}

void Ground::open_all() const {
  for (const char* gate : {"agent", "verify", "ci"}) {
    open(gate);
  }
}

std::vector<std::string> Ground::turns() const {
  std::vector<std::string> result;
  std::error_code error;
  for (const char* root : {"/turns", "/ci-turns", "/setup-turns"}) {
    for (const auto& each : fs::directory_iterator(state_dir() + root, error)) {
      for (const auto& turn : fs::directory_iterator(each.path(), error)) {
        if (!turn.path().filename().string().starts_with(".")) {
          result.push_back(turn.path());
        }
      }
    }
  }
  std::ranges::sort(result);
  return result;
}

std::vector<int> Ground::supervisors() const {
  std::vector<int> result;
  for (const std::string& turn : turns()) {
    if (const int pid = supervisor_of(turn); lives(pid)) {
      result.push_back(pid);
    }
  }
  return result;
}

bool Ground::wait_for_turns(int seconds) const {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!supervisors().empty()) {
    if (std::chrono::steady_clock::now() > give_up) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

std::vector<int> Ground::processes() const {
  std::vector<int> result;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0 || pid == ::getpid()) {
      continue;
    }
    const std::string path = entry.path();
    if (test_support::whole_file(path + "/cmdline").find(folder_ + "/") != std::string::npos ||
        test_support::whole_file(path + "/environ").find(folder_ + "/") != std::string::npos) {
      result.push_back(pid);
    }
  }
  return result;
}

void Ground::kill_processes() const {
  // One that is just becoming another program has neither arguments nor environment: it is seen at
  // the second look.
  int clean = 0;
  for (int round = 0; round < 100; ++round) {
    const std::vector<int> pids = processes();
    clean = pids.empty() ? clean + 1 : 0;
    if (clean == 2) {
      return;
    }
    for (const int pid : pids) {
      (void)test_support::send_signal(pid, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(clean > 0 ? 2 : 5));
  }
  throw std::runtime_error("processes of " + folder_ + " do not die");
}

oracle::Observation Ground::observe() const {
  return oracle::observe_folder(
      {.state_dir = state_dir(),
       .issues_dir = folder_ + "/issues",
       .remotes = {{kRepo, fmt::format("{}/remotes/{}.git", folder_, kRepo)}},
       .agent_log = folder_ + "/agent.log",
       .meter = folder_ + "/meter",
       .notifications = folder_ + "/pager.jsonl",
       .base_branch = "main",
       .scratch = root_});
}

oracle::Rules Ground::rules() {
  return {};
}

void write_text(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace prove::trace
