#include "runner/notify/notify.h"

#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "jobs/base/time.h"

namespace runner::notify {

std::string to_json(const jobs::Notification& notification) {
  const auto text = [](const std::string& value) { return jobs::to_valid_utf8(value); };
  nlohmann::ordered_json json;
  json["schema"] = 1;
  json["key"] = text(notification.key);
  json["at"] = jobs::format_time(notification.at);
  json["repo"] = text(notification.repo);
  json["issue"] = notification.issue;
  json["run"] = text(notification.run);
  json["outcome"] = text(notification.outcome);
  json["text"] = text(notification.text);
  json["url"] = text(notification.url);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

jobs::Result<std::unique_ptr<jobs::Notifier>> make_notifier(const jobs::NotifyConfig& config,
                                                            const Environment& environment,
                                                            jobs::Clock& clock) {
  switch (config.kind) {
    case jobs::NotifyKind::file:
      if (config.path.empty() || config.path.front() != '/') {
        return jobs::fail(jobs::ErrorKind::invalid_manifest,
                          "[notify." + config.name + "] needs an absolute `path`");
      }
      return make_file_notifier(config);
    case jobs::NotifyKind::webhook:
      if (!config.url.starts_with("http://") && !config.url.starts_with("https://")) {
        return jobs::fail(
            jobs::ErrorKind::invalid_manifest,
            "[notify." + config.name + "] needs a `url` that begins with https:// or http://");
      }
      return make_webhook_notifier(config, environment, clock);
  }
  return jobs::fail(jobs::ErrorKind::bug, "[notify." + config.name + "] is of no known kind");
}

}  // namespace runner::notify
