#include "runner/process/agent_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "jobs/base/text.h"
#include "jobs/model/run.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"
#include "runner/process/report.h"

namespace runner::process {

namespace {

constexpr std::size_t kMostUsageBytes = 64U << 10;
constexpr std::size_t kMostReportBytes = 1U << 20;  ///< read at once, and in one line
constexpr int kMostReports = 1000;

}  // namespace

std::optional<TurnEvent> accept_report(const TurnEvent& event) {
  if (event.type == "phase") {
    return jobs::parse_phase(event.text) ? std::optional(event) : std::nullopt;
  }
  if (event.type == "blocked" || event.type == "note") {
    TurnEvent result = event;
    result.text = jobs::one_line(jobs::trimmed(event.text), kMostReportText);
    return result.text.empty() ? std::nullopt : std::optional(std::move(result));
  }
  return std::nullopt;
}

AgentFiles::AgentFiles(const TurnPaths& paths, std::string usage_file)
    : folder_(paths.agent), usage_file_(std::move(usage_file)), reports_path_(paths.reports) {}

std::optional<jobs::Usage> AgentFiles::changed_usage() {
  if (usage_file_.empty()) {
    return std::nullopt;
  }
  auto text = read_small_beneath(folder_, usage_file_, kMostUsageBytes);
  if (!text || *text == usage_text_) {
    return std::nullopt;
  }
  usage_text_ = std::move(*text);
  const auto usage = parse_agent_usage(usage_text_);
  if (!usage) {
    return std::nullopt;
  }
  usage_.usd = std::max(usage_.usd, usage->usd);
  usage_.tokens = std::max(usage_.tokens, usage->tokens);
  return usage_;
}

std::vector<TurnEvent> AgentFiles::new_reports() {
  std::vector<TurnEvent> result;
  const Fd fd(
      ::open(reports_path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size <= reports_read_) {
    return result;
  }
  std::string text(kMostReportBytes, '\0');
  const ssize_t got = ::pread(fd.get(), text.data(), text.size(), reports_read_);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  // Only whole lines; a line longer than everything we read is no report.
  const auto end = text.rfind('\n');
  if (end == std::string::npos) {
    reports_read_ += text.size() == kMostReportBytes ? static_cast<std::int64_t>(text.size()) : 0;
    return result;
  }
  text.resize(end + 1);
  reports_read_ += static_cast<std::int64_t>(text.size());
  for (std::string_view rest(text); !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const auto event = line.size() <= kMostReportLine ? parse_event(line) : std::nullopt;
    auto report = event ? accept_report(*event) : std::nullopt;
    if (report && reports_taken_ < kMostReports) {
      ++reports_taken_;
      result.push_back(std::move(*report));
    }
  }
  return result;
}

}  // namespace runner::process
