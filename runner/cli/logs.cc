#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/cli/commands.h"
#include "runner/cli/describe.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_model.h"
#include "runner/cli/screen.h"
#include "runner/cli/state.h"
#include "runner/cli/tail_file.h"
#include "runner/process/turn_files.h"

namespace runner::cli {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(200);
constexpr int kPollsPerLook = 5;  // the state is looked at once a second
constexpr std::size_t kJsonOutput = 1 << 20;
constexpr std::size_t kMostSpec = 4 << 20;

/// One turn's transcript, printed as it grows.
class Transcript {
 public:
  Transcript(const jobs::Turn& turn, const Screen& screen, bool raw)
      : paths_(turn.directory),
        number_(turn.number),
        screen_(screen),
        raw_(raw),
        stream_(!raw && is_stream(paths_)),
        output_(paths_.output),
        events_(paths_.events) {
    if (!raw_) {
      const std::string by = turn.agent.empty() ? "" : ", " + jobs::one_line(turn.agent);
      put(paint(screen_, Ink::bold,
                fmt::format("== turn {}: {}, {}{} ==", turn.number, jobs::one_line(turn.stage),
                            jobs::to_string(turn.kind), by)) +
          "\n");
    }
  }

  [[nodiscard]] int number() const { return number_; }

  /// Prints everything that is there now.
  void drain() {
    // What an agent of a known kind prints are events for programs; the supervisor's own are for
    // people, and say the same.
    while (!stream_) {
      const TailFile::Chunk chunk = output_.read();
      if (chunk.restarted) {
        notice(lines_.finish());
        if (!raw_) {
          put(paint(screen_, Ink::dim, "-- the output was cut; it goes on from its new beginning") +
              "\n");
        }
      }
      if (chunk.bytes.empty()) {
        break;
      }
      raw_ ? put(chunk.bytes) : put(jobs::printable(lines_.feed(chunk.bytes)));
    }
    if (!raw_) {
      // Not the agent's own file of reports: only as events are they checked and redacted.
      print_events(events_, event_lines_);
    }
  }

  void finish(const jobs::Turn& turn) {
    if (std::exchange(finished_, true)) {
      return;
    }
    drain();
    if (raw_) {
      return;
    }
    notice(lines_.finish());
    const Cell end = end_of(turn);
    std::string line = "-- " + jobs::one_line(end.text);
    if (turn.exit && !turn.exit->detail.empty()) {
      line += ": " + jobs::one_line(turn.exit->detail);
    }
    if (turn.usage) {
      line +=
          fmt::format(", {}, {}", dollars(turn.usage->usd), counted(turn.usage->tokens, "token"));
    }
    put(paint(screen_, end.ink, line) + "\n");
  }

 private:
  static void notice(const std::string& rest) { put(jobs::printable(rest)); }

  void print_events(TailFile& file, LineBuffer& buffer) {
    std::string lines;
    for (TailFile::Chunk chunk = file.read(); !chunk.bytes.empty(); chunk = file.read()) {
      lines += buffer.feed(chunk.bytes);
    }
    for (std::size_t begin = 0; begin < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', begin), lines.size());
      const auto event = process::parse_event(std::string_view(lines).substr(begin, end - begin));
      begin = end + 1;
      if (event) {
        print_event(*event);
      }
    }
  }

  void print_event(const process::TurnEvent& event) const {
    if (event.type == "text") {
      put(jobs::printable(event.text) + "\n");
      return;
    }
    if (event.type == "tool") {
      const std::string name = event.name.empty() ? "tool" : event.name;
      put(paint(screen_, Ink::bold, "-> " + jobs::one_line(name, 100)) + " " +
          jobs::one_line(event.text, 300) + "\n");
      return;
    }
    std::string line =
        fmt::format("-- {} {}", jobs::format_time(event.at), jobs::one_line(event.type));
    if (!event.name.empty()) {
      line += " " + jobs::one_line(event.name, 100);
    }
    if (!event.text.empty()) {
      line += ": " + jobs::one_line(event.text, 1000);
    }
    const bool bad = event.type == "error" || (event.type == "result" && event.name != "success");
    put(paint(screen_, bad ? Ink::red : Ink::dim, line) + "\n");
  }

