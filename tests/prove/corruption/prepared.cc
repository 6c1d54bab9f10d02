#include "tests/prove/corruption/prepared.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <sqlite3.h>

#include "tests/oracle/observe_folder.h"

namespace prove::corruption {

namespace {

namespace fs = std::filesystem;
using test_support::content_of;
using test_support::write_file;

const std::vector<std::string> kRepos = {"acme/shop", "acme/lib"};

[[noreturn]] void give_up(const std::string& what) {
  throw std::runtime_error(what);
}

/// A database in the middle of a step: what is in the file and what is in its journal, as `kill -9`
/// would leave them.
std::pair<std::string, std::string> cut_off(const std::string& path, const char* statements) {
  sqlite3* handle = nullptr;
  if (sqlite3_open(path.c_str(), &handle) != SQLITE_OK ||
      sqlite3_exec(handle, "PRAGMA cache_size=2; PRAGMA synchronous=FULL; BEGIN IMMEDIATE", nullptr,
                   nullptr, nullptr) != SQLITE_OK ||
      sqlite3_exec(handle, statements, nullptr, nullptr, nullptr) != SQLITE_OK) {
    const std::string why = sqlite3_errmsg(handle);
    sqlite3_close(handle);
    give_up("cannot prepare a step that is cut off: " + why);
  }
  std::pair<std::string, std::string> result{content_of(path), content_of(path + "-journal")};
  sqlite3_close(handle);
  return result;
}

void each_file(const std::string& folder, const std::string& beneath, std::string& out) {
  DIR* const listing = ::opendir(folder.c_str());
  if (listing == nullptr) {
    return;
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && !name.starts_with(".answer")) {
      names.push_back(name);
    }
  }
  ::closedir(listing);
  std::ranges::sort(names);
  for (const std::string& name : names) {
    struct stat info{};
    const std::string path = folder + "/" + name;
    (void)::lstat(path.c_str(), &info);
    out += fmt::format("{}/{} {} {:o} {} {}.{}\n", beneath, name, info.st_ino, info.st_mode,
                       S_ISDIR(info.st_mode) ? 0 : info.st_size,
                       S_ISDIR(info.st_mode) && beneath.empty() ? 0 : info.st_mtim.tv_sec,
                       S_ISDIR(info.st_mode) && beneath.empty() ? 0 : info.st_mtim.tv_nsec);
    if (S_ISDIR(info.st_mode)) {
      each_file(path, beneath + "/" + name, out);
    }
  }
}

void set_up(test_support::SmallFleet& fleet, const Options& options) {
  if (!options.planted.empty()) {
    fleet.play.environment.push_back("RUNNER_PLANTED=" + options.planted);
  }
  fleet.other_tables = "\n[ci.gate]\nkind = \"command\"\ncommand = [\"true\"]\n";
  fleet.scripted("coder", {"usage", R"({"usd": "0.10", "tokens": 1000})", "commits", "1"});
  fleet.repo(kRepos[0], "coder");
  fleet.repo(kRepos[1], "coder", "ci = \"gate\"\n");
  fleet.write();
}

}  // namespace

Prepared::Prepared(const Options& options, const std::string& folder)
    : options_(options), folder_(folder) {
  fs::create_directories(folder_);
  const std::string other = folder_ + "/other.db";
  sqlite3* handle = nullptr;
  (void)sqlite3_open(other.c_str(), &handle);
  (void)sqlite3_exec(handle, "CREATE TABLE t(x); INSERT INTO t VALUES(zeroblob(60000))", nullptr,
                     nullptr, nullptr);
  sqlite3_close(handle);
  foreign_ = content_of(other);
  foreign_journal_ = cut_off(other, "UPDATE t SET x = randomblob(60000)").second;

  set_up(fleet_, options_);
  (void)fleet_.tick();
  keep("empty", false);
  fleet_.issue(kRepos[0], 1);
  keep("released", true);
  tick_and_wait();
  if (fleet_.agent_starts() != 1) {
    give_up("the agent was not started; is " + options_.programs + "/fake_agent there?");
  }
  keep("turn-ended", true);
  tick_and_wait();
  keep("verified", false);
  (void)fleet_.tick();
  (void)fleet_.tick();
  keep("landed", false);
  keep_cut_off();
  fleet_.issue(kRepos[0], 2);
  fleet_.issue(kRepos[1], 1);
  keep("released-more", true);
  for (int i = 0; i < 3; ++i) {
    tick_and_wait();
  }
  keep("watching", true);
  tick_and_wait();
  (void)fleet_.tick();
  keep("all-ended", false);
  keep_cut_off();
  for (Point& point : points_) {
    restore(point);
    const test_support::Answer answer = fleet_.tick();
    wait_for_turns();
    touched();
    point.exit_code = answer.exit_code;
    point.outcome = outcome(point);
    if (answer.exit_code != 0) {
      give_up("the undamaged tick of " + point.name + " fails: " + answer.out + answer.error);
    }
  }
}

