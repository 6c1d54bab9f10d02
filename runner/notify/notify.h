#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/ports/clock.h"
#include "jobs/ports/notifier.h"

namespace runner::notify {

/// A variable of the runner's environment; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The notifier that a [notify.X] table describes. Secrets are read when something is sent, not
/// before. `clock` must outlive the result.
[[nodiscard]] jobs::Result<std::unique_ptr<jobs::Notifier>> make_notifier(
    const jobs::NotifyConfig& config, const Environment& environment, jobs::Clock& clock);

/// One JSON object on one line: what the file gets and a webhook is sent (docs/json.md). Valid
/// UTF-8 whatever the texts hold.
[[nodiscard]] std::string to_json(const jobs::Notification& notification);

[[nodiscard]] std::unique_ptr<jobs::Notifier> make_file_notifier(const jobs::NotifyConfig& config);
[[nodiscard]] std::unique_ptr<jobs::Notifier> make_webhook_notifier(
    const jobs::NotifyConfig& config, const Environment& environment, jobs::Clock& clock);

}  // namespace runner::notify
