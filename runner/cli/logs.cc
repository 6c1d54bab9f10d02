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
#include "runner/cli/transcript.h"
#include "runner/process/turn_files.h"

namespace runner::cli {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(200);
constexpr int kPollsPerLook = 5;  // the state is looked at once a second
constexpr std::size_t kJsonOutput = 1 << 20;

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

LogForm form_of(const LogsCommand& command) {
  return command.events ? LogForm::events : command.raw ? LogForm::raw : LogForm::readable;
}

/// Prints turn after turn; with `follow` until the run, or the one turn that was named, has ended.
jobs::Status print(const LogsCommand& command, jobs::StoreReader& store, jobs::Run run,
                   const EventPlace& after) {
  const Screen screen = make_screen(command.global.color);
  std::unique_ptr<Transcript> current;
  for (int poll = 0;; ++poll) {
    if (poll % kPollsPerLook == 0) {
      RUNNER_ASSIGN(run, store.run(run.id.str()));
      RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, turns_of(command, store, run));
      const int shown = current ? current->number() : after.turn;
      for (const jobs::Turn& turn : turns) {
        if (turn.number < shown) {
          continue;
        }
        if (!current || current->number() != turn.number) {
          current = std::make_unique<Transcript>(turn, screen, form_of(command), after);
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

jobs::Result<EventPlace> place_of(const LogsCommand& command) {
  if (command.after.empty()) {
    return EventPlace{};
  }
  if (!command.events) {
    return jobs::fail(jobs::ErrorKind::usage, "--after goes with --events only");
  }
  const auto place = parse_event_place(command.after);
  if (!place) {
    return jobs::fail(jobs::ErrorKind::usage,
                      fmt::format("--after is \"{}\"", jobs::one_line(command.after, 60)),
                      "it is the \"id\" of the last line that came, such as 2.37");
  }
  return *place;
}

jobs::Status show(const LogsCommand& command) {
  if (command.global.json && (command.follow || command.raw || command.events)) {
    return jobs::fail(jobs::ErrorKind::usage,
                      "--json gives one object: it goes with neither --follow, --raw nor --events",
                      "--events gives one object a line");
  }
  if (command.events && command.raw) {
    return jobs::fail(jobs::ErrorKind::usage, "--raw and --events exclude each other");
  }
  RUNNER_ASSIGN(const EventPlace after, place_of(command));
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(command.global));
  RUNNER_ASSIGN(const auto store, open_reader(fleet));
  RUNNER_ASSIGN(const jobs::Run run, store->run(command.run));
  if (command.global.json) {
    RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, turns_of(command, *store, run));
    print_json(document(run, turns));
    return jobs::ok();
  }
  return print(command, *store, run, after);
}

}  // namespace

int run_logs(const LogsCommand& command) {
  if (auto shown = show(command); !shown) {
    return report_error(command.global, shown.error());
  }
  return 0;
}

}  // namespace runner::cli
