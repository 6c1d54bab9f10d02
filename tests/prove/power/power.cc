// The power is cut on a real file system while steps are being written: what was acknowledged is
// there afterwards, nothing is there by half, and the state opens. The same with synchronous=OFF
// must lose something, or the cut does not cut.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "runner/store/store.h"
#include "tests/prove/frame/harness.h"
#include "tests/prove/power/disk.h"
#include "tests/prove/power/writer.h"
#include "tests/support/playground.h"
#include "tests/support/signals.h"

namespace prove::power {

namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// A process whose output is read; killed at the end.
class Child {
 public:
  explicit Child(const std::vector<std::string>& words) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe");
    }
    std::vector<char*> argv;
    for (const std::string& word : words) {
      argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int code = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ends[0];
    if (code != 0) {
      pid_ = 0;
      throw std::runtime_error("cannot start " + words.front());
    }
  }
  ~Child() {
    (void)end();
    ::close(out_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Reads what has been said until `deadline`, or until `lines` lines have come.
  void read(int lines, std::chrono::steady_clock::time_point deadline) {
    for (;;) {
      const auto left =
          std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd ready{.fd = out_, .events = POLLIN, .revents = 0};
      if (said_lines() >= lines || left.count() < 0 ||
          ::poll(&ready, 1, static_cast<int>(left.count())) <= 0 || !take()) {
        return;
      }
    }
  }
  /// Kills it and reads the rest; its exit code, or 128 + signal.
  int end() {
    if (pid_ <= 0) {
      return status_;
    }
    (void)test_support::send_signal(pid_, SIGKILL);
    return wait();
  }
  int wait() {
    while (take()) {
    }
    int status = 0;
    (void)::waitpid(pid_, &status, 0);
    pid_ = 0;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return status_;
  }
  /// The last whole line as a number; 0 if there is none.
  [[nodiscard]] std::int64_t newest() const {
    const std::size_t end = said_.rfind('\n');
    if (end == std::string::npos) {
      return 0;
    }
    const std::size_t before = end == 0 ? std::string::npos : said_.rfind('\n', end - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    std::int64_t value = 0;
    std::from_chars(said_.data() + begin, said_.data() + end, value);
    return value;
  }

 private:
  [[nodiscard]] int said_lines() const {
    return static_cast<int>(std::count(said_.begin(), said_.end(), '\n'));
  }
  bool take() {
    char buffer[4096];
    const ssize_t got = ::read(out_, buffer, sizeof buffer);
    if (got > 0) {
      said_.append(buffer, static_cast<std::size_t>(got));
    }
    return got > 0;
  }

  pid_t pid_ = 0;
  int out_ = -1;
  int status_ = -1;
  std::string said_;
};

std::string this_program() {
  return fs::read_symlink("/proc/self/exe").string();
}

std::string newest_pause(const std::string& state) {
  auto reader = runner::store::open_store_read_only(state);
  if (!reader) {
    return reader.error().text();
  }
  const auto pause = (*reader)->pause();
  if (!pause) {
    return pause.error().text();
  }
  return *pause ? (**pause).why : "0";
}

enum class Mode : std::uint8_t { store, commands, careless };

class Case {
 public:
  Case(const Options& options, Record& record, Disk& disk, std::int64_t number)
      : options_(options),
        record_(record),
        disk_(disk),
        random_(mix(options.seed, "power", static_cast<std::uint64_t>(number))),
        mode_(number % 10 == 9   ? Mode::careless
              : number % 10 >= 7 ? Mode::commands
                                 : Mode::store),
        name_(fmt::format("case={}", number)) {}

  void run() {
    disk_.mount();
    state_ = disk_.folder() + "/state";
    for (const auto& entry : fs::directory_iterator(disk_.folder())) {
      fs::remove_all(entry.path());
    }
    fs::create_directories(state_);
    ::sync();
    acknowledged_ = mode_ == Mode::commands ? write_by_commands() : write_by_a_writer();
    disk_.unmount();
    disk_.mount();
    record_.count("power cuts");
    record_.count("steps acknowledged", acknowledged_);
    switch (mode_) {
      case Mode::store: check_store(); break;
      case Mode::commands: check_commands(); break;
      case Mode::careless: check_careless(); break;
    }
    disk_.unmount();
  }

 private:
  std::int64_t pick(std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random_);
  }

  /// The cut comes a random moment after a random number of acknowledged steps.
  std::int64_t write_by_a_writer() {
    Child child({this_program(), "writer", state_, mode_ == Mode::careless ? "careless" : "store"});
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    child.read(static_cast<int>(pick(0, 12)), patience);
    std::this_thread::sleep_for(microseconds(pick(0, 6000)));
    disk_.cut_power();
    (void)child.end();
    return child.newest();
  }

  /// The program itself: `runner pause` with a number; its exit code acknowledges.
  std::int64_t write_by_commands() {
    test_support::write_file(disk_.folder() + "/manifests/fleet.toml",
                             "[fleet]\nkill_switch = false\nstate_dir = \"../state\"\n");
    ::sync();
    const std::int64_t whole = pick(0, 4);
    std::int64_t done = 0;
    for (std::int64_t step = 1; step <= whole; ++step) {
      Child child(command(step));
      if (child.wait() == 0) {
        done = step;
      }
    }
    Child last(command(whole + 1));
    std::this_thread::sleep_for(microseconds(pick(0, 40000)));
    disk_.cut_power();
    return last.wait() == 0 ? whole + 1 : done;
  }
  [[nodiscard]] std::vector<std::string> command(std::int64_t step) const {
    return {options_.runner, "--manifests", disk_.folder() + "/manifests",
            "pause",         "--why",       std::to_string(step)};
  }

  void check_store() {
    if (!fs::exists(state_ + "/state.db")) {
      record_.seen("cut before there was a state");
      if (acknowledged_ > 0) {
        violation("the whole state is gone");
      }
      return;
    }
    if (fs::exists(state_ + "/state.db-journal")) {
      record_.seen("cut in the middle of a step");
    }
    runner::store::StoreOptions options;
    options.state_dir = state_;
    {
      auto store = runner::store::open_store(options);
      if (!store) {
        violation("the state does not open: " + store.error().text());
        return;
      }
      if (const auto runs = (*store)->runs({}); !runs) {
        violation("the state is not believed: " + runs.error().text());
        return;
      }
    }
    const Written written = look(state_);
    if (!written.readable) {
      violation(written.why);
    } else if (written.steps < acknowledged_ || written.steps > acknowledged_ + 1) {
      violation(fmt::format("invariant 3: {} steps were acknowledged, {} are there", acknowledged_,
                            written.steps));
    }
    if (written.steps > 0) {
      record_.seen("steps survived the cut");
    }
    // And work goes on from there.
    Child next({this_program(), "writer", state_, "store"});
    next.read(1, std::chrono::steady_clock::now() + std::chrono::seconds(20));
    (void)next.end();
    if (next.newest() < written.steps + 1) {
      violation("no step can be written after the cut");
    }
  }

  void check_commands() {
    Child tick({options_.runner, "--manifests", disk_.folder() + "/manifests", "tick"});
    if (const int code = tick.wait(); code != 0) {
      violation(fmt::format("a tick after the cut ends with {}", code));
    }
    const std::string why = newest_pause(state_);
    std::int64_t there = 0;
    std::from_chars(why.data(), why.data() + why.size(), there);
    if (there < acknowledged_ || there > acknowledged_ + 1) {
      violation(fmt::format("invariant 3: `pause` {} was acknowledged, the state says \"{}\"",
                            acknowledged_, why));
    }
    record_.seen("the program's own commands were cut off");
  }

  void check_careless() {
    const Written written = look(state_);
    if (!written.readable || written.steps < acknowledged_) {
      record_.seen("without syncs steps are lost");
      record_.count("controls that lost something");
    }
    record_.count("controls");
  }

  void violation(const std::string& what) {
    record_.violation({.what = what, .where = name_, .seed = options_.seed});
  }

  const Options& options_;
  Record& record_;
  Disk& disk_;
  std::mt19937_64 random_;
  Mode mode_;
  std::string name_;
  std::string state_;
  std::int64_t acknowledged_ = 0;
};

void harness(const Options& options, Record& record) {
  if (const std::string why = Disk::missing(); !why.empty()) {
    record.skip(why);
    return;
  }
  Disk::keep_mounts_to_ourselves();
  for (const char* mark :
       {"cut in the middle of a step", "steps survived the cut", "without syncs steps are lost",
        "the program's own commands were cut off"}) {
    record.expect(mark);
  }
  std::mutex mutex;
  std::vector<std::unique_ptr<Disk>> disks;
  int made = 0;
  const auto work = [&](std::int64_t number) {
    std::unique_ptr<Disk> disk;
    {
      const std::lock_guard lock(mutex);
      if (!disks.empty()) {
        disk = std::move(disks.back());
        disks.pop_back();
      } else {
        disk = std::make_unique<Disk>(fmt::format("{}/disk{}", options.scratch, ++made));
      }
    }
    // A disk that something went wrong with is not used again.
    Case(options, record, *disk, number).run();
    const std::lock_guard lock(mutex);
    disks.push_back(std::move(disk));
  };
  if (!options.only.empty()) {
    work(std::stoll(options.only.substr(options.only.find_last_of("= ") + 1)));
    return;
  }
  spread(options, record, options.count(200, 10000), work);
}

}  // namespace

}  // namespace prove::power

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "writer") {
    return prove::power::writer(argv[2], argv[3]);
  }
  return prove::main(argc, argv, "power", prove::power::harness);
}
