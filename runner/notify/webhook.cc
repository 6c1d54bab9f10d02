#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/http/client.h"
#include "runner/http/secret.h"
#include "runner/notify/notify.h"

namespace runner::notify {

namespace {

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
      RUNNER_ASSIGN(request.bearer, http::read_secret(*config_.token, environment_));
    }
    RUNNER_ASSIGN(http::Answer answer, client_->send(request));
    // An answer that repeats the request must not carry the token into a log.
    answer.body = http::without(std::move(answer.body), request.bearer);
    if (auto error = http::error_of(answer, clock_.now())) {
      return std::move(*error);
    }
    return jobs::ok();
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
