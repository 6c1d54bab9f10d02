#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/prove/hostile_text/flows.h"
#include "tests/prove/hostile_text/sinks.h"
#include "tests/support/small_fleet.h"

namespace prove::hostile_text {

namespace {

namespace fs = std::filesystem;
using test_support::Answer;
using test_support::RunSeen;
using test_support::SmallFleet;

constexpr int kRepos = 30;
constexpr std::size_t kPlaces = 10;

std::string toml_text(const std::string& text) {
  std::string valid = text;
  std::erase(valid, '\0');
  return nlohmann::json(valid).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

/// One line of a script takes no line end; what needs one goes through a file.
std::string one_line_of(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\0' || c == '\r'; }, ' ');
  return text;
}

std::string file_name(const std::string& text) {
  std::string name = "f";
  for (const char c : text.substr(0, 120)) {
    name += c == '/' || c == '\0' ? '_' : c;
  }
  return name;
}

class Fleet {
 public:
  Fleet(Record& record, std::int64_t number, const std::string& planted)
      : record_(record), number_(static_cast<std::size_t>(number)) {
    if (!planted.empty()) {
      fleet_.play.environment.push_back("RUNNER_PLANTED=" + planted);
    }
  }

  void run() {
    for (int repo = 0; repo < kRepos; ++repo) {
      add(repo);
    }
    fleet_.write();
    watch();
    if (!fleet_.tick_until_quiet(120)) {
      Case(record_, "fleet", name()).sink("fleet", Fault("the runs do not end"));
    }
    watch();
    check_remotes();
    check_files();
    check_directories();
  }

 private:
  std::string name() const { return std::to_string(number_); }

  const std::string& text(int repo, std::size_t place) const {
    const auto& all = hostile_strings();
    const std::size_t index = number_ * kRepos * kPlaces + static_cast<std::size_t>(repo) * kPlaces;
    return all[(index + place) % all.size()].text;
  }

  static std::string repo_name(int repo) { return "acme/r" + std::to_string(repo); }

  void add(int repo) {
    const std::string folder = fleet_.folder() + "/scripts/" + std::to_string(repo);
    fs::create_directories(folder);
    test_support::write_file(folder + "/message", text(repo, 4) + "\n\n" + text(repo, 5));
    test_support::write_file(folder + "/output", text(repo, 6));
    test_support::write_file(
        folder + "/script", "print-file " + folder + "/output\nnote " + one_line_of(text(repo, 7)) +
                                "\nwrite " + one_line_of(file_name(text(repo, 8))) +
                                "\ncommit-file " + folder + "/message\ncommits 1\nusage " +
                                one_line_of(text(repo, 9)) + "\nprint done\n");
    const std::string agent = "says-" + std::to_string(repo);
    fleet_.scripted(agent, {"@" + folder + "/script"});
    // The repository's test prints hostile text as well, and is red for some.
    fleet_.repo(repo_name(repo), agent,
                "test = [\"/bin/sh\", \"-c\", \"cat " + folder + "/output; exit " +
                    (repo % 5 == 0 ? "1" : "0") + "\"]\n");
    fleet_.write_issue(repo_name(repo), "1-issue.md",
                       "+++\ntitle = " + toml_text(text(repo, 0)) +
                           "\nlabels = [\"ready-for-agent\", " + toml_text(text(repo, 1)) +
                           "]\nready_by = \"alice\"\nready_at = 2026-01-02T03:04:05Z\n+++\n\n" +
                           text(repo, 2));
    fleet_.write_issue(repo_name(repo), "1.comments/0001-mallory.md",
                       "+++\nauthor = " + toml_text(text(repo, 3)) + "\n+++\n\n" + text(repo, 3));
  }

  void show(const std::vector<std::string>& words) {
    const Answer answer = fleet_.run(words);
    std::string command;
    for (const std::string& word : words) {
      command += word + " ";
    }
    Case at(record_, "fleet", name());
    const bool json = std::ranges::find(words, "--json") != words.end();
    at.sink("terminal", prefixed(command, terminal_fault(answer.error)));
    at.sink("terminal", prefixed(command, terminal_fault(answer.out)));
    if (json && words.front() != "tick") {
      at.sink("json", prefixed(command, json_fault(answer.out)));
    }
    at.sink("exit code", answer.exit_code != 70, command + "says that it found a bug");
    record_.count("commands shown");
  }

  static Fault prefixed(const std::string& command, Fault fault) {
    return fault ? Fault(command + ": " + *fault) : fault;
  }

  void watch() {
    for (const auto& words : std::vector<std::vector<std::string>>{{"tick", "--dry-run"},
                                                                   {"tick"},
                                                                   {"runs"},
                                                                   {"runs", "--json"},
                                                                   {"status"},
                                                                   {"status", "--json"},
                                                                   {"worktrees"},
                                                                   {"health"},
                                                                   {"metrics"}}) {
      show(words);
    }
    const auto runs = fleet_.runs();
    record_.count("fleet runs", static_cast<std::int64_t>(runs.size()));
    for (std::size_t i = 0; i < runs.size() && i < 6; ++i) {
      show({"runs", "show", runs[i].id});
      show({"runs", "show", runs[i].id, "--json"});
      show({"logs", runs[i].id});
    }
    for (int repo = 0; repo < kRepos; repo += 5) {
      show({"explain", repo_name(repo) + "#1"});
      show({"issue", "show", repo_name(repo) + "#1"});
    }
  }

  /// The runner's own commits: their trailers as git reads them say our run and nothing else.
  void check_remotes() {
    for (const RunSeen& run : fleet_.runs()) {
      Case at(record_, "fleet", name() + " " + run.repo);
      const std::string remote = fleet_.remote(run.repo);
      at.sink("ref",
              fleet_.git(remote, {"for-each-ref", "--format=%(refname)"}) == "refs/heads/main",
              "another ref came into being");
      if (run.landed.empty()) {
        continue;
      }
      record_.seen("a fleet's run landed");
      const std::string message = fleet_.git(remote, {"log", "-1", "--format=%B", run.landed});
      if (fleet_.git(remote, {"log", "-1", "--format=%an", run.landed}) != "runner") {
        continue;
      }
      at.sink("commit", terminal_fault(message));
      const std::string path = fleet_.folder() + "/message";
      test_support::write_file(path, message + "\n");
      const std::string trailers = fleet_.git(remote, {"interpret-trailers", "--parse", path});
      at.sink("commit", trailers == "Runner-Run: " + run.id, "its trailers say: " + trailers);
      record_.seen("a commit of the runner was read");
    }
  }

  /// Nothing was made outside, nothing that a hostile text asked for, and every line that is kept
  /// for machines is JSON.
  void check_files() {
    Case at(record_, "fleet", name());
    const std::set<std::string> known = {"agent.log", "issues",      "manifests", "metrics.prom",
                                         "meter.log", "pager.jsonl", "remotes",   "scripts",
                                         "state",     "message",     "out",       "err"};
    for (const auto& entry : fs::directory_iterator(fleet_.folder())) {
      const std::string file = entry.path().filename().string();
      at.sink("path",
              known.contains(file) || file.starts_with("answer") || file.starts_with("run") ||
                  file.starts_with("."),
              "something new lies beside the state: " + file);
    }
    for (const auto& entry : fs::recursive_directory_iterator(fleet_.folder() + "/state")) {
      const std::string path = entry.path().string();
      const bool product = path.find("/worktrees/") == std::string::npos &&
                           path.find("/agent/") == std::string::npos;
      if (product) {
        at.sink("path", line_fault(path));
      }
      at.sink("path", !entry.path().filename().string().starts_with("owned"),
              "a text was obeyed: " + path.substr(0, 200));
    }
    at.sink("path", !fs::exists("owned"), "a text was obeyed here");
    std::vector<std::string> labels;
    at.sink("metric",
            metrics_fault(test_support::content_of(fleet_.folder() + "/metrics.prom"), labels));
    for (const std::string& line : fleet_.notifications()) {
      at.sink("notification", json_line_fault(line));
    }
  }

  /// Events of the turns, and the comments.
  void check_directories() {
    Case at(record_, "fleet", name());
    for (const auto& entry : fs::recursive_directory_iterator(fleet_.folder() + "/state/turns")) {
      if (entry.path().filename() == "events.ndjson") {
        std::ifstream in(entry.path());
        for (std::string line; std::getline(in, line);) {
          at.sink("events", json_line_fault(line));
        }
      }
    }
    for (int repo = 0; repo < kRepos; ++repo) {
      const std::string folder = fleet_.folder() + "/issues/" + repo_name(repo) + "/1.comments";
      std::error_code error;
      int ours = 0;
      for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string content = test_support::content_of(entry.path().string());
        const bool mine = entry.path().filename().string().find("runner") != std::string::npos;
        ours += mine ? 1 : 0;
        const auto body = content.find("<!-- runner:checklist -->");
        if (mine && body != std::string::npos) {
          at.sink("comment", checklist_fault(content.substr(body), 4));
        }
      }
      at.sink("comment", ours <= 1, "several comments of the runner");
    }
  }

  Record& record_;
  std::size_t number_;
  SmallFleet fleet_;
};

}  // namespace

void feed_fleet(Record& record, std::int64_t number, const std::string& planted) {
  Fleet(record, number, planted).run();
}

}  // namespace prove::hostile_text
