#include "runner/ci/forge_read.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "runner/ci/forge_ci.h"
#include "runner/ci/forge_words.h"
#include "runner/ci/log_text.h"
#include "runner/forge/fields.h"

namespace runner::ci {

namespace {

constexpr std::size_t kOidDigits = 40;
constexpr int kMostPages = 30;

/// The forge starts its CI by itself.
class ForgeCiWriter final : public jobs::CiWriter {
 public:
  jobs::Status start(const jobs::Repo&, const jobs::Oid&) override { return jobs::ok(); }
  jobs::Status prune(const jobs::Repo&, const std::vector<jobs::Oid>&, jobs::TimePoint) override {
    return jobs::ok();
  }
};

}  // namespace

std::unique_ptr<jobs::CiWriter> make_forge_ci_writer() {
  return std::make_unique<ForgeCiWriter>();
}

bool is_oid(std::string_view text) {
  return text.size() == kOidDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

jobs::Status check_oid(const jobs::Oid& commit) {
  if (is_oid(commit.str())) {
    return jobs::ok();
  }
  return jobs::fail(jobs::ErrorKind::bug,
                    fmt::format("'{}' is not a commit id", jobs::one_line(commit.str(), 60)));
}

jobs::ReportedCheck commit_status(const nlohmann::json& status, std::string_view word) {
  jobs::ReportedCheck out;
  out.name = forge::text(status, "context");
  out.source = kCommitStatus;
  out.word = forge::text(status, word);
  out.state = commit_status_state(out.word);
  out.at = forge::time(status, "updated_at");
  out.at = out.at ? out.at : forge::time(status, "created_at");
  out.id = forge::number(status, "id");
  out.log = fmt::format("{}\n{}\n", forge::text(status, "description"),
                        forge::text(status, "target_url"));
  return out;
}

std::string repo_path(std::string_view place, std::vector<std::string_view> rest) {
  std::vector<std::string_view> parts{"repos", place.substr(0, place.find('/')),
                                      place.substr(std::min(place.size(), place.find('/') + 1))};
  parts.insert(parts.end(), rest.begin(), rest.end());
  return forge::path_of(parts);
}

jobs::Result<std::vector<nlohmann::json>> all_elements(forge::Api& api,
                                                       jobs::Result<forge::Reply> first,
                                                       std::string_view key) {
  std::vector<nlohmann::json> all;
  for (int page = 0;; ++page) {
    RUNNER_ASSIGN(const forge::Reply reply, std::move(first));
    RUNNER_ASSIGN(std::vector<nlohmann::json> some, forge::elements(reply, key));
    std::ranges::move(some, std::back_inserter(all));
    if (reply.next.empty()) {
      return all;
    }
    if (page + 1 >= kMostPages) {
      return jobs::fail(jobs::ErrorKind::transient,
                        fmt::format("{} goes on after {} pages", reply.next, kMostPages));
    }
    first = api.get(reply.next);
  }
}

Look folded(std::vector<jobs::ReportedCheck> reported, const jobs::CheckRules& rules,
            jobs::TimePoint now) {
  Look look;
  look.checks = jobs::newest(std::move(reported));
  look.report = jobs::fold(look.checks, rules, now);
  return look;
}

std::vector<std::size_t> worth_a_log(const jobs::CiReport& report) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < report.checks.size() && found.size() < kMostLogs; ++i) {
    if (report.verdict == jobs::Verdict::fail && report.checks[i].verdict == jobs::Verdict::fail) {
      found.push_back(i);
    }
  }
  return found;
}

void speaks_of(jobs::CiReport& report, const jobs::Oid& head) {
  report.detail += fmt::format("{}on {}, which contains it", report.detail.empty() ? "" : "; ",
                               head.str().substr(0, 12));
}

}  // namespace runner::ci
