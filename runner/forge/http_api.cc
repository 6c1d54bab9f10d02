#include "runner/forge/http_api.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "runner/forge/address.h"
#include "runner/forge/limit_memory.h"
#include "runner/forge/meaning.h"
#include "runner/forge/retry.h"

namespace runner::forge {

using jobs::ErrorKind;
using jobs::fail;

namespace {

/// A longer answer is not kept: the state is no archive.
constexpr std::size_t kMostKept = 512U << 10U;

struct Caller {
  std::string token;
  std::string digest;
};

/// One request until it has its reply.
struct Pending {
  http::Request request;
  Use use = Use::read;
  jobs::HttpCacheKey key;
  std::optional<jobs::HttpCached> kept;
  int attempt = 0;
  std::optional<jobs::Duration> pause;  ///< before the next attempt
  std::optional<jobs::Result<Reply>> reply;
};

class HttpApi final : public Api {
 public:
  HttpApi(ApiOptions options, const ApiWorld& world)
      : options_(std::move(options)),
        world_(world),
        host_(host_of(options_.root)),
        memory_(world.traffic, world.cache, options_.root) {}

  using Api::get;
  std::vector<jobs::Result<Reply>> get(std::span<const std::string> paths) override {
    const auto caller = who();
    if (!caller) {
      return std::vector<jobs::Result<Reply>>(paths.size(), caller.error());
    }
    std::vector<Pending> all;
    for (const std::string& path : paths) {
      all.push_back(reading(path, *caller));
    }
    return run(all, *caller);
  }

  std::vector<jobs::Result<Reply>> query(std::span<const std::string> bodies) override {
    const auto caller = who();
    if (!caller) {
      return std::vector<jobs::Result<Reply>>(bodies.size(), caller.error());
    }
    std::vector<Pending> all;
    for (const std::string& body : bodies) {
      Pending one;
      one.use = Use::graphql;
      if (options_.graphql.empty()) {
        one.reply = fail(ErrorKind::not_found, "this forge has no GraphQL");
      } else {
        one.request = request("POST", options_.graphql, *caller);
        one.request.body = body;
        one.request.repeatable = true;
      }
      all.push_back(std::move(one));
    }
    return run(all, *caller);
  }

  jobs::Result<Reply> send(const Change& change) override {
    RUNNER_ASSIGN(const Caller caller, who());
    std::vector<Pending> all(1);
    Pending& one = all.front();
    one.use = Use::write;
    const auto url = resolved(change.path);
    if (!url) {
      return elsewhere(change.path);
    }
    one.request = request(change.method, *url, caller);
    one.request.body = change.body;
    one.request.repeatable = change.repeatable;
    const Traffic::Writing writing(world_.traffic, host_);
    return std::move(run(all, caller).front());
  }

  std::string_view shown() const override { return options_.root; }

 private:
  jobs::Result<Caller> who() {
    Caller caller;
    RUNNER_ASSIGN(caller.token, world_.credential.token());
    RUNNER_ASSIGN(caller.digest, world_.credential.digest());
    std::call_once(recalled_, [&] { memory_.recall(caller.digest); });
    return caller;
  }

  /// A path is below the root; an address that a server named must be of the root's origin.
  [[nodiscard]] std::optional<std::string> resolved(const std::string& path) const {
    if (path.starts_with('/') && !path.starts_with("//")) {
      return on_same_origin(options_.root, options_.root + path);
    }
    return path.starts_with('/') ? std::nullopt : on_same_origin(options_.root, path);
  }

  [[nodiscard]] jobs::Error elsewhere(const std::string& path) const {
    return fail(ErrorKind::denied,
                fmt::format("{} lies outside {}: it is not asked, because it would get our "
                            "credential",
                            http::shown_url(path), options_.root));
  }