void Prepared::tick_and_wait() const {
  (void)fleet_.tick();
  wait_for_turns();
}

void Prepared::keep(const std::string& name, bool starts) {
  Point point{.name = name, .copy = folder_ + "/" + name, .starts = starts};
  point.sources.now = files();
  point.sources.older = older_;
  point.sources.foreign = foreign_;
  point.sources.foreign_journal = foreign_journal_;
  if (older_.empty()) {
    point.sources.older = {point.sources.now.database};
  }
  fs::copy(fleet_.folder(), point.copy,
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  if (older_.empty() || older_.back() != point.sources.now.database) {
    older_.push_back(point.sources.now.database);
  }
  points_.push_back(std::move(point));
}

/// The newest point once more, in the middle of a step.
void Prepared::keep_cut_off() {
  Point point = points_.back();
  const std::string scratch = folder_ + "/cut-off.db";
  write_file(scratch, point.sources.now.database);
  const auto [database, journal] =
      cut_off(scratch,
              "UPDATE runs SET title = title || 'x'; UPDATE outbox SET text = text || 'y';"
              "UPDATE turns SET agent = 'z'; UPDATE ledger SET usd = usd + 1;"
              "UPDATE events SET detail = 'e'; UPDATE decisions SET detail = 'd'");
  if (database == point.sources.now.database || journal.size() < 4096) {
    give_up("nothing of the step that was cut off reached the file");
  }
  point.name += "-cut-off";
  point.sources.now.database = database;
  point.sources.now.journal = journal;
  point.sources.hot = true;
  points_.push_back(std::move(point));
}

void Prepared::restore(const Point& point) {
  if (at_ == point.name) {
    place(point.sources.now, false);
    return;
  }
  for (const auto& entry : fs::directory_iterator(fleet_.folder())) {
    fs::remove_all(entry.path());
  }
  fs::copy(point.copy, fleet_.folder(),
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  place(point.sources.now, false);
  at_ = point.name;
}

void Prepared::place(const Files& files, bool gone) const {
  const std::string path = state_file();
  std::error_code none;
  if (gone) {
    fs::remove(path, none);
  } else {
    write_file(path, files.database);
  }
  if (files.journal) {
    write_file(path + "-journal", *files.journal);
  } else {
    fs::remove(path + "-journal", none);
  }
  write_file(fleet_.folder() + "/state/state.lock", files.lock);
}

Files Prepared::files() const {
  Files out;
  const std::string path = state_file();
  out.database = content_of(path);
  if (fs::exists(path + "-journal")) {
    out.journal = content_of(path + "-journal");
  }
  out.lock = content_of(fleet_.folder() + "/state/state.lock");
  return out;
}

std::string Prepared::tree() const {
  std::string out;
  each_file(fleet_.folder(), "", out);
  return out;
}

void Prepared::wait_for_turns() const {
  const std::string state = fleet_.folder() + "/state";
  const auto give_up_at = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (;;) {
    bool running = false;
    std::error_code error;
    for (const char* const root : {"/turns", "/ci-turns", "/setup-turns"}) {
      for (fs::recursive_directory_iterator at(state + root, error), end; !error && at != end;
           at.increment(error)) {
        if (at->path().filename() == "spec.json") {
          running = running || !fs::exists(at->path().parent_path() / "exit.json");
          at.pop(error);
        }
      }
    }
    if (!running) {
      return;
    }
    if (std::chrono::steady_clock::now() > give_up_at) {
      give_up("a turn does not end in " + state);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

oracle::Observation Prepared::observe() const {
  oracle::Place place;
  place.state_dir = fleet_.folder() + "/state";
  place.issues_dir = fleet_.folder() + "/issues";
  for (const std::string& repo : kRepos) {
    place.remotes.emplace_back(repo, fleet_.remote(repo));
  }
  place.agent_log = fleet_.folder() + "/agent.log";
  place.notifications = fleet_.folder() + "/pager.jsonl";
  place.scratch = folder_;
  return oracle::observe_folder(place);
}

std::string Prepared::outcome(const Point& point) const {
  const oracle::Observation now = observe();
  std::string out;
  int starts = 0;
  for (const auto& [turn, times] : now.starts) {
    starts += times;
  }
  out += fmt::format("{} starts\n", starts);
  for (const oracle::RunRow& run : now.runs) {
    out += fmt::format("run {}#{}", run.repo, run.number);
    if (!point.starts) {
      out += fmt::format(" {} {} {} landings {} turns {}", run.step, run.outcome, run.reason,
                         run.landings, run.turns);
    }
    out += "\n";
  }
  if (point.starts) {
    // How far the tick came depends on how quickly the process ended.
    return out;
  }
  for (const auto& [repo, remote] : now.remotes) {
    out += fmt::format("{}: {} commits\n", repo, remote.base.size());
  }
  for (const oracle::TurnRow& turn : now.turns) {
    out += fmt::format("turn {} {} {} {}\n", turn.number, turn.kind, turn.state, turn.end);
  }
  for (const oracle::LedgerLine& line : now.ledger) {
    out += fmt::format("ledger {} {} {} {} {}\n", line.seq, line.kind, line.turn, line.amount.usd,
                       line.amount.tokens);
  }
  for (const oracle::EffectRow& effect : now.outbox) {
    out += fmt::format("effect {} {} {}\n", effect.id, effect.kind, effect.state);
  }
  for (const auto& [issue, seen] : now.issues) {
    out += fmt::format("issue {}#{} {} {} comments", issue.first, issue.second,
                       seen.open ? "open" : "closed", seen.comments.size());
    for (const std::string& label : seen.labels) {
      out += " " + label;
    }
    out += "\n";
  }
  return out + fmt::format("{} notifications\n", now.notifications.size());
}

test_support::Answer Prepared::tick_as_nobody() const {
  const std::string base = fleet_.folder() + "/.answer-nobody";
  const std::string manifests = fleet_.folder() + "/manifests";
  const bool root = ::geteuid() == 0;
  const mode_t before = 0700;
  // The folder itself must be passable for everybody, what is in it stays its owner's to write.
  (void)::chmod(fleet_.folder().c_str(), 0755);
  (void)::chmod((fleet_.folder() + "/state").c_str(), root ? 0755 : 0555);
  (void)::chmod(state_file().c_str(), 0444);
  const pid_t child = ::fork();
  if (child == 0) {
    const int out = ::open((base + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    (void)::dup2(out, STDOUT_FILENO);
    (void)::dup2(out, STDERR_FILENO);
    if (root && (::setgid(65534) != 0 || ::setuid(65534) != 0)) {
      ::_exit(125);
    }
    ::execl(options_.runner.c_str(), "runner", "--manifests", manifests.c_str(), "tick", nullptr);
    ::_exit(126);
  }
  int status = 0;
  (void)::waitpid(child, &status, 0);
  (void)::chmod(state_file().c_str(), 0600);
  (void)::chmod((fleet_.folder() + "/state").c_str(), before);
  (void)::chmod(fleet_.folder().c_str(), before);
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .out = content_of(base + ".out")};
}

}  // namespace prove::corruption
