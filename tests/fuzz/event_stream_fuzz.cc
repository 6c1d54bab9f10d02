// What an agent writes while its turn runs, in pieces cut anywhere: its reports, and its output as
// `runner logs -f` follows it. The first two bytes say which and how it is cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/text.h"
#include "jobs/model/run.h"
#include "runner/cli/tail_file.h"
#include "runner/process/agent_files.h"
#include "runner/process/turn_files.h"
#include "runner/process/turn_log.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;
namespace process = runner::process;

const fuzz::Folder& folder() {
  static const fuzz::Folder made;
  return made;
}

void check_report(const process::TurnEvent& report) {
  if (report.type == "phase") {
    require(jobs::parse_phase(report.text).has_value(), "a phase is a known one");
    return;
  }
  require(report.type == "blocked" || report.type == "note", "a report is of a known type");
  require(!report.text.empty() && report.text.size() <= 1000, "a report's text is bounded");
  require(fuzz::is_safe_text(report.text, false), "a report's text is one harmless line");
}

/// Reads the reports while the file grows by pieces.
std::vector<process::TurnEvent> read_growing(std::string_view bytes, std::size_t step) {
  const process::TurnPaths paths(folder().path + "/turn");
  std::filesystem::create_directories(paths.agent);
  fuzz::write_file(paths.reports, "");
  process::AgentFiles files(paths, "");
  std::vector<process::TurnEvent> all;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::ofstream(paths.reports, std::ios::binary | std::ios::app) << bytes.substr(at, step);
    for (auto& report : files.new_reports()) {
      check_report(report);
      all.push_back(std::move(report));
    }
  }
  return all;
}

void check_reports(std::string_view bytes, std::size_t step) {
  const auto pieces = read_growing(bytes, step);
  const auto whole = read_growing(bytes, std::max<std::size_t>(1, bytes.size()));
  require(pieces.size() == whole.size(), "growing by pieces changes no report");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    require(pieces[i].type == whole[i].type && pieces[i].text == whole[i].text,
            "growing by pieces changes no text");
  }
}

/// The log that the supervisor makes of reports, and what a tick reads in it.
void check_events(std::string_view bytes) {
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto event = process::parse_event(line);
    if (!event) {
      continue;
    }
    const std::string written = process::to_json_line(*event);
    require(std::ranges::count(written, '\n') == 1 && written.ends_with('\n'),
            "an event is one line");
    const auto again = process::parse_event(written);
    require(again && again->at == event->at && again->type == jobs::to_valid_utf8(event->type) &&
                again->text == event->text,
            "an event reads back as it was written");
    if (const auto report = process::accept_report(*event)) {
      check_report(*report);
    }
  }
}

void check_follow(std::string_view bytes, std::size_t step) {
  runner::cli::LineBuffer lines;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    out += lines.feed(bytes.substr(at, step));
  }
  out += lines.finish();
  const bool added = out.size() == bytes.size() + 1 && out.back() == '\n';
  require((out == bytes || added) && out.starts_with(bytes), "following a file loses nothing");

  const std::string path = folder().path + "/output.log";
  fuzz::write_file(path, bytes);
  runner::cli::TailFile tail(path);
  std::string read;
  while (true) {
    const auto chunk = tail.read(step);
    if (chunk.bytes.empty()) {
      break;
    }
    read += chunk.bytes;
  }
  require(read == bytes, "a file is read whole");
  const auto end = runner::cli::read_end(path, step);
  require(bytes.ends_with(end.bytes) && end.cut == (bytes.size() > step), "the end is the end");
}

/// Never more on disk than was allowed, whatever came.
void check_cap(std::string_view bytes, std::size_t step) {
  const process::TurnPaths paths(folder().path + "/log");
  std::filesystem::create_directories(paths.agent);
  std::filesystem::remove(paths.output);
  process::Redactor redactor;
  redactor.add_secret("abcd");
  constexpr std::int64_t kMost = 100;
  {
    process::TurnLog log(paths, kMost, redactor);
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      log.output(bytes.substr(at, step), jobs::TimePoint{});
    }
    log.finish_output(jobs::TimePoint{});
    require(log.output_bytes() == static_cast<std::int64_t>(bytes.size()), "every byte is counted");
  }
  const auto kept = std::filesystem::file_size(paths.output);
  const std::string whole = redactor.redact(bytes);
  require(kept == std::min<std::size_t>(whole.size(), kMost), "output is kept up to its cap");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8192) {
    return 0;
  }
  fuzz::Input input(data, size);
  const std::size_t what = input.below(4);
  const std::size_t step = 1 + input.byte();
  const std::string bytes = input.rest();
  switch (what) {
    case 0: check_reports(bytes, step); break;
    case 1: check_events(bytes); break;
    case 2: check_follow(bytes, step); break;
    default: check_cap(bytes, step); break;
  }
  return 0;
}
