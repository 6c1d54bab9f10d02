#include <fstream>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/http/client.h"
#include "runner/notify/notify.h"

namespace runner::notify {

using jobs::ErrorKind;
using jobs::fail;

namespace {

constexpr std::streamsize kMaxSecret = 64 << 10;

class WebhookNotifier final : public jobs::Notifier {
 public:
  WebhookNotifier(jobs::NotifyConfig config, Environment environment, jobs::Clock& clock)
      : config_(std::move(config)),
        environment_(std::move(environment)),
        clock_(clock),
        client_(http::make_client()) {}

  jobs::Status send(const jobs::Notification& notification) override {
    return post(notification)
        .while_doing(
            fmt::format("notifying [notify.{}] at {}", config_.name, http::shown_url(config_.url)));
  }

 private:
  jobs::Status post(const jobs::Notification& notification) {
    http::Request request;
    request.method = "POST";
    request.url = config_.url;
    request.body = to_json(notification);
    request.headers = {{"Content-Type", "application/json"},
                       {"Idempotency-Key", jobs::one_line(notification.key)}};
    if (config_.token) {
      RUNNER_ASSIGN(request.bearer, read_secret(*config_.token));
    }
    RUNNER_ASSIGN(http::Answer answer, client_->send(request));
    // An answer that repeats the request must not carry the token into a log.
    answer.body = without(std::move(answer.body), request.bearer);
    if (auto error = http::error_of(answer, clock_.now())) {
      return std::move(*error);
    }
    return jobs::ok();
  }

  static std::string without(std::string text, const std::string& secret) {
    constexpr std::string_view kGone = "[redacted]";
    for (std::size_t at = text.find(secret); !secret.empty() && at != std::string::npos;
         at = text.find(secret, at + kGone.size())) {
      text.replace(at, secret.size(), kGone);
    }
    return text;
  }

  jobs::Result<std::string> read_secret(const jobs::SecretRef& secret) const {
    std::string value;
    switch (secret.source) {
      case jobs::SecretRef::Source::env: value = environment_(secret.name).value_or(""); break;
      case jobs::SecretRef::Source::file: {
        std::ifstream file(secret.name, std::ios::binary);
        value.resize(static_cast<std::size_t>(kMaxSecret));
        file.read(value.data(), kMaxSecret);
        value.resize(static_cast<std::size_t>(file.gcount()));
        break;
      }
    }
    value = jobs::trimmed(value);
    if (value.empty()) {
      const bool env = secret.source == jobs::SecretRef::Source::env;
      return fail(ErrorKind::denied,
                  fmt::format("the token is missing: {} {} is not set or empty",
                              env ? "variable" : "file", jobs::one_line(secret.name)));
    }
    return value;
  }

  jobs::NotifyConfig config_;
  Environment environment_;
  jobs::Clock& clock_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace

std::unique_ptr<jobs::Notifier> make_webhook_notifier(const jobs::NotifyConfig& config,
                                                      const Environment& environment,
                                                      jobs::Clock& clock) {
  return std::make_unique<WebhookNotifier>(config, environment, clock);
}

}  // namespace runner::notify
