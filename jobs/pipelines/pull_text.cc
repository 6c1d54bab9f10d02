#include "jobs/pipelines/pull_text.h"

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace jobs {

namespace {

constexpr std::size_t kTitleBytes = 200;
constexpr std::size_t kIdDigits = 8;

std::string last_lines(const Run& run) {
  return fmt::format("Closes #{}\n\nRunner-Run: {}\n", run.issue.number, run.id.str());
}

}  // namespace

std::string pull_branch(const Run& run) {
  const std::string& id = run.id.str();
  const std::string mark = id.substr(id.size() - std::min(id.size(), kIdDigits));
  return run.landings == 0 ? fmt::format("{}-{}", run.branch, mark)
                           : fmt::format("{}-{}-{}", run.branch, mark, run.landings + 1);
}

std::string pull_title(const Run& run) {
  const std::string title = one_line(run.title, kTitleBytes);
  return title.empty() ? fmt::format("Issue #{}", run.issue.number) : title;
}

std::string pull_body(const Run& run) {
  return fmt::format(
      "Work of an agent on #{}. The repository's own test command is green on this branch.\n\n{}",
      run.issue.number, last_lines(run));
}

std::string merge_message(const Run& run, std::int64_t number) {
  return fmt::format("Merge pull request #{} from {}\n\n{}", number, pull_branch(run),
                     last_lines(run));
}

}  // namespace jobs
