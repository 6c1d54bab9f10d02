#include "tests/prove/policy/bench.h"

#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "tests/oracle/observe_folder.h"
#include "tests/oracle/read_state.h"

namespace prove::policy {

namespace fs = std::filesystem;

std::string ago(int seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr) - seconds));
}

Bench::Bench(const Options& options, Record& record, std::string name)
    : record_(record), name_(std::move(name)), seed_(options.seed) {
  fleet.scripted("coder", {"commits", "1"});
  fleet.shell("waiter",
              waiting() + "echo done > work.txt; git add work.txt; git commit -q -m Work");
  if (!options.planted.empty()) {
    fleet.play.environment.push_back("RUNNER_PLANTED=" + options.planted);
  }
}

void Bench::begin() {
  fleet.limit_lines += limits_;
  fleet.write();
}

void Bench::set(const std::string& key, const std::string& value) {
  const std::string path = fleet.folder() + "/manifests/fleet.toml";
  std::string text = test_support::content_of(path);
  const std::string line = fmt::format("\n{} = {}\n", key, value);
  const std::size_t at = text.find("\n" + key + " = ");
  if (at != std::string::npos) {
    text.replace(at, text.find('\n', at + 1) + 1 - at, line);
  } else {
    text.replace(text.find("\n[limits]\n") + 9, 1, line);
  }
  test_support::write_file(path, text);
}

void Bench::issue(const std::string& repo, int number, const std::string& lines,
                  const std::string& body) const {
  std::string front =
      fmt::format("title = \"Do something\"\nlabels = [\"ready-for-agent\"]\n{}", lines);
  if (front.find("ready_by") == std::string::npos) {
    front += "ready_by = \"alice\"\n";
  }
  if (front.find("ready_at") == std::string::npos) {
    front += fmt::format("ready_at = {}\n", ago(60));
  }
  fleet.write_issue(repo, fmt::format("{}-issue.md", number),
                    fmt::format("+++\n{}+++\n\n{}\n", front, body));
}

std::string Bench::waiting() const {
  return fmt::format("{} {}/go true; ", test_support::test_program("gated"), fleet.folder());
}

void Bench::let_go() const {
  test_support::write_file(fleet.folder() + "/go", "");
}

void Bench::tick() {
  const test_support::Answer answer = fleet.tick();
  record_.count("ticks");
  expect(answer.exit_code == 0, 15,
         fmt::format("a tick ended with {}: {}", answer.exit_code,
                     (answer.error + answer.out).substr(0, 500)));
}

test_support::Started Bench::start_at(const std::string& point, const std::string& log) {
  std::vector<std::string>& environment = fleet.play.environment;
  environment.push_back("RUNNER_POINT=" + point);
  environment.push_back("RUNNER_POINT_LOG=" + log);
  test_support::Started tick = fleet.play.start({"tick"});
  environment.resize(environment.size() - 2);
  record_.count("ticks");
  return tick;
}

bool Bench::wait_for(const std::string& what, int invariant, const std::function<bool()>& done,
                     int seconds) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > give_up) {
      return expect(false, invariant, what + ": not within any time");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

bool Bench::tick_until(const std::string& what, int invariant, const std::function<bool()>& done,
                       int seconds) {
  return wait_for(
      what, invariant,
      [&] {
        if (failed_ || done()) {
          return true;
        }
        (void)fleet.tick();
        record_.count("ticks");
        return false;
      },
      seconds);
}

void Bench::finish(int seconds) {
  (void)fleet.tick();
  tick_until(
      "every run ends", 4,
      [&] {
        for (const oracle::RunRow& run : rows().runs) {
          if (run.live()) {
            return false;
          }
        }
        return true;
      },
      seconds);
  (void)fleet.tick();
  (void)fleet.tick();
  record_.count("ticks", 3);
  if (failed_) {
    return;
  }
  const auto findings = oracle::judge_quiet(look(), rules);
  for (const oracle::Finding& finding : findings) {
    expect(false, finding.invariant, finding.text);
  }
  record_.count("judged");
}

oracle::Observation Bench::rows() const {
  oracle::Observation seen;
  const std::string state = fleet.folder() + "/state";
  if (fs::exists(state + "/state.db")) {
    oracle::read_state(state, fleet.folder() + "/copy", seen);
  }
  return seen;
}

oracle::Observation Bench::look() const {
  oracle::Place place{.state_dir = fleet.folder() + "/state",
                      .issues_dir = fleet.folder() + "/issues",
                      .remotes = {},
                      .agent_log = fleet.folder() + "/agent.log",
                      .meter = "",
                      .notifications = fleet.folder() + "/pager.jsonl",
                      .base_branch = "main",
                      .scratch = fleet.folder() + "/copy"};
  for (const auto& entry : fs::directory_iterator(fleet.folder() + "/remotes/acme")) {
    const std::string repo = "acme/" + entry.path().stem().string();
    place.remotes.emplace_back(repo, entry.path().string());
  }
  return oracle::observe_folder(place);
}

oracle::RunRow Bench::run_of(const std::string& repo, int number) const {
  oracle::RunRow newest;
  for (const oracle::RunRow& run : rows().runs) {
    if (run.repo == repo && run.number == number && run.id > newest.id) {
      newest = run;
    }
  }
  return newest;
}

std::string Bench::reason(const std::string& repo, int number) const {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2((fleet.folder() + "/state/state.db").c_str(), &raw,
                                     SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(raw, &sqlite3_close);
  sqlite3_stmt* query = nullptr;
  if (opened != SQLITE_OK ||
      sqlite3_prepare_v2(raw,
                         "SELECT reason FROM decisions WHERE repo = ? AND number = ? AND tick = "
                         "(SELECT id FROM ticks ORDER BY started_at DESC, id DESC LIMIT 1)",
                         -1, &query, nullptr) != SQLITE_OK) {
    return "unreadable";
  }
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(query,
                                                                             &sqlite3_finalize);
  sqlite3_bind_text(query, 1, repo.c_str(), -1, SQLITE_TRANSIENT);
  sqlite3_bind_int(query, 2, number);
  std::string found;
  while (sqlite3_step(query) == SQLITE_ROW) {
    found += (found.empty() ? "" : " and ") +
             std::string(reinterpret_cast<const char*>(sqlite3_column_text(query, 0)));
  }
  return found.empty() ? "no reason" : found;
}

std::string Bench::turn(const oracle::RunRow& run, int number) const {
  return fmt::format("{}/state/turns/{}/{}", fleet.folder(), run.id, number);
}

bool Bench::expect(bool right, int invariant, const std::string& what) {
  record_.count("looked at");
  if (!right) {
    failed_ = true;
    record_.violation(
        {.what = fmt::format("invariant {}: {}", invariant, what), .where = name_, .seed = seed_});
  }
  return right;
}

void Bench::expect_end(const std::string& repo, const std::string& outcome, int invariant,
                       int number) {
  const oracle::RunRow run = run_of(repo, number);
  expect(run.outcome == outcome, invariant,
         fmt::format("{}#{} ended as '{}' instead of '{}': {}", repo, number, run.outcome, outcome,
                     run.reason));
}

}  // namespace prove::policy