  static bool is_stream(const process::TurnPaths& paths) {
    const FileEnd spec = read_end(paths.spec, kMostSpec);
    const auto read = process::parse_spec(spec.bytes);
    return read && read->agent_kind != jobs::AgentKind::command;
  }

  process::TurnPaths paths_;
  int number_;
  Screen screen_;
  bool raw_;
  bool stream_;  ///< its agent is of a known kind
  bool finished_ = false;
  TailFile output_;
  TailFile events_;
  LineBuffer lines_;
  LineBuffer event_lines_;
};

/// The turns that were asked for and have a folder. not_found if a turn was named that the run does
/// not have.
jobs::Result<std::vector<jobs::Turn>> turns_of(const LogsCommand& command, jobs::StoreReader& store,
                                               const jobs::Run& run) {
  RUNNER_ASSIGN(std::vector<jobs::Turn> turns, store.turns(run.id));
  const std::size_t count = turns.size();
  std::erase_if(turns, [&](const jobs::Turn& turn) {
    return turn.directory.empty() || (command.turn != 0 && turn.number != command.turn);
  });
  if (turns.empty() && command.turn != 0 && !(command.follow && run.live())) {
    return jobs::fail(jobs::ErrorKind::not_found,
                      fmt::format("run {} has no turn {}: it has {}", run.id.str(), command.turn,
                                  counted(static_cast<std::int64_t>(count), "turn")));
  }
  return turns;
}

Json document(const jobs::Run& run, const std::vector<jobs::Turn>& turns) {
  Json list = Json::array();
  for (const jobs::Turn& turn : turns) {
    const FileEnd output = read_end(process::TurnPaths(turn.directory).output, kJsonOutput);
    Json item = to_json(turn);
    item.set("output", output.bytes).set("output_cut", output.cut);
    list.push(item);
  }
  return json_root().set("run", run.id.str()).set("live", run.live()).set("turns", list);
}

/// Prints turn after turn; with `follow` until the run, or the one turn that was named, has ended.
jobs::Status print(const LogsCommand& command, jobs::StoreReader& store, jobs::Run run) {
  const Screen screen = make_screen(command.global.color);
  std::unique_ptr<Transcript> current;
  for (int poll = 0;; ++poll) {
    if (poll % kPollsPerLook == 0) {
      RUNNER_ASSIGN(run, store.run(run.id.str()));
      RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, turns_of(command, store, run));
      const int shown = current ? current->number() : 0;
      for (const jobs::Turn& turn : turns) {
        if (turn.number < shown) {
          continue;
        }
        if (!current || current->number() != turn.number) {
          current = std::make_unique<Transcript>(turn, screen, command.raw);
        }
        const bool newest = turn.number == turns.back().number;
        if (!newest || !command.follow || !run.live() || turn.state == jobs::TurnState::ended) {
          current->finish(turn);
          if (command.turn != 0 && turn.state == jobs::TurnState::ended) {
            return jobs::ok();
          }
        }
      }
      if (!command.follow || !run.live()) {
        return jobs::ok();
      }
    }
    if (current) {
      current->drain();
    }
    if (!flush_output()) {
      return jobs::ok();  // nobody reads any more
    }
    std::this_thread::sleep_for(kPoll);
  }
}

jobs::Status show(const LogsCommand& command) {
  if (command.global.json && (command.follow || command.raw)) {
    return jobs::fail(jobs::ErrorKind::usage,
                      "--json gives one object: it goes with neither --follow nor --raw");
  }
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(command.global));
  RUNNER_ASSIGN(const auto store, open_reader(fleet));
  RUNNER_ASSIGN(const jobs::Run run, store->run(command.run));
  if (command.global.json) {
    RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, turns_of(command, *store, run));
    print_json(document(run, turns));
    return jobs::ok();
  }
  return print(command, *store, run);
}

}  // namespace

int run_logs(const LogsCommand& command) {
  if (auto shown = show(command); !shown) {
    return report_error(command.global, shown.error());
  }
  return 0;
}

}  // namespace runner::cli
