#include "runner/process/report.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"
#include "runner/process/redactor.h"
#include "runner/process/turn_files.h"

namespace runner::process {

using jobs::ErrorKind;
using jobs::Status;

namespace {

/// The supervisor redacts what it makes of a report. This keeps secrets out of the file that lies
/// between the two: whoever reports is the agent, whose variables say which they are.
std::string without_secrets(const std::string& text) {
  Redactor redactor;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    const auto equals = variable.find('=');
    if (equals != std::string_view::npos && looks_secret(variable.substr(0, equals))) {
      redactor.add_secret(variable.substr(equals + 1));
    }
  }
  return redactor.redact(text);
}

}  // namespace

Status report(const std::string& turn_dir, const Report& what, jobs::TimePoint now) {
  if (turn_dir.empty()) {
    return jobs::fail(ErrorKind::usage, "RUNNER_TURN_DIR is not set: this is not inside a turn",
                      "`runner report` is for the agent that the runner started");
  }
  const int said =
      (what.phase ? 1 : 0) + (what.blocked.empty() ? 0 : 1) + (what.note.empty() ? 0 : 1);
  if (said != 1) {
    return jobs::fail(ErrorKind::usage, "say exactly one of --phase, --blocked and --note");
  }
  const std::string& text = what.blocked.empty() ? what.note : what.blocked;
  if (text.size() > kMostReportText) {
    return jobs::fail(ErrorKind::usage, fmt::format("the text has {} bytes; at most {} are kept",
                                                    text.size(), kMostReportText));
  }
  TurnEvent event{.at = now, .type = {}, .text = {}};
  if (what.phase) {
    event.type = "phase";
    event.text = jobs::to_string(*what.phase);
  } else {
    event.type = what.blocked.empty() ? "note" : "blocked";
    event.text = jobs::to_valid_utf8(without_secrets(text));
    if (jobs::trimmed(event.text).empty()) {
      return jobs::fail(ErrorKind::usage, "the text is empty");
    }
  }
  const std::string path = turn_dir + "/reports.ndjson";
  const Fd fd(::open(path.c_str(),
                     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd.valid()) {
    return system_error(errno, "open", path);
  }
  // One write with O_APPEND: two reports at once stay two lines.
  return write_all(fd.get(), to_json_line(event), path);
}

}  // namespace runner::process
