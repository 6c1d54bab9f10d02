#include "runner/cli/errors.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/cli/json_out.h"
#include "runner/cli/screen.h"

namespace runner::cli {

namespace {

constexpr std::size_t kStepBytes = 4000;

Screen error_screen(Color color) {
  Screen screen;
  const bool plain = std::getenv("NO_COLOR") != nullptr;
  screen.color =
      color == Color::always || (color == Color::automatic && !plain && isatty(STDERR_FILENO) == 1);
  return screen;
}

/// A message may have several lines (diagnostics of manifests); the ones behind the first are
/// indented.
std::string indented(std::string_view text) {
  std::string out;
  for (const char c : jobs::printable(text)) {
    out += c;
    if (c == '\n') {
      out += "  ";
    }
  }
  return out;
}

void report_json(const jobs::Error& error) {
  Json body = Json::object();
  body.set("kind", jobs::to_string(error.kind)).set("message", error.message);
  body.set("trail", Json::strings(error.trail));
  body.set("hint", error.hint.empty() ? Json() : Json(error.hint));
  body.set("until", error.until ? Json(jobs::format_time(*error.until)) : Json());
  body.set("exit_code", jobs::exit_code(error.kind));
  print_json(json_root().set("error", body));
}

}  // namespace

int report_error(const Globals& global, const jobs::Error& error) {
  if (global.json) {
    report_json(error);
    return jobs::exit_code(error.kind);
  }
  // Mistakes in manifests come as a compiler prints them: "file:line:column: error: ..." at the
  // beginning of a line.
  std::string text = error.kind == jobs::ErrorKind::invalid_manifest &&
                             error.message.find('\n') != std::string::npos
                         ? jobs::printable(error.message) + "\n"
                         : paint(error_screen(global.color), Ink::red, "error:") + " " +
                               indented(error.message) + "\n";
  for (const std::string& step : error.trail) {
    text += "  while " + jobs::one_line(step, kStepBytes) + "\n";
  }
  if (error.until) {
    text += "  until " + jobs::format_time(*error.until) + "\n";
  }
  if (error.kind == jobs::ErrorKind::bug) {
    text += "  this is a bug in runner\n";
  }
  if (!error.hint.empty()) {
    text += "  next: " + jobs::one_line(error.hint, kStepBytes) + "\n";
  }
  // What was printed before comes first also when both go to one file.
  (void)flush_output();
  std::fputs(text.c_str(), stderr);
  return jobs::exit_code(error.kind);
}

}  // namespace runner::cli
