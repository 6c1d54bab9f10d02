#include "tests/stub/forge.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "tests/stub/rest_shapes.h"

namespace stub {

namespace {

Answer problem(int status, const std::string& message) {
  return json_answer(status, nlohmann::json{{"message", message},
                                            {"documentation_url", "https://docs.github.com/rest"},
                                            {"status", std::to_string(status)}}
                                 .dump());
}

int number_in(const std::map<std::string, std::string>& query, const char* name, int otherwise) {
  const auto found = query.find(name);
  int value = otherwise;
  if (found != query.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  }
  return value;
}

}  // namespace

Forge::Forge(Options options)
    : pulls(options.git_root, PullRequests::Dialect::github), options_(std::move(options)) {}

bool Forge::Place::is(std::initializer_list<const char*> parts) const {
  return std::ranges::equal(rest, parts, [](const std::string& part, const char* wanted) {
    return std::string_view(wanted) == "*" || part == wanted;
  });
}

Forge::Place Forge::place_of(const Request& request) {
  std::string_view path = request.path;
  constexpr std::string_view kEnterprise = "/api/v3";
  if (path.starts_with(kEnterprise)) {
    path.remove_prefix(kEnterprise.size());
  }
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    parts.push_back(percent_decoded(part));
    path.remove_prefix(part.size());
  }
  Place place;
  if (parts.size() >= 3 && parts[0] == "repos") {
    place.repo = parts[1] + "/" + parts[2];
    place.rest.assign(parts.begin() + 3, parts.end());
  } else {
    place.rest = std::move(parts);
  }
  return place;
}

Answer Forge::answer(const Request& request, Log& log, int unseen) {
  const std::lock_guard lock(mutex_);
  const std::string authorization = header(request.headers, "Authorization").value_or("");
  if (!options_.token.empty() && authorization != "Bearer " + options_.token &&
      authorization != "token " + options_.token) {
    return problem(401, "Bad credentials");
  }
  if (used_ >= options_.limit) {
    Answer limited = problem(403, "API rate limit exceeded for user ID 1.");
    add_rate_headers(limited);
    return limited;
  }
  const Place place = place_of(request);
  const std::size_t back = std::min(static_cast<std::size_t>(std::max(unseen, 0)), earlier_.size());
  const Json& seen = back == 0 ? state_ : earlier_[back - 1];
  Answer answer = dispatch(request, place, seen, log);
  if (request.method == "GET" && answer.status == 200) {
    const std::string tag = fmt::format(
        "W/\"{:016x}\"", std::hash<std::string>{}(answer.body + authorization +
                                                  header(request.headers, "Accept").value_or("")));
    answer.headers.emplace_back("ETag", tag);
    if (header(request.headers, "If-None-Match").value_or("") == tag) {
      answer.status = 304;
      answer.body.clear();
    }
  }
  used_ += answer.status == 304 || place.is({"rate_limit"}) ? 0 : 1;
  add_rate_headers(answer);
  return answer;
}

