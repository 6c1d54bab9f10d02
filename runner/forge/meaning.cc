// What GitHub says, and when: https://docs.github.com/en/rest/using-the-rest-api, sections "Rate
// limits", "Troubleshooting" and "Getting started"; x-github-sso: "Authenticating to the REST API".
#include "runner/forge/meaning.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "runner/forge/address.h"

namespace runner::forge {

using jobs::ErrorKind;
using jobs::fail;

namespace {

using Json = nlohmann::json;

constexpr std::size_t kShown = 300;
constexpr jobs::Duration kLongestReset = std::chrono::hours(24);

std::optional<std::int64_t> number(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  if (!text) {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc() && end == text->data() + text->size() ? std::optional(value)
                                                                    : std::nullopt;
}

bool says(std::string_view text, std::string_view lower_case) {
  return !std::ranges::search(text, lower_case, {}, jobs::to_ascii_lower).empty();
}

/// "Validation Failed: label name already_exists": message and errors of a refusal.
std::string said(const http::Answer& answer) {
  const Json body = Json::parse(answer.body, nullptr, false);
  if (!body.is_object()) {
    return jobs::one_line(answer.body, kShown);
  }
  const auto text = [](const Json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  std::string out = text(body, "message");
  if (const auto errors = body.find("errors"); errors != body.end() && errors->is_array()) {
    for (const Json& each : *errors) {
      const std::string one =
          each.is_string() ? each.get<std::string>()
          : each.is_object()
              ? fmt::format("{} {} {} {}", text(each, "resource"), text(each, "field"),
                            text(each, "code"), text(each, "message"))
              : "";
      out += (out.empty() ? "" : "; ") + std::string(jobs::trimmed(one));
    }
  }
  return jobs::one_line(out, kShown);
}

std::string what(const http::Answer& answer, const std::string& words) {
  return fmt::format("the server answered {}{}{}", answer.status, words.empty() ? "" : ": ", words);
}

jobs::Error not_accepted(const http::Answer& answer, std::string_view credential) {
  return fail(ErrorKind::denied, what(answer, said(answer)),
              fmt::format("the credential ({}) is not accepted: it is wrong, has expired or was "
                          "revoked; make a new one and put it there",
                          credential));
}

/// 403 and 429 are ambiguous: headers first, then words.
jobs::Error forbidden(const http::Answer& answer, std::string_view credential) {
  const std::string words = said(answer);
  const bool limited = answer.status == 429 || answer.header("retry-after") ||
                       answer.header("x-ratelimit-remaining") == "0" ||
                       says(words, "rate limit exceeded") || says(words, "secondary rate limit") ||
                       says(words, "abuse detection");
  if (limited) {
    return fail(ErrorKind::rate_limited, what(answer, words));
  }
  if (const auto sso = answer.header("x-github-sso")) {
    const std::size_t url = sso->find("url=");
    // Its query authorises whoever opens it.
    const std::string where =
        url == std::string::npos ? ""
                                 : " at " + http::shown_url(std::string_view(*sso).substr(url + 4));
    return fail(ErrorKind::denied, what(answer, words),
                fmt::format("the organisation demands single sign-on: authorise the token ({}) for "
                            "it{}",
                            credential, where));
  }
  if (says(words, "archived")) {
    return fail(ErrorKind::denied, what(answer, words),
                "the repository is archived: unarchive it, or take it out of the manifests");
  }
  if (const auto needed = answer.header("x-accepted-github-permissions");
      needed && !needed->empty() && says(words, "not accessible by")) {
    return fail(ErrorKind::denied, what(answer, words),
                fmt::format("give the credential ({}) the permission {}", credential,
                            jobs::one_line(*needed)));
  }
  if (const auto needed = answer.header("x-accepted-oauth-scopes"); needed && !needed->empty()) {
    return fail(
        ErrorKind::denied, what(answer, words),
        fmt::format("the token ({}) has the scopes \"{}\"; one of \"{}\" is needed", credential,
                    jobs::one_line(answer.header("x-oauth-scopes").value_or("")),
                    jobs::one_line(*needed)));
  }
  return fail(ErrorKind::denied, what(answer, words),
              fmt::format("the credential ({}) lacks a permission for this, or its account does",
                          credential));
}

jobs::Error refused(const http::Answer& answer, std::string_view credential) {
  const std::string words = said(answer);
  if (answer.status == 404) {
    return fail(ErrorKind::not_found, what(answer, words),
                fmt::format("check the name and the URL; a server also says this of what the "
                            "credential ({}) may not see",
                            credential));
  }
  if (answer.status == 410) {
    return fail(ErrorKind::not_found, what(answer, words),
                says(words, "issues") && says(words, "disabled")
                    ? "switch issues on in the repository's settings, or name another tracker"
                    : "it was deleted");
  }
  if (answer.status == 408) {
    return fail(ErrorKind::transient, what(answer, words));
  }
  if (answer.status == 409 || says(words, "already_exists") || says(words, "already exists")) {
    return fail(ErrorKind::conflict, what(answer, words));
  }
  return fail(ErrorKind::denied, what(answer, words));
}

}  // namespace

RateHeaders rate_headers(const http::Answer& answer, jobs::TimePoint now) {
  RateHeaders rate;
  rate.retry_after = http::parse_retry_after(answer.header("retry-after").value_or(""), now);
  rate.remaining = number(answer.header("x-ratelimit-remaining"));
  if (const auto reset = number(answer.header("x-ratelimit-reset"));
      reset && *reset >= 0 && *reset < 253'402'300'800) {
    rate.reset = std::min(jobs::TimePoint(std::chrono::seconds(*reset)), now + kLongestReset);
  }
  return rate;
}

std::optional<jobs::Error> meaning_of(const http::Answer& answer, std::string_view credential) {
  if (answer.status == 401) {
    return not_accepted(answer, credential);
  }
  if (answer.status == 403 || answer.status == 429) {
    return forbidden(answer, credential);
  }
  if (answer.status >= 500) {
    return fail(ErrorKind::transient, what(answer, said(answer)));
  }
  if (answer.status >= 400) {
    return refused(answer, credential);
  }
  if (answer.status >= 300) {
    return fail(
        ErrorKind::denied,
        fmt::format("the server answered {}, a redirect, which is not followed", answer.status),
        "write the final URL into the manifest");
  }
  if (!answer.body.empty() && !Json::accept(answer.body)) {
    const bool page = says(answer.header("content-type").value_or(""), "html") ||
                      jobs::trimmed(answer.body).starts_with('<');
    return fail(ErrorKind::transient,
                page ? "the server answered with a web page instead of JSON"
                     : "the answer is not JSON, or was cut off",
                page ? "if this stays: the URL is not that of the API, or something between here "
                       "and there wants a login"
                     : "");
  }
  return std::nullopt;
}

std::optional<jobs::Error> meaning_of_graphql(const http::Answer& answer,
                                              std::string_view credential) {
  if (auto error = meaning_of(answer, credential)) {
    return error;
  }
  if (!jobs::trimmed(answer.body).starts_with('{')) {
    return fail(ErrorKind::transient, "the answer to a GraphQL query is not an object");
  }
  if (!answer.body.contains("\"errors\"")) {
    return std::nullopt;  // Most answers: megabytes that need not be taken apart twice.
  }
  const Json body = Json::parse(answer.body, nullptr, false);
  const auto errors = body.find("errors");
  if (errors == body.end() || !errors->is_array()) {
    return std::nullopt;
  }
  for (const Json& each : *errors) {
    const auto type = each.is_object() ? each.find("type") : each.end();
    if (each.is_object() && type != each.end() &&
        (*type == "RATE_LIMITED" || *type == "RATE_LIMIT")) {
      const auto words = each.find("message");
      return fail(ErrorKind::rate_limited,
                  fmt::format("GraphQL: {}", words != each.end() && words->is_string()
                                                 ? jobs::one_line(words->get<std::string>(), kShown)
                                                 : "rate limited"));
    }
  }
  return std::nullopt;
}

std::string moved_repository(const http::Answer& answer, std::string_view root) {
  if (answer.status != 301 && answer.status != 302 && answer.status != 307 &&
      answer.status != 308) {
    return "";
  }
  const auto target = on_same_origin(root, answer.header("location").value_or(""));
  if (!target || !target->starts_with(root)) {
    return "";
  }
  constexpr std::string_view kPlace = "/repositories/";
  const std::string_view path = std::string_view(*target).substr(root.size());
  if (!path.starts_with(kPlace)) {
    return "";
  }
  const std::size_t end = path.find_first_not_of("0123456789", kPlace.size());
  return end == kPlace.size() ? "" : std::string(path.substr(0, end));
}

}  // namespace runner::forge
