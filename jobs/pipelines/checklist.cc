#include "jobs/pipelines/checklist.h"

#include <array>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"

namespace jobs {

namespace {

struct Line {
  Phase phase;
  std::string_view text;
};

constexpr std::array<Line, 5> kLines{{{Phase::worktree, "worktree made, agent at work"},
                                      {Phase::green, "tests green in the worktree"},
                                      {Phase::pushed, "landed on the base branch"},
                                      {Phase::ci, "CI green on the landed commit"},
                                      {Phase::done, "done"}}};

std::string_view headline(const Run& run) {
  if (!run.outcome) {
    return "is at work on this issue";
  }
  switch (*run.outcome) {
    case Outcome::landed: return "landed this issue";
    case Outcome::needs_human: return "needs a person";
    case Outcome::frozen:
      return "froze this issue: the landed state is left as it is, for a person to look at";
    case Outcome::cancelled: return "stopped: cancelled";
    case Outcome::superseded: return "stopped: superseded";
  }
  return "";
}

/// What was said about this run by an agent or a tool goes in as one harmless line of code.
std::string quoted(std::string_view text) {
  std::string line = one_line(text, 600);
  for (char& c : line) {
    if (c == '`') {
      c = '\'';
    }
  }
  return "`" + line + "`";
}

}  // namespace

std::string checklist(const Run& run, bool has_ci) {
  std::string out = fmt::format("{}\n**runner** {}.\n\n", kChecklistMarker, headline(run));
  for (const Line& line : kLines) {
    if (line.phase == Phase::ci && !has_ci) {
      continue;
    }
    // A phase counts as reached by evidence: the landed commit is past "pushed", CI only when it
    // was green.
    const bool reached =
        line.phase == Phase::ci ? run.phase >= Phase::deployed : run.phase >= line.phase;
    const bool worked = line.phase != Phase::worktree || !run.worktree.empty();
    out += fmt::format("- [{}] {}\n", reached && worked ? "x" : " ", line.text);
  }
  out += fmt::format("\nRun `{}`, stage `{}`, turn {}", run.id.str(), run.stage, run.turns);
  if (run.fix_attempts > 0) {
    out += fmt::format(", fix-forward attempt {}", run.fix_attempts);
  }
  out += fmt::format(". Branch `{}`", run.branch);
  if (!run.landed.empty()) {
    out += fmt::format(", landed as `{}`", run.landed.str().substr(0, 12));
  }
  out += ".\n";
  if (!run.reason.empty()) {
    out += fmt::format("\n{}: {}\n", run.outcome ? "Why" : "Now", quoted(run.reason));
  }
  if (run.outcome == Outcome::needs_human || run.outcome == Outcome::frozen) {
    out += fmt::format(
        "\nTo let it try again, set the ready label anew, or run `runner runs release {}`. "
        "`runner runs show {}` tells the whole story.\n",
        run.id.str(), run.id.str());
  }
  return out;
}

}  // namespace jobs
