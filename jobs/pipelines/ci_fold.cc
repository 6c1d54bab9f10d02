#include "jobs/pipelines/ci_fold.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"

namespace jobs {

namespace {

constexpr std::size_t kNameBytes = 120;
constexpr std::size_t kWordBytes = 40;

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

Check judged(const ReportedCheck& check, const CheckRules& rules) {
  const std::string word = one_line(check.word, kWordBytes);
  Check out{.name = one_line(check.name, kNameBytes), .verdict = Verdict::pending};
  switch (check.state) {
    case CheckState::success: out.verdict = Verdict::pass; break;
    case CheckState::neutral:
      out.verdict = has(rules.succeed, check.name) ? Verdict::stopped : Verdict::pass;
      if (out.verdict == Verdict::stopped) {
        out.reason = word + ", and the manifest wants it to succeed";
      }
      break;
    case CheckState::failed: out.verdict = Verdict::fail; break;
    case CheckState::stopped:
      out.verdict = Verdict::stopped;
      out.reason = word;
      break;
    case CheckState::held: out.reason = "waits for somebody: " + word; break;
    case CheckState::running: break;
  }
  return out;
}

/// Two checks of one name are told apart by where they come from.
void tell_apart(const std::vector<ReportedCheck>& checks, std::vector<Check>& judged) {
  std::map<std::string, int> uses;
  for (const Check& check : judged) {
    ++uses[check.name];
  }
  for (std::size_t i = 0; i < judged.size(); ++i) {
    if (uses[judged[i].name] > 1) {
      judged[i].name =
          fmt::format("{} [{}]", judged[i].name, one_line(checks[i].source, kNameBytes));
    }
  }
}

/// How much longer it has to be quiet; zero or less = it is.
Duration unsettled(const std::vector<ReportedCheck>& checks, Duration settle, TimePoint now) {
  std::optional<TimePoint> last;
  for (const ReportedCheck& check : checks) {
    // A row without a time may be as new as can be.
    last = std::max(last.value_or(TimePoint::min()), check.at.value_or(now));
  }
  return last ? *last + settle - now : Duration{};
}

}  // namespace

std::string_view to_string(CheckState state) {
  switch (state) {
    case CheckState::success: return "success";
    case CheckState::neutral: return "neutral";
    case CheckState::failed: return "failed";
    case CheckState::stopped: return "stopped";
    case CheckState::held: return "held";
    case CheckState::running: return "running";
  }
  return "?";
}

CheckRules rules_of(const CiConfig& config) {
  return {.expect = config.expect, .succeed = config.succeed, .settle = config.settle, .queued = 0};
}

std::vector<ReportedCheck> newest(std::vector<ReportedCheck> reported) {
  const auto key = [](const ReportedCheck& check) { return std::tie(check.name, check.source); };
  const auto age = [](const ReportedCheck& check) {
    return std::tuple(check.id, check.at.value_or(TimePoint::min()));
  };
  std::ranges::stable_sort(reported, [&](const ReportedCheck& a, const ReportedCheck& b) {
    return key(a) != key(b) ? key(a) < key(b) : age(b) < age(a);
  });
  const auto rest = std::ranges::unique(
      reported, [&](const ReportedCheck& a, const ReportedCheck& b) { return key(a) == key(b); });
  reported.erase(rest.begin(), rest.end());
  return reported;
}

CiReport fold(const std::vector<ReportedCheck>& checks, const CheckRules& rules, TimePoint now) {
  CiReport report;
  bool failed = false;
  bool waits = false;
  bool stopped = false;
  for (const ReportedCheck& check : checks) {
    report.checks.push_back(judged(check, rules));
    const Verdict verdict = report.checks.back().verdict;
    const bool counts = rules.expect.empty() || has(rules.expect, check.name);
    failed = failed || verdict == Verdict::fail;
    waits = waits || (counts && verdict == Verdict::pending);
    stopped = stopped || (counts && verdict == Verdict::stopped);
  }
  tell_apart(checks, report.checks);
  for (const std::string& name : rules.expect) {
    if (std::ranges::find(checks, name, &ReportedCheck::name) == checks.end()) {
      waits = true;
      report.checks.push_back({.name = one_line(name, kNameBytes), .verdict = Verdict::absent});
    }
  }
  if (checks.empty() && rules.queued == 0) {
    return report;  // absent: nobody has said anything at all
  }
  for (const ReportedCheck& check : checks) {
    if (check.at) {
      report.finished_at = std::max(report.finished_at.value_or(*check.at), *check.at);
    }
  }
  const Duration quiet = unsettled(checks, rules.settle, now);
  const bool settles = quiet > Duration::zero() && (stopped || rules.expect.empty());
  if (failed) {
    report.verdict = Verdict::fail;
  } else if (waits || settles || (rules.expect.empty() && rules.queued > 0)) {
    report.verdict = Verdict::pending;
    report.finished_at.reset();
    if (rules.queued > 0) {
      report.detail = fmt::format("{} announced and not started", rules.queued);
    } else if (!waits) {
      report.detail =
          fmt::format("all have ended; until {} others may follow", format_time(now + quiet));
    }
  } else {
    report.verdict = stopped ? Verdict::stopped : Verdict::pass;
  }
  return report;
}

}  // namespace jobs
