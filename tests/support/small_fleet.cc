#include "tests/support/small_fleet.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iomanip>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/signals.h"

namespace test_support {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string quoted(const std::string& text) {
  return Json(text).dump();
}

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    out += (out.empty() ? "[" : ", ") + quoted(word);
  }
  return out.empty() ? "[]" : out + "]";
}

std::string text_at(const Json& object, const char* key) {
  return object.contains(key) && object.at(key).is_string() ? object.at(key).get<std::string>()
                                                            : std::string();
}

/// The environment without what a person may have set up for git.
const char* const kGitEnvironment =
    "unset GIT_DIR GIT_WORK_TREE; export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null "
    "GIT_AUTHOR_NAME=alice GIT_AUTHOR_EMAIL=alice@example.com GIT_COMMITTER_NAME=alice "
    "GIT_COMMITTER_EMAIL=alice@example.com LC_ALL=C; ";

std::string shell_word(const std::string& word) {
  std::string out = "'";
  for (const char c : word) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

std::string a_minute_ago() {
  const std::time_t when = std::time(nullptr) - 60;
  std::tm parts{};
  (void)gmtime_r(&when, &parts);
  std::ostringstream out;
  out << std::put_time(&parts, "%Y-%m-%dT%H:%M:%SZ");
  return out.str();
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::string with_spaces(std::string text) {
  for (char& c : text) {
    c = c == '\0' ? ' ' : c;
  }
  return text;
}

/// Everything here is synced all the time, which on a busy disk is most of what a test waits for.
/// No test of this kind cuts the power, so memory will do where there is enough of it.
std::string fast_folder() {
  std::error_code error;
  const fs::space_info space = fs::space("/dev/shm", error);
  const bool usable = !error && space.available > (std::uintmax_t{1} << 30) &&
                      ::access("/dev/shm", W_OK | X_OK) == 0;
  return usable ? "/dev/shm" : "";
}

RunSeen seen(const Json& run) {
  RunSeen out;
  out.id = text_at(run, "id");
  out.repo = text_at(run, "repo");
  out.issue = run.at("issue").get<int>();
  out.live = run.at("live").get<bool>();
  out.step = text_at(run, "step");
  out.outcome = text_at(run, "outcome");
  out.reason = text_at(run, "reason");
  out.landed = text_at(run, "landed");
  out.worktree = text_at(run, "worktree");
  out.turns = run.at("turns").get<int>();
  const Json& reserved = run.at("spend").at("reserved");
  out.reserved_left = reserved.at("turns").get<int>() != 0 || reserved.at("tokens").get<int>() != 0;
  out.settled_turns = run.at("spend").at("settled").at("turns").get<int>();
  return out;
}

}  // namespace

SmallFleet::SmallFleet() : play(/*manifests=*/false, fast_folder()) {
  write_file(folder() + "/issues/permissions.toml",
             "[permissions]\nalice = \"write\"\nmallory = \"read\"\n");
  fs::create_directories(folder() + "/remotes");
  (void)shell_output(
      "git init -q -b main seed && cd seed && echo 'Read me' > README.md && git add -A && "
      "git commit -q -m Start && cd .. && git clone -q --bare seed remotes/seed.git && rm -r seed");
}

SmallFleet::~SmallFleet() {
  // A test that failed may leave turns; they must not outlive it.
  std::istringstream lines(processes());
  for (std::string line; std::getline(lines, line);) {
    (void)send_signal(std::atoi(line.c_str()), SIGKILL);
  }
}

void SmallFleet::agent(const std::string& name, const std::vector<std::string>& command,
                       const std::string& lines) {
  agents_ += "\n[agent." + name + "]\ncommand = " + list_of(command) +
             "\nusage_file = \"usage.json\"\n" +
             "env = { FAKE_AGENT_LOG = " + quoted(folder() + "/agent.log") +
             ", FAKE_AGENT_METER = " + quoted(folder() + "/meter.log") +
             ", GIT_AUTHOR_NAME = \"agent\", GIT_AUTHOR_EMAIL = \"agent@example.com\", "
             "GIT_COMMITTER_NAME = \"agent\", GIT_COMMITTER_EMAIL = \"agent@example.com\" }\n" +
             lines;
}

std::string test_program(const std::string& name) {
  const char* programs = std::getenv("RUNNER_TEST_PROGRAMS");
  return std::string(programs == nullptr ? "." : programs) + "/" + name;
}

void SmallFleet::scripted(const std::string& name, const std::vector<std::string>& steps,
                          const std::string& lines) {
  std::vector<std::string> command{test_program("fake_agent")};
  command.insert(command.end(), steps.begin(), steps.end());
  agent(name, command, lines);
}

void SmallFleet::shell(const std::string& name, const std::string& script,
                       const std::string& lines) {
  agent(name, {"/bin/sh", "-c", script}, lines);
}

void SmallFleet::repo(const std::string& name, const std::string& agent, const std::string& lines) {
  fs::create_directories(fs::path(remote(name)).parent_path());
  fs::copy(folder() + "/remotes/seed.git", remote(name), fs::copy_options::recursive);
  repo_without_remote(name, agent, lines);
}

void SmallFleet::repo_without_remote(const std::string& name, const std::string& agent,
                                     const std::string& lines) {
  repos_ += "\n[[repo]]\nname = " + quoted(name) + "\nremote = " +
            quoted(remote_prefix.empty() ? remote(name) : remote_prefix + "/" + name + ".git") +
            "\nagent = " + quoted(agent) + "\n" + lines;
  fs::create_directories(folder() + "/issues/" + name);
  allow_ += (allow_.empty() ? "" : ", ") + quoted(name);
}

Answer SmallFleet::tick() const {
  Answer answer = play.run({"tick"});
  if (after_tick) {
    after_tick();
  }
  return answer;
}

void SmallFleet::write() const {
  const std::string limits =
      "max_live_runs = 30\nmax_starts_per_tick = 30\ncooldown = \"1s\"\nretry_delay = \"1s\"\n"
      "disk_free_bytes = \"1MiB\"\n";
  write_file(
      folder() + "/manifests/fleet.toml",
      "[fleet]\nstate_dir = \"../state\"\nmetrics_textfile = \"../metrics.prom\"\nallow = [" +
          allow_ + "]\n" + fleet_lines + "\n[limits]\n" + limits + limit_lines +
          "\n[defaults]\ntracker = \"files\"\nnotify = [\"pager\"]\n" + default_lines +
          "\n[tracker.files]\npath = \"../issues\"\n\n[notify.pager]\nkind = \"file\"\n"
          "path = \"../pager.jsonl\"\n" +
          other_tables + agents_ + repos_);
  const Answer checked = run({"manifests", "check"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.error;
}

void SmallFleet::issue(const std::string& repo, int number, const std::string& title) const {
  write_issue(repo, std::to_string(number) + "-issue.md",
              "+++\ntitle = " + quoted(title) +
                  "\nlabels = [\"ready-for-agent\"]\nready_by = \"alice\"\nready_at = " +
                  a_minute_ago() + "\n+++\n\nPlease do it.\n");
}

void SmallFleet::write_issue(const std::string& repo, const std::string& file,
                             const std::string& content) const {
  write_file(folder() + "/issues/" + repo + "/" + file, content);
}

std::string SmallFleet::issue_file(const std::string& repo, int number) const {
  return folder() + "/issues/" + repo + "/" + std::to_string(number) + "-issue.md";
}

std::string SmallFleet::issue_text(const std::string& repo, int number) const {
  return content_of(issue_file(repo, number));
}

bool SmallFleet::tick_until(const std::function<bool()>& done, int seconds) const {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > give_up) {
      return false;
    }
    (void)tick();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return true;
}

bool SmallFleet::tick_until_quiet(int seconds) const {
  (void)tick();
  return tick_until(
      [&] {
        for (const RunSeen& run : runs()) {
          if (run.live) {
            return false;
          }
        }
        return true;
      },
      seconds);
}

std::vector<RunSeen> SmallFleet::runs() const {
  const Json answer = Json::parse(run({"runs", "--json"}).out, nullptr, /*allow_exceptions=*/false);
  std::vector<RunSeen> out;
  if (answer.is_object() && answer.contains("runs")) {
    for (const Json& run : answer.at("runs")) {
      out.push_back(seen(run));
    }
  }
  return out;
}

RunSeen SmallFleet::run_of(const std::string& repo) const {
  for (const RunSeen& run : runs()) {
    if (run.repo == repo) {
      return run;
    }
  }
  return {};
}

std::string SmallFleet::reason_of(const std::string& repo, int number) const {
  const Json answer =
      Json::parse(run({"tick", "--dry-run", "--json"}).out, nullptr, /*allow_exceptions=*/false);
  if (answer.is_object() && answer.contains("decisions")) {
    for (const Json& decision : answer.at("decisions")) {
      if (decision.at("repo") == repo && decision.at("issue") == number) {
        return text_at(decision, "reason") + ": " + text_at(decision, "detail");
      }
    }
  }
  return "no decision in: " + answer.dump().substr(0, 2000);
}

std::string SmallFleet::remote(const std::string& repo) const {
  return folder() + "/remotes/" + repo + ".git";
}

std::string SmallFleet::git(const std::string& folder,
                            const std::vector<std::string>& words) const {
  std::string script = "git -C " + shell_word(folder);
  for (const std::string& word : words) {
    script += " " + shell_word(word);
  }
  return shell_output(script);
}

std::string SmallFleet::shell_output(const std::string& script) const {
  const std::string all =
      kGitEnvironment + ("cd " + shell_word(folder())) + " && { " + script + "; } 2>&1";
  FILE* pipe = popen(all.c_str(), "re");
  std::string out;
  char buffer[4096];
  for (std::size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    out.append(buffer, got);
  }
  (void)pclose(pipe);
  while (out.ends_with('\n')) {
    out.pop_back();
  }
  return out;
}

int SmallFleet::commits_landed(const std::string& repo) const {
  return std::atoi(
             git(remote(repo), {"rev-list", "--count", "--no-merges", "refs/heads/main"}).c_str()) -
         1;
}

int SmallFleet::agent_starts() const {
  std::istringstream log(content_of(folder() + "/agent.log"));
  int starts = 0;
  for (std::string line; std::getline(log, line);) {
    starts += line.starts_with("started ") ? 1 : 0;
  }
  return starts;
}

bool SmallFleet::wait_for_starts(int count, int seconds) const {
  for (int i = 0; i < seconds * 50 && agent_starts() < count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return agent_starts() >= count;
}

std::string SmallFleet::processes() const {
  std::string out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string pid = entry.path().filename().string();
    if (!is_number(pid) || std::atoi(pid.c_str()) == getpid()) {
      continue;
    }
    const std::string line = with_spaces(content_of(entry.path().string() + "/cmdline"));
    const std::string environment = content_of(entry.path().string() + "/environ");
    if (line.find(folder()) != std::string::npos ||
        environment.find(folder()) != std::string::npos) {
      out += pid + " " + line.substr(0, 300) + "\n";
    }
  }
  return out;
}

std::vector<std::string> SmallFleet::notifications() const {
  std::istringstream lines(content_of(folder() + "/pager.jsonl"));
  std::vector<std::string> out;
  for (std::string line; std::getline(lines, line);) {
    out.push_back(line);
  }
  return out;
}

}  // namespace test_support