Answer Forge::dispatch(const Request& request, const Place& place, const Json& seen, Log& log) {
  if (place.repo.empty()) {
    if (request.method == "POST" && options_.graphql &&
        (place.is({"graphql"}) || place.is({"api", "graphql"}))) {
      return graphql(request, seen);
    }
    if (place.rest.size() == 2 && place.rest[0] == "repositories") {
      for (const auto& [old, name] : renamed_) {
        if (std::to_string(rest::id_of(name)) == place.rest[1]) {
          return json_answer(200, rest::full_repository(name).dump());
        }
      }
    }
    if (place.is({"rate_limit"})) {
      const Json core = {{"limit", options_.limit},
                         {"used", used_},
                         {"remaining", options_.limit - used_},
                         {"reset", clock_ + 3600}};
      return json_answer(
          200, Json{{"resources", {{"core", core}, {"search", core}}}, {"rate", core}}.dump());
    }
    return place.is({"user"}) ? json_answer(200, rest::own_user(options_.login).dump())
                              : problem(404, "Not Found");
  }
  if (const auto moved = renamed_.find(place.repo); moved != renamed_.end()) {
    std::string rest;
    for (const std::string& part : place.rest) {
      rest += "/" + part;
    }
    const std::string there =
        fmt::format("http://{}/repositories/{}{}", header(request.headers, "Host").value_or(""),
                    rest::id_of(moved->second), rest);
    Answer answer = json_answer(301, Json{{"message", "Moved Permanently"},
                                          {"url", there},
                                          {"documentation_url", "https://docs.github.com/rest"}}
                                         .dump());
    answer.headers.emplace_back("Location", there);
    return answer;
  }
  if (!state_.contains(place.repo) || !seen.contains(place.repo)) {
    return problem(404, "Not Found");
  }
  if (!place.rest.empty() && place.rest[0] == "issues" &&
      !seen.at(place.repo).at("flags").value("issues", true)) {
    return problem(410, "Issues are disabled for this repo");
  }
  if (!place.rest.empty() && place.rest[0] == "pulls") {
    return pulls.answer(request, place.repo, {place.rest.begin() + 1, place.rest.end()},
                        options_.login, log);
  }
  return request.method == "GET" ? read(request, place, seen.at(place.repo))
                                 : change(request, place, log);
}

Answer Forge::list(const Request& request, const Json& items) const {
  const int size = std::clamp(number_in(request.query, "per_page", 30), 1, 100);
  const int page = std::max(number_in(request.query, "page", 1), 1);
  const int pages = std::max((static_cast<int>(items.size()) + size - 1) / size, 1);
  Json out = Json::array();
  for (int i = (page - 1) * size; i < page * size && i < static_cast<int>(items.size()); ++i) {
    out.push_back(items.at(static_cast<std::size_t>(i)));
  }
  Answer answer = json_answer(200, out.dump());
  const auto link = [&](int to, const char* rel) {
    std::string query;
    for (const auto& [name, value] : request.query) {
      if (name != "page") {
        query += fmt::format("{}={}&", name, value);
      }
    }
    return fmt::format("<http://{}{}?{}page={}>; rel=\"{}\"",
                       header(request.headers, "Host").value_or(""), request.path, query, to, rel);
  };
  std::string links;
  const auto add = [&](int to, const char* rel) {
    links += (links.empty() ? "" : ", ") + link(to, rel);
  };
  if (page > 1) {
    add(page - 1, "prev");
  }
  if (page < pages) {
    add(page + 1, "next");
    add(pages, "last");
  }
  if (page > 1) {
    add(1, "first");
  }
  if (!links.empty()) {
    answer.headers.emplace_back("Link", links);
  }
  return answer;
}

