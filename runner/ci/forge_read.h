#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "jobs/pipelines/ci_fold.h"
#include "runner/forge/api.h"

/// What the CI kinds share in asking, those of forges above all. For runner/ci only.
namespace runner::ci {

/// A whole commit id: 40 hexadecimal digits in lower case.
[[nodiscard]] bool is_oid(std::string_view text);
/// bug: it is no whole commit id, which would find something else.
[[nodiscard]] jobs::Status check_oid(const jobs::Oid& commit);

/// "acme/shop" and what lies below it -> "/repos/acme/shop/commits/...".
[[nodiscard]] std::string repo_path(std::string_view place, std::vector<std::string_view> rest);

/// The elements of a first page and of all pages behind it. transient: more than a commit can have.
[[nodiscard]] jobs::Result<std::vector<nlohmann::json>> all_elements(
    forge::Api& api, jobs::Result<forge::Reply> first, std::string_view key);

/// The source of a check that is a commit status.
inline constexpr const char* kCommitStatus = "status";
/// A commit status as GitHub and Forgejo have it. `word` names the field of its state.
[[nodiscard]] jobs::ReportedCheck commit_status(const nlohmann::json& status,
                                                std::string_view word);

/// What is seen about one commit.
struct Look {
  std::vector<jobs::ReportedCheck> checks;  ///< the newest of each
  jobs::CiReport report;                    ///< of these, in their order
};
[[nodiscard]] Look folded(std::vector<jobs::ReportedCheck> reported, const jobs::CheckRules& rules,
                          jobs::TimePoint now);

/// Indices of the failed checks whose logs are worth a request.
[[nodiscard]] std::vector<std::size_t> worth_a_log(const jobs::CiReport& report);

/// Says that the verdict is that of `head`, a newer commit of the base that contains ours.
void speaks_of(jobs::CiReport& report, const jobs::Oid& head);

}  // namespace runner::ci