  [[nodiscard]] http::Request request(const std::string& method, const std::string& url,
                                      const Caller& caller) const {
    http::Request request;
    request.method = method;
    request.url = url;
    request.headers = options_.headers;
    request.headers.emplace_back("Accept", options_.accept);
    if (method != "GET") {
      request.headers.emplace_back("Content-Type", "application/json");
    }
    if (options_.token_header.empty()) {
      request.bearer = caller.token;
    } else if (!caller.token.empty()) {
      request.headers.emplace_back(options_.token_header, caller.token);
    }
    request.max_answer = options_.max_answer;
    request.timeout = options_.timeout;
    return request;
  }

  Pending reading(const std::string& path, const Caller& caller) {
    Pending one;
    const auto url = resolved(path);
    if (!url) {
      one.reply = elsewhere(path);
      return one;
    }
    one.request = request("GET", *url, caller);
    one.request.repeatable = true;
    one.key = {.url = *url, .credential = caller.digest, .accept = options_.accept};
    if (world_.cache != nullptr) {
      // An entry that cannot be read is only a request more.
      if (auto kept = world_.cache->get(one.key); kept && *kept) {
        one.kept = std::move(**kept);
        if (!one.kept->etag.empty()) {
          one.request.headers.emplace_back("If-None-Match", one.kept->etag);
        } else if (!one.kept->last_modified.empty()) {
          one.request.headers.emplace_back("If-Modified-Since", one.kept->last_modified);
        }
      }
    }
    return one;
  }

  /// Waves of as many requests as may leave at once, until each has its reply.
  std::vector<jobs::Result<Reply>> run(std::vector<Pending>& all, const Caller& caller) {
    for (;;) {
      std::vector<Pending*> ready;
      jobs::Duration pause{};
      for (Pending& one : all) {
        if (!one.reply) {
          pause = std::max(pause, one.pause.value_or(jobs::Duration::zero()));
          ready.push_back(&one);
        }
      }
      if (ready.empty()) {
        break;
      }
      if (pause > jobs::Duration::zero()) {
        world_.traffic.sleep(pause);
      }
      for (std::size_t at = 0; at < ready.size();) {
        at += wave(std::span(ready).subspan(at), caller);
      }
    }
    std::vector<jobs::Result<Reply>> replies;
    for (Pending& one : all) {
      replies.push_back(*std::move(one.reply));
    }
    return replies;
  }

  /// Sends the first few of them; how many.
  std::size_t wave(std::span<Pending*> ready, const Caller& caller) {
    const auto places =
        world_.traffic.enter(host_, caller.digest, ready.front()->use, ready.size());
    if (!places) {
      ready.front()->reply = places.error();
      return 1;
    }
    const auto now_sent = ready.first(*places);
    std::vector<http::Request> requests;
    for (Pending* one : now_sent) {
      requests.push_back(one->request);
      ++one->attempt;
      one->pause.reset();
    }
    auto answers = world_.client.send_all(requests);
    world_.traffic.leave(host_, *places);
    for (std::size_t i = 0; i < *places; ++i) {
      settle(*now_sent[i], std::move(answers[i]), caller);
    }
    return *places;
  }

  void settle(Pending& one, jobs::Result<http::Answer> answer, const Caller& caller) {
    const jobs::TimePoint now = world_.traffic.now();
    RateHeaders rate;
    std::optional<jobs::Error> error;
    if (!answer) {
      error = std::move(answer).error();
    } else {
      rate = rate_headers(*answer, now);
      if (answer->status == 304 && one.kept) {
        one.reply =
            Reply{.status = 200, .body = one.kept->body, .next = one.kept->next, .kept = true};
      } else if (answer->status == 304) {
        error = fail(ErrorKind::transient,
                     "the server says \"not modified\" of what it was not "
                     "asked about");
      } else if (const std::string moved = moved_repository(*answer, options_.root);
                 !moved.empty()) {
        error = moved_error(moved, caller);
      } else {
        error = one.use == Use::graphql ? meaning_of_graphql(*answer, world_.credential.shown())
                                        : meaning_of(*answer, world_.credential.shown());
      }
    }
    // Whoever says no, or how long to wait, is there.
    if (!error || error->kind != ErrorKind::transient) {
      memory_.answered();
    }
    if (!error && rate.remaining == 0 && rate.reset && *rate.reset > now) {
      // The last request that was allowed: what comes now would only be refused.
      memory_.limited(one.use, caller.digest, *rate.reset);
    }
    if (error) {
      failed(one, std::move(*error), rate, caller, now);
      return;
    }
    world_.traffic.not_limited(host_, caller.digest, one.use);
    if (!one.reply) {
      one.reply = kept(one, std::move(*answer));
    }
  }

