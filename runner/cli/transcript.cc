#include "runner/cli/transcript.h"

#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/cli/describe.h"
#include "runner/cli/json_model.h"

namespace runner::cli {

namespace {

constexpr std::size_t kMostSpec = 4U << 20U;

void notice(const std::string& rest) {
  put(jobs::printable(rest));
}

bool is_stream(const process::TurnPaths& paths) {
  const FileEnd spec = read_end(paths.spec, kMostSpec);
  const auto read = process::parse_spec(spec.bytes);
  return read && read->agent_kind != jobs::AgentKind::command;
}

}  // namespace

Transcript::Transcript(const jobs::Turn& turn, const Screen& screen, LogForm form,
                       const EventPlace& after)
    : paths_(turn.directory),
      number_(turn.number),
      screen_(screen),
      form_(form),
      stream_(form == LogForm::readable && is_stream(paths_)),
      output_(paths_.output),
      events_(paths_.events, after.turn == turn.number ? after.number : 0) {
  if (form_ == LogForm::readable) {
    const std::string by = turn.agent.empty() ? "" : ", " + jobs::one_line(turn.agent);
    put(paint(screen_, Ink::bold,
              fmt::format("== turn {}: {}, {}{} ==", turn.number, jobs::one_line(turn.stage),
                          jobs::to_string(turn.kind), by)) +
        "\n");
  }
}

void Transcript::drain() {
  // What an agent of a known kind prints are events for programs; the supervisor's own are for
  // people, and say the same.
  if (form_ != LogForm::events && !stream_) {
    drain_output();
  }
  if (form_ != LogForm::raw) {
    // Not the agent's own file of reports: only as events are they checked and redacted.
    for (const process::TurnEvent& event : events_.read()) {
      form_ == LogForm::events ? print_object(event) : print_event(event);
    }
  }
}

void Transcript::drain_output() {
  const bool raw = form_ == LogForm::raw;
  while (true) {
    const TailFile::Chunk chunk = output_.read();
    if (chunk.restarted) {
      notice(lines_.finish());
      if (!raw) {
        put(paint(screen_, Ink::dim, "-- the output was cut; it goes on from its new beginning") +
            "\n");
      }
    }
    if (chunk.bytes.empty()) {
      return;
    }
    raw ? put(chunk.bytes) : put(jobs::printable(lines_.feed(chunk.bytes)));
  }
}

void Transcript::finish(const jobs::Turn& turn) {
  if (std::exchange(finished_, true)) {
    return;
  }
  drain();
  if (form_ != LogForm::readable) {
    return;
  }
  notice(lines_.finish());
  const Cell end = end_of(turn);
  std::string line = "-- " + jobs::one_line(end.text);
  if (turn.exit && !turn.exit->detail.empty()) {
    line += ": " + jobs::one_line(turn.exit->detail);
  }
  if (turn.usage) {
    line += fmt::format(", {}, {}", dollars(turn.usage->usd), counted(turn.usage->tokens, "token"));
  }
  put(paint(screen_, end.ink, line) + "\n");
}

void Transcript::print_event(const process::TurnEvent& event) const {
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

void Transcript::print_object(const process::TurnEvent& event) const {
  Json json = Json::object();
  json.set("id", to_string(EventPlace{.turn = number_, .number = event.number}));
  json.set("turn", number_).set("at", to_json(std::optional(event.at)));
  json.set("type", event.type).set("name", text_or_null(event.name));
  json.set("text", text_or_null(event.text));
  json.set("usage", event.usage ? to_json(*event.usage) : Json());
  put(json.line() + "\n");
}

}  // namespace runner::cli
