#include "runner/forge/app_credential.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/sha256.h"
#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/forge/address.h"
#include "runner/forge/meaning.h"

namespace runner::forge {

using jobs::ErrorKind;
using jobs::fail;

namespace {

using Json = nlohmann::json;

/// A request that leaves before this has its answer while the token is good.
constexpr jobs::Duration kMargin = std::chrono::minutes(5);
/// GitHub narrows a token to so many repositories at most.
constexpr std::size_t kMostNamed = 500;

class AppCredential final : public Credential {
 public:
  AppCredential(jobs::AppConfig config, ApiOptions options, AppWorld world)
      : config_(std::move(config)), options_(std::move(options)), world_(std::move(world)) {}

  jobs::Result<std::string> token() override {
    const std::lock_guard lock(mutex_);
    const jobs::TimePoint now = world_.traffic.now();
    // A clock that was set back says nothing about how old it is.
    if (!token_.empty() && made_ <= now && now < ends_ - kMargin) {
      return token_;
    }
    RUNNER_TRY(make(now).while_doing(fmt::format("getting a token of the App {}", config_.id)));
    return token_;
  }

  jobs::Result<std::string> digest() override {
    // What an installation sees does not change with its token.
    return jobs::sha256_hex(fmt::format("an App asks a forge: {} {} {}", config_.id,
                                        config_.installation, options_.root));
  }

  std::string shown() const override {
    return fmt::format("the App {} with the key in {}", config_.id,
                       http::shown_secret(config_.key));
  }

 private:
  jobs::Status make(jobs::TimePoint now) {
    RUNNER_ASSIGN(const std::string key, http::read_secret(config_.key, world_.environment));
    RUNNER_ASSIGN(const std::string jwt, app_jwt(config_.id, key, now));
    if (config_.installation == 0) {
      RUNNER_TRY(look_up(jwt));
    }
    RUNNER_ASSIGN(
        const Json made,
        ask("POST", fmt::format("/app/installations/{}/access_tokens", config_.installation), jwt,
            narrowed()));
    const auto token = made.find("token");
    const auto ends = made.find("expires_at");
    const auto until = ends != made.end() && ends->is_string()
                           ? jobs::parse_time(ends->get<std::string>())
                           : std::nullopt;
    if (token == made.end() || !token->is_string() || token->get<std::string>().empty() || !until) {
      return fail(ErrorKind::transient, "the answer holds no token");
    }
    token_ = token->get<std::string>();
    made_ = now;
    ends_ = *until;
    return jobs::ok();
  }

  /// The installation of the owner whom all repositories have in common.
  jobs::Status look_up(const std::string& jwt) {
    if (world_.repositories.empty()) {
      return fail(ErrorKind::usage, "no repository says whose installation it is",
                  "write `installation` into the app of the tracker");
    }
    const auto owner = [](const std::string& name) { return name.substr(0, name.find('/')); };
    const std::string& first = *world_.repositories.begin();
    const bool one = std::ranges::all_of(
        world_.repositories, [&](const std::string& name) { return owner(name) == owner(first); });
    if (!one) {
      return fail(ErrorKind::usage, "its repositories belong to several owners",
                  "write one [tracker.X] for each owner: a token is for one installation");
    }
    const std::string name = first.substr(std::min(first.size(), first.find('/') + 1));
    const std::string_view parts[] = {"repos", std::string_view(first).substr(0, first.find('/')),
                                      name, "installation"};
    auto found = ask("GET", path_of(parts), jwt, "");
    if (!found && found.error().kind == ErrorKind::not_found) {
      return fail(ErrorKind::denied, fmt::format("the App is not installed for {}", first),
                  "install it on the repository's owner, with this repository");
    }
    RUNNER_ASSIGN(const Json installation, std::move(found));
    const auto id = installation.find("id");
    if (id == installation.end() || !id->is_number_integer()) {
      return fail(ErrorKind::transient, "the answer names no installation");
    }
    config_.installation = id->get<std::int64_t>();
    return jobs::ok();
  }

  [[nodiscard]] std::string narrowed() const {
    if (world_.repositories.empty() || world_.repositories.size() > kMostNamed) {
      return "{}";
    }
    Json names = Json::array();
    for (const std::string& name : world_.repositories) {
      names.push_back(name.substr(name.find('/') + 1));
    }
    return Json{{"repositories", names}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  jobs::Result<Json> ask(const std::string& method, const std::string& path, const std::string& jwt,
                         const std::string& body) {
    const std::string host(host_of(options_.root));
    if (auto entered = world_.traffic.enter(host, "app", Use::read, 1); !entered) {
      return std::move(entered).error();
    }
    http::Request request;
    request.method = method;
    request.url = options_.root + path;
    request.headers = options_.headers;
    request.headers.emplace_back("Accept", options_.accept);
    request.bearer = jwt;
    request.body = body;
    request.repeatable = true;
    const auto answer = world_.client.send(request);
    world_.traffic.leave(host, 1);
    if (!answer) {
      return answer.error();
    }
    if (auto error = meaning_of(*answer, shown())) {
      error->message = http::without(std::move(error->message), jwt);
      if (error->kind == ErrorKind::rate_limited) {
        error->until = decide_retry({.attempt = kMostAttempts,
                                     .kind = error->kind,
                                     .rate = rate_headers(*answer, world_.traffic.now())},
                                    world_.traffic.now(), world_.traffic.random())
                           .until;
      }
      return std::move(*error);
    }
    Json value = Json::parse(answer->body, nullptr, false);
    if (!value.is_object()) {
      return fail(ErrorKind::transient, "the answer is no object");
    }
    return value;
  }

  jobs::AppConfig config_;
  ApiOptions options_;
  AppWorld world_;
  std::mutex mutex_;
  std::string token_;
  jobs::TimePoint made_;
  jobs::TimePoint ends_;
};

}  // namespace

std::unique_ptr<Credential> make_app_credential(const jobs::AppConfig& config,
                                                const ApiOptions& options, AppWorld world) {
  return std::make_unique<AppCredential>(config, options, std::move(world));
}

}  // namespace runner::forge
