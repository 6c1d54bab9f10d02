#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/ports/store.h"
#include "runner/cli/command.h"

/// What several commands need first. No command opens anything that it does not use.
namespace runner::cli {

/// Value of a variable of this process, or nothing.
[[nodiscard]] std::optional<std::string> environment(const std::string& name);

/// The fleet of the manifests. invalid_manifest carries all diagnostics in its message.
[[nodiscard]] jobs::Result<jobs::Fleet> load_fleet(const Globals& global);

/// The state for looking only: no file is made or changed; a state that does not exist reads as
/// empty.
[[nodiscard]] jobs::Result<std::unique_ptr<jobs::StoreReader>> open_reader(
    const jobs::Fleet& fleet);
/// The state for a person's own writes (requests, pause, brakes).
[[nodiscard]] jobs::Result<std::unique_ptr<jobs::Store>> open_writer(const jobs::Fleet& fleet);

/// The present time.
[[nodiscard]] jobs::TimePoint present();
/// Who runs this command, for the record: the login behind sudo, or the user's name, or "uid 1000".
[[nodiscard]] std::string user_name();
/// What is kept of the reason that a person gives.
inline constexpr std::size_t kWhyBytes = 1000;

/// "acme/shop#12". usage: anything else.
[[nodiscard]] jobs::Result<jobs::IssueKey> parse_issue_key(std::string_view text);
/// The declared repository of that name. not_found suggests the nearest.
[[nodiscard]] jobs::Result<jobs::Repo> find_repo(const jobs::Fleet& fleet, const std::string& name);

}  // namespace runner::cli