Answer Forge::read(const Request& request, const Place& place, const Json& repo) const {
  const auto asked = [&](const char* name, const char* otherwise) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string(otherwise) : found->second;
  };
  if (place.is({"issues"})) {
    const std::string state = asked("state", "open");
    const std::string labels = asked("labels", "");
    Json found = Json::array();
    for (const auto& [number, issue] : repo.at("issues").items()) {
      bool wanted = state == "all" || issue.at("state") == state;
      for (std::size_t at = 0; wanted && at < labels.size();) {
        const std::string label = labels.substr(at, labels.find(',', at) - at);
        at += label.size() + 1;
        wanted = std::ranges::any_of(issue.at("labels"),
                                     [&](const Json& each) { return each.at("name") == label; });
      }
      if (wanted) {
        found.push_back(shown(place.repo, repo, issue));
      }
    }
    std::ranges::sort(found.get_ref<Json::array_t&>(), [](const Json& a, const Json& b) {
      return a.at("number").get<int>() > b.at("number").get<int>();
    });
    return list(request, found);
  }
  if (place.is({"labels", "*"})) {
    const auto found = repo.at("labels").find(place.rest[1]);
    return found == repo.at("labels").end()
               ? problem(404, "Not Found")
               : json_answer(200, rest::label(place.repo, *found).dump());
  }
  if (place.is({"collaborators", "*", "permission"})) {
    const auto found = repo.at("permissions").find(place.rest[1]);
    Json answer = found == repo.at("permissions").end()
                      ? Json{{"permission", "none"}, {"role_name", ""}}
                      : *found;
    answer["user"] = rest::user(account(place.rest[1]));
    answer["user"]["role_name"] = answer.at("role_name");
    return json_answer(200, answer.dump());
  }
  if (place.rest.size() > 1 && place.rest[0] != "issues") {
    return checks(request, place, repo);
  }
  if (place.rest.size() < 2 || place.rest[0] != "issues") {
    return problem(404, "Not Found");
  }
  if (place.is({"issues", "comments", "*"})) {
    for (const auto& [number, comments] : repo.at("comments").items()) {
      for (const Json& each : comments) {
        if (std::to_string(each.at("id").get<std::int64_t>()) == place.rest[2]) {
          return json_answer(200, rest::comment(place.repo, number, each).dump());
        }
      }
    }
    return problem(404, "Not Found");
  }
  const std::string& number = place.rest[1];
  if (!repo.at("issues").contains(number)) {
    return problem(404, "Not Found");
  }
  const Json& issue = repo.at("issues").at(number);
  if (place.is({"issues", "*"})) {
    return json_answer(200, shown(place.repo, repo, issue).dump());
  }
  if (place.is({"issues", "*", "labels"})) {
    return list(request, rest::labels(place.repo, issue.at("labels")));
  }
  if (place.is({"issues", "*", "comments"})) {
    Json comments = Json::array();
    for (const Json& each : repo.at("comments").value(number, Json::array())) {
      comments.push_back(rest::comment(place.repo, number, each));
    }
    return list(request, comments);
  }
  if (place.is({"issues", "*", "events"})) {
    Json events = Json::array();
    for (const Json& each : repo.at("events").value(number, Json::array())) {
      events.push_back(rest::event(place.repo, each));
    }
    return list(request, events);
  }
  if (place.is({"issues", "*", "dependencies", "blocked_by"})) {
    Json blockers = Json::array();
    for (const Json& each : repo.at("blockers").value(number, Json::array())) {
      const std::string by = each.at("repo");
      const Json& other = state_.at(by);
      blockers.push_back(
          shown(by, other, other.at("issues").at(each.at("number").get<std::string>())));
    }
    return list(request, blockers);
  }
  return problem(404, "Not Found");
}

Forge::Json Forge::shown(const std::string& name, const Json& repo, const Json& issue) {
  const std::string number = issue.at("number").dump();
  const auto comments = repo.at("comments").find(number);
  return rest::issue(name, issue, comments == repo.at("comments").end() ? 0 : comments->size());
}

void Forge::add_rate_headers(Answer& answer) const {
  answer.headers.emplace_back("X-RateLimit-Limit", std::to_string(options_.limit));
  answer.headers.emplace_back("X-RateLimit-Remaining", std::to_string(options_.limit - used_));
  answer.headers.emplace_back("X-RateLimit-Used", std::to_string(used_));
  answer.headers.emplace_back("X-RateLimit-Reset", std::to_string(clock_ + 3600));
  answer.headers.emplace_back("X-RateLimit-Resource", "core");
}

Forge::Json& Forge::writing() {
  if (options_.remembered > 0) {
    earlier_.push_front(state_);
  }
  if (earlier_.size() > options_.remembered) {
    earlier_.pop_back();
  }
  ++clock_;
  return state_;
}

std::string Forge::timestamp() {
  const std::time_t now = clock_;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

int Forge::points() const {
  const std::lock_guard lock(mutex_);
  return points_;
}

nlohmann::json Forge::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace stub