  void failed(Pending& one, jobs::Error error, RateHeaders rate, const Caller& caller,
              jobs::TimePoint now) {
    const bool limit = error.kind == ErrorKind::rate_limited;
    const bool timed = rate.retry_after || (rate.remaining == 0 && rate.reset);
    const int in_a_row = limit ? world_.traffic.limits_in_a_row(host_, caller.digest, one.use) : 0;
    const int attempt = limit && !timed ? in_a_row : one.attempt;
    const Retry retry = decide_retry({.attempt = attempt,
                                      .kind = error.kind,
                                      .repeatable = one.request.repeatable,
                                      .rate = rate},
                                     now, world_.traffic.random());
    if (limit && !retry.pause) {
      memory_.limited(one.use, caller.digest, *retry.until);
    }
    if (retry.pause && one.attempt < kMostAttempts && !world_.traffic.on_trial(host_)) {
      one.pause = retry.pause;
      return;
    }
    if (error.kind == ErrorKind::transient) {
      memory_.gave_up(http::without(error.message, caller.token));
    }
    error.until = retry.until;
    error.message = http::without(std::move(error.message), caller.token);
    error.hint = http::without(std::move(error.hint), caller.token);
    one.reply = std::move(error).while_doing(
        fmt::format("asking {} {}", one.request.method, http::shown_url(one.request.url)));
  }

  Reply kept(const Pending& one, http::Answer answer) {
    Reply reply;
    reply.status = answer.status;
    reply.next = next_link(answer.header("link").value_or(""));
    reply.body = std::move(answer.body);
    jobs::HttpCached entry{.etag = answer.header("etag").value_or(""),
                           .last_modified = answer.header("last-modified").value_or(""),
                           .next = reply.next,
                           .body = {}};
    const bool worth = !entry.etag.empty() || !entry.last_modified.empty();
    if (world_.cache != nullptr && one.use == Use::read && reply.status == 200 && worth &&
        reply.body.size() <= kMostKept) {
      entry.body = reply.body;
      static_cast<void>(world_.cache->put(one.key, entry));  // Only a request more next time.
    }
    return reply;
  }

  /// Asks for the new name, so that the error can say it.
  jobs::Error moved_error(const std::string& place, const Caller& caller) {
    http::Request asked = request("GET", options_.root + place, caller);
    asked.repeatable = true;
    std::string name;
    const auto place_taken = world_.traffic.enter(host_, caller.digest, Use::read, 1);
    if (!place_taken) {
      return place_taken.error();
    }
    const auto answer = world_.client.send(asked);
    world_.traffic.leave(host_, 1);
    if (answer && answer->status == 200) {
      const auto body = nlohmann::json::parse(answer->body, nullptr, false);
      if (body.is_object() && body.contains("full_name") && body.at("full_name").is_string()) {
        name = jobs::one_line(body.at("full_name").get<std::string>());
      }
    }
    return fail(ErrorKind::not_found,
                name.empty() ? "the repository was renamed or transferred"
                             : fmt::format("the repository was renamed or transferred: it is {} "
                                           "now",
                                           name),
                name.empty() ? "write its new name into the manifest"
                             : fmt::format("write `tracker_path = \"{}\"` (or the new name) into "
                                           "its [[repo]]",
                                           name));
  }

  ApiOptions options_;
  ApiWorld world_;
  std::string host_;
  LimitMemory memory_;
  std::once_flag recalled_;
};

}  // namespace

std::unique_ptr<Api> make_api(ApiOptions options, const ApiWorld& world) {
  return std::make_unique<HttpApi>(std::move(options), world);
}

}  // namespace runner::forge
