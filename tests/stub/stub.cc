#include "tests/stub/stub.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace stub {

namespace {

constexpr std::string_view kGit = "/git";
constexpr std::size_t kDrip = 64;

constexpr const char* kPage =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>"
    "<body><h1>Please sign in</h1></body></html>\n";

}  // namespace

namespace {

/// Its pull requests are for the repositories that git is served from.
Forge::Options forge_of(const Stub::Options& options) {
  Forge::Options forge = options.forge;
  forge.git_root = options.git_root;
  return forge;
}

}  // namespace

Stub::Stub(Options options)
    : log(options.log_file),
      forge(forge_of(options)),
      options_(std::move(options)),
      git_(options_.git_root),
      server_([this](Connection& client, Request request) { serve(client, std::move(request)); },
              options_.port) {}

std::string Stub::url(const std::string& path, const std::string& host) const {
  return fmt::format("http://{}:{}{}", host, server_.port(), path);
}

void Stub::meanwhile(const std::string& method, const std::string& path, int nth,
                     std::function<void()> act) {
  const std::lock_guard lock(mutex_);
  others_.push_back({.method = method, .path = path, .left = nth, .act = std::move(act)});
}

void Stub::call_others(const Request& request) {
  std::vector<std::function<void()>> due;
  {
    const std::lock_guard lock(mutex_);
    for (Meanwhile& each : others_) {
      const bool meant = (each.method.empty() || each.method == request.method) &&
                         matches(each.path, request.target);
      if (meant && --each.left == 0) {
        due.push_back(each.act);
      }
    }
  }
  for (const auto& act : due) {
    act();
  }
}

void Stub::serve(Connection& client, Request request) {
  log.asked(request);
  std::this_thread::sleep_for(std::chrono::milliseconds(options_.latency_ms));
  const auto fault = faults.of(request);
  if (!fault) {
    call_others(request);
    send(client, request, effect(request, fault));
    return;
  }
  log.faulted(request.number, fmt::format("{} {}", to_string(fault->kind),
                                          fault->when == When::before ? "before" : "after"));
  switch (fault->kind) {
    case FaultKind::stale:
    case FaultKind::page_shift:
      if (fault->kind == FaultKind::page_shift) {
        forge.shift_pages(request, log);
      }
      send(client, request, effect(request, fault));
      return;
    case FaultKind::cut:
    case FaultKind::failed:
    case FaultKind::unavailable:
    case FaultKind::timeout:
    case FaultKind::rate_limited:
    case FaultKind::forbidden:
    case FaultKind::slow:
    case FaultKind::truncated:
    case FaultKind::oversize:
    case FaultKind::html:
    case FaultKind::redirect: break;
  }
  Answer answer = plain(200, "this is the beginning of an answer that never was\n");
  if (fault->when == When::after || fault->kind == FaultKind::slow) {
    call_others(request);
    answer = effect(request, fault);
  }
  send_faulty(client, request, *fault, std::move(answer));
}

Answer Stub::effect(const Request& request, const std::optional<Fault>& fault) {
  const auto begins = [&](std::string_view prefix) { return request.path.starts_with(prefix); };
  if (begins("/git/")) {
    return git(request);
  }
  if (begins("/notify")) {
    return notifications.take(request, log);
  }
  if (begins("/metrics")) {
    return metrics.take(request, log);
  }
  if (forgejo && (begins("/api/v1/") || begins("/api/forgejo/"))) {
    return forgejo(request);
  }
  const bool stale = fault && fault->kind == FaultKind::stale && request.method == "GET";
  return forge.answer(request, log, stale ? fault->writes : 0);
}

Answer Stub::git(const Request& request) {
  const std::string said = basic_credential(header(request.headers, "Authorization").value_or(""));
  if (!options_.git_user.empty() && said != options_.git_user + ":" + options_.git_password) {
    Answer refused = plain(401, "who are you?\n");
    refused.headers.emplace_back("WWW-Authenticate", "Basic realm=\"stub\"");
    return refused;
  }
  const std::string inside = request.path.substr(kGit.size());
  const bool pushes = request.method == "POST" && inside.ends_with("/git-receive-pack");
  const auto before = pushes ? git_.refs(inside) : std::map<std::string, std::string>();
  Answer answer =
      git_.answer(request, inside, options_.git_user.empty() ? "anybody" : options_.git_user);
  if (pushes) {
    for (const auto& [name, id] : git_.refs(inside)) {
      const auto old = before.find(name);
      if (old == before.end() || old->second != id) {
        log.effect(request.number, "pushed",
                   fmt::format("{} {} {} {}", inside.substr(1, inside.find(".git") - 1), name,
                               old == before.end() ? "-" : old->second, id));
      }
    }
  }
  return answer;
}

void Stub::send(Connection& client, const Request& request, const Answer& answer) {
  log.answered(request.number, answer.status, answer.body);
  client.send(head_of(answer) + (answer.status == 304 ? "" : answer.body));
}

void Stub::send_faulty(Connection& client, const Request& request, const Fault& fault,
                       Answer answer) {
  switch (fault.kind) {
    case FaultKind::timeout: client.wait(fault.milliseconds); [[fallthrough]];
    case FaultKind::cut: client.cut(); return;
    case FaultKind::failed: answer = plain(500, "something broke\n"); break;
    case FaultKind::unavailable:
      answer = plain(503, "try again later\n");
      answer.headers.emplace_back("Retry-After", std::to_string(fault.seconds));
      break;
    case FaultKind::rate_limited:
      answer = json_answer(429, R"({"message":"Too many requests"})");
      answer.headers.emplace_back("Retry-After", std::to_string(fault.seconds));
      break;
    case FaultKind::forbidden:
      answer = json_answer(403, R"({"message":"You have exceeded a secondary rate limit."})");
      answer.headers.emplace_back("Retry-After", std::to_string(fault.seconds));
      answer.headers.emplace_back("X-RateLimit-Remaining", "4000");
      break;
    case FaultKind::html:
      answer = {.status = 200, .headers = {{"Content-Type", "text/html"}}, .body = kPage};
      break;
    case FaultKind::redirect:
      answer = plain(302, "over there\n");
      answer.headers.emplace_back(
          "Location",
          fault.location + (fault.location.ends_with('/') ? request.target.substr(1) : ""));
      break;
    case FaultKind::oversize: answer.body.resize(static_cast<std::size_t>(fault.bytes), ' '); break;
    case FaultKind::truncated: {
      log.answered(request.number, answer.status);
      // At least one byte is promised and not sent, also of an answer without a body.
      client.send(head_of(answer, answer.body.size() + 1) +
                  answer.body.substr(0, answer.body.size() / 2));
      client.finish();
      return;
    }
    case FaultKind::slow: {
      log.answered(request.number, answer.status);
      const std::string all = head_of(answer) + answer.body;
      const std::size_t drip = fault.bytes > 0 && fault.bytes < (1 << 20)
                                   ? static_cast<std::size_t>(fault.bytes)
                                   : kDrip;
      for (std::size_t at = 0; at < all.size() && client.send(all.substr(at, drip)); at += drip) {
        client.wait(fault.milliseconds);
      }
      return;
    }
    case FaultKind::stale:
    case FaultKind::page_shift: break;
  }
  send(client, request, answer);
}

}  // namespace stub
