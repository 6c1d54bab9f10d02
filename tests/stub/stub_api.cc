#include "tests/stub/stub_api.h"

#include <fmt/format.h>

namespace stub {

using jobs::ErrorKind;
using runner::forge::Reply;

namespace {

constexpr std::string_view kHost = "https://forge.example";

std::optional<jobs::Error> error_of(int status, const std::string& path) {
  if (status < 300) {
    return std::nullopt;
  }
  const ErrorKind kind = status == 401 || status == 403   ? ErrorKind::denied
                         : status == 404 || status == 410 ? ErrorKind::not_found
                         : status == 409                  ? ErrorKind::conflict
                         : status == 429                  ? ErrorKind::rate_limited
                         : status >= 500                  ? ErrorKind::transient
                                                          : ErrorKind::denied;
  return jobs::fail(kind, fmt::format("the server answered {} to {}", status, path));
}

std::string next_in(const Answer& answer) {
  const std::string link = header(answer.headers, "Link").value_or("");
  const std::size_t end = link.find(">; rel=\"next\"");
  const std::size_t begin = end == std::string::npos ? end : link.rfind('<', end);
  return begin == std::string::npos ? "" : link.substr(begin + 1, end - begin - 1);
}

}  // namespace

StubApi::StubApi(std::string root, const std::string& schema, Handler handler)
    : root_(std::move(root)),
      shown_(std::string(kHost) + root_),
      schema_(schema, root_),
      handler_(std::move(handler)) {}

jobs::Result<Reply> StubApi::ask(const std::string& method, const std::string& path,
                                 const std::string& body) {
  const std::lock_guard lock(mutex_);
  std::string target = path.starts_with(kHost)         ? path.substr(kHost.size())
                       : path.starts_with(root_ + "/") ? path
                                                       : root_ + path;
  auto request =
      parse_head(fmt::format("{} {} HTTP/1.1\r\nHost: forge.example\r\n\r\n", method, target));
  if (!request) {
    faults.push_back("no request: " + target);
    return jobs::fail(ErrorKind::bug, "no request: " + target);
  }
  request->body = body;
  // As it was sent: an encoded slash separates nothing.
  request->path = target.substr(0, target.find('?'));
  log.push_back(method + " " + target);
  std::vector<std::string> names;
  for (const auto& [name, value] : request->query) {
    names.push_back(name);
  }
  const bool described = request->path.starts_with(root_ + "/");
  const auto keep = [&](const std::vector<std::string>& some) {
    if (described) {
      faults.insert(faults.end(), some.begin(), some.end());
    }
  };
  keep(schema_.faults_of_request(method, request->path, names, body));
  if (const auto told = statuses.find(method + " " + request->path); told != statuses.end()) {
    return *error_of(told->second, request->path);
  }
  const Answer answer = handler_(*request);
  keep(schema_.faults_of_answer(method, request->path, answer.status, answer.body));
  if (lose_ == method) {
    lose_.clear();
    return jobs::fail(ErrorKind::transient, "the connection was lost");
  }
  if (auto error = error_of(answer.status, request->path)) {
    return *std::move(error);
  }
  return Reply{
      .status = answer.status, .body = answer.body, .next = next_in(answer), .kept = false};
}

std::vector<jobs::Result<Reply>> StubApi::get(std::span<const std::string> paths) {
  std::vector<jobs::Result<Reply>> replies;
  for (const std::string& path : paths) {
    replies.push_back(ask("GET", path, ""));
  }
  return replies;
}

jobs::Result<Reply> StubApi::send(const runner::forge::Change& change) {
  return ask(change.method, change.path, change.body);
}

std::vector<jobs::Result<Reply>> StubApi::query(std::span<const std::string> bodies) {
  return std::vector<jobs::Result<Reply>>(bodies.size(),
                                          jobs::fail(ErrorKind::not_found, "no GraphQL here"));
}

}  // namespace stub
