#include "tests/stub/woodpecker.h"

#include <algorithm>

#include <fmt/format.h>

namespace stub {

using Json = nlohmann::json;

namespace {

constexpr std::int64_t kStarted = 1'763'622'000;  ///< 2025-11-20T07:00:00Z
constexpr std::int64_t kMost = 50;

std::string base64(const std::string& text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8U | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k > text.size() - i ? '=' : kDigits[bits >> (18U - 6U * k) & 63U];
    }
  }
  return out;
}

std::int64_t number_in(const Request& request, const char* name, std::int64_t otherwise) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? otherwise : std::stoll(found->second);
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    parts.push_back(percent_decoded(part));
    path.remove_prefix(part.size());
  }
  return parts;
}

}  // namespace

void Woodpecker::activate(const std::string& repo) {
  const std::lock_guard lock(mutex_);
  repos_[repo] = Repo{.id = ++next_id_, .pipelines = {}, .logs = {}};
}

std::int64_t Woodpecker::start(const std::string& repo, const std::string& commit,
                               const std::string& event, const std::string& branch) {
  const std::lock_guard lock(mutex_);
  Repo& one = repos_.at(repo);
  const auto number = static_cast<std::int64_t>(one.pipelines.size()) + 1;
  one.pipelines.push_back(
      {{"id", number + 5000},
       {"number", number},
       {"status", "running"},
       {"event", event},
       {"commit", commit},
       {"branch", branch},
       {"created", kStarted},
       {"started", kStarted},
       {"workflows",
        {{{"id", 1},
          {"name", "build"},
          {"state", "running"},
          {"children", {{{"id", 31}, {"name", "test"}, {"state", "running"}}}}}}}});
  return number;
}

void Woodpecker::finish(const std::string& repo, std::int64_t number, const std::string& status,
                        const std::string& log) {
  const std::lock_guard lock(mutex_);
  Repo& one = repos_.at(repo);
  Json& pipeline = one.pipelines.at(static_cast<std::size_t>(number) - 1);
  Json& workflow = pipeline.at("workflows").at(0);
  for (Json* object : {&pipeline, &workflow, &workflow.at("children").at(0)}) {
    (*object)[object == &pipeline ? "status" : "state"] = status;
    (*object)["finished"] = kStarted + 60;
  }
  one.logs[fmt::format("{}/31", number)] = {
      {{"id", 1}, {"line", 0}, {"step_id", 31}, {"time", 1}, {"data", base64(log)}}};
}

Answer Woodpecker::answer(const Request& request) {
  const std::lock_guard lock(mutex_);
  const auto parts = parts_of(request.path);
  if (parts.size() >= 3 && parts[0] == "api" && parts[1] == "repos") {
    const bool lookup = parts[2] == "lookup" && parts.size() == 5;
    for (const auto& [name, repo] : repos_) {
      if (lookup && name == parts[3] + "/" + parts[4]) {
        return json_answer(200, Json{{"id", repo.id}, {"full_name", name}}.dump());
      }
      if (parts[2] == std::to_string(repo.id)) {
        return read(request, repo, {parts.begin() + 3, parts.end()});
      }
    }
  }
  return plain(404, "Not Found");
}

Answer Woodpecker::read(const Request& request, const Repo& repo,
                        const std::vector<std::string>& rest) const {
  if (rest.size() == 1 && rest[0] == "pipelines") {
    const std::int64_t size = std::clamp<std::int64_t>(number_in(request, "perPage", 50), 1, kMost);
    const std::int64_t page = std::max<std::int64_t>(number_in(request, "page", 1), 1);
    const auto total = static_cast<std::int64_t>(repo.pipelines.size());
    Json out = Json::array();
    for (std::int64_t i = (page - 1) * size; i < std::min(page * size, total); ++i) {
      Json one = repo.pipelines.at(static_cast<std::size_t>(total - 1 - i));
      one.erase("workflows");  // only a single pipeline shows them
      out.push_back(one);
    }
    return json_answer(200, out.dump());
  }
  if (rest.size() == 2 && rest[0] == "pipelines") {
    const std::size_t number = std::stoul(rest[1]);
    return number >= 1 && number <= repo.pipelines.size()
               ? json_answer(200, repo.pipelines.at(number - 1).dump())
               : plain(404, "Not Found");
  }
  if (rest.size() == 3 && rest[0] == "logs") {
    const auto found = repo.logs.find(rest[1] + "/" + rest[2]);
    return found == repo.logs.end() ? plain(404, "Not Found")
                                    : json_answer(200, found->second.dump());
  }
  return plain(404, "Not Found");
}

}  // namespace stub
