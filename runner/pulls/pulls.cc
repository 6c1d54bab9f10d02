#include "runner/pulls/pulls.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"

namespace runner::pulls {

using Json = nlohmann::json;
using jobs::ErrorKind;
using jobs::fail;
using jobs::PullFacts;

namespace {

constexpr std::size_t kMostPages = 20;
constexpr std::size_t kOidDigits = 40;

/// The member of an object as text; "" for anything else.
std::string text_of(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() ? kNothing : *found;
}

/// Empty if it is no object id.
jobs::Oid oid_of(const std::string& text) {
  const bool hex =
      text.size() == kOidDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hex ? jobs::Oid(text) : jobs::Oid();
}

bool is_true(const Json& value) {
  return value.is_boolean() && value.get<bool>();
}

jobs::Result<PullFacts> facts_of(const Json& pull) {
  PullFacts facts;
  const Json& number = member(pull, "number");
  if (!number.is_number_integer() || number.get<std::int64_t>() <= 0) {
    return fail(ErrorKind::transient, "the forge describes a pull request without a number");
  }
  facts.number = number.get<std::int64_t>();
  facts.url = text_of(pull, "html_url");
  facts.head = oid_of(text_of(member(pull, "head"), "sha"));
  const std::string state = text_of(pull, "state");
  const bool merged = is_true(member(pull, "merged")) || !text_of(pull, "merged_at").empty();
  if (merged) {
    facts.state = PullFacts::State::merged;
    facts.merged = oid_of(text_of(pull, "merge_commit_sha"));
    if (facts.merged.empty()) {
      return fail(ErrorKind::transient,
                  fmt::format("the forge says that pull request #{} was merged, and not as what",
                              facts.number));
    }
  } else if (state == "open") {
    facts.state = PullFacts::State::open;
    const Json& mergeable = member(pull, "mergeable");
    facts.conflicts = mergeable.is_boolean() && !mergeable.get<bool>();
  } else if (state == "closed") {
    facts.state = PullFacts::State::closed;
  } else {
    return fail(ErrorKind::transient, fmt::format("pull request #{} is in an unknown state \"{}\"",
                                                  facts.number, jobs::one_line(state, 40)));
  }
  return facts;
}

/// Where a repository's pull requests are.
struct Place {
  std::string owner;
  std::string name;
  [[nodiscard]] std::string full() const { return owner + "/" + name; }
  [[nodiscard]] std::string pulls() const {
    const std::array<std::string_view, 4> parts{"repos", owner, name, "pulls"};
    return forge::path_of(parts);
  }
  [[nodiscard]] std::string pull(std::int64_t number, std::string_view what = "") const {
    const std::string digits = std::to_string(number);
    std::vector<std::string_view> parts{"repos", owner, name, "pulls", digits};
    if (!what.empty()) {
      parts.push_back(what);
    }
    return forge::path_of(parts);
  }
};

jobs::Result<Place> place_of(const jobs::Repo& repo) {
  const std::string& path = repo.tracker_path.empty() ? repo.name.str() : repo.tracker_path;
  const std::size_t slash = path.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == path.size() ||
      path.find('/', slash + 1) != std::string::npos) {
    return fail(ErrorKind::invalid_manifest,
                fmt::format("{} is not OWNER/NAME, which a forge needs", jobs::one_line(path)),
                "set tracker_path = \"OWNER/NAME\" for the repository");
  }
  return Place{path.substr(0, slash), path.substr(slash + 1)};
}

class Forge {
 public:
  Forge(forge::Api& api, Dialect dialect) : api_(api), dialect_(dialect) {}

  jobs::Result<std::optional<PullFacts>> find(const jobs::Repo& repo, const std::string& branch) {
    RUNNER_ASSIGN(const Place place, place_of(repo));
    RUNNER_ASSIGN(const auto pages,
                  api_.get_all(place.pulls() + narrowed(place, branch), kMostPages));
    std::int64_t newest = 0;
    for (const forge::Reply& page : pages) {
      const Json list = Json::parse(page.body, nullptr, /*allow_exceptions=*/false);
      if (!list.is_array()) {
        return fail(
            ErrorKind::transient,
            fmt::format("{} answers the list of pull requests with something else", api_.shown()));
      }
      for (const Json& pull : list) {
        if (is_of(pull, place, branch)) {
          const Json& number = member(pull, "number");
          newest = std::max(newest, number.is_number_integer() ? number.get<std::int64_t>() : 0);
        }
      }
    }
    if (newest == 0) {
      return std::optional<PullFacts>{};
    }
    // A list does not say whether it can be merged.
    RUNNER_ASSIGN(const forge::Reply reply, api_.get(place.pull(newest)));
    RUNNER_ASSIGN(PullFacts facts, parse_pull(reply.body));
    return std::optional(std::move(facts));
  }

  jobs::Result<PullFacts> open(const jobs::Repo& repo, const jobs::PullSpec& spec) {
    RUNNER_ASSIGN(const auto there, find(repo, spec.branch));
    const auto is_it = [&](const PullFacts& pull) {
      return pull.state == PullFacts::State::open || pull.head == spec.head;
    };
    if (there && is_it(*there)) {
      return *there;
    }
    RUNNER_ASSIGN(const Place place, place_of(repo));
    const Json body{{"title", jobs::to_valid_utf8(spec.title)},
                    {"head", spec.branch},
                    {"base", spec.base},
                    {"body", jobs::to_valid_utf8(spec.body)}};
    auto reply = api_.send({.method = "POST", .path = place.pulls(), .body = body.dump()});
    if (reply) {
      return parse_pull(reply->body);
    }
    // Whatever went wrong: it may have been opened all the same.
    const auto now = find(repo, spec.branch);
    if (now && *now && is_it(**now)) {
      return **now;
    }
    return std::move(reply).error();
  }

  jobs::Status merge(const jobs::Repo& repo, std::int64_t number, const jobs::Oid& head,
                     const std::string& message) {
    RUNNER_ASSIGN(const Place place, place_of(repo));
    RUNNER_ASSIGN(const forge::Reply reply, api_.get(place.pull(number)));
    RUNNER_ASSIGN(const PullFacts pull, parse_pull(reply.body));
    if (pull.state == PullFacts::State::merged) {
      return jobs::ok();
    }
    if (pull.state == PullFacts::State::closed) {
      return fail(ErrorKind::denied, fmt::format("pull request #{} was closed", number));
    }
    if (pull.head != head) {
      return fail(ErrorKind::conflict,
                  fmt::format("pull request #{} is at {} now, not at {}", number,
                              pull.head.str().substr(0, 12), head.str().substr(0, 12)));
    }
    const std::size_t end = message.find('\n');
    const std::string title = message.substr(0, end);
    const std::string rest(
        jobs::trimmed(end == std::string::npos ? "" : std::string_view(message).substr(end)));
    auto merged = api_.send(merging(place, number, head, title, rest));
    if (merged) {
      return jobs::ok();
    }
    const auto after = api_.get(place.pull(number));
    const auto facts = after ? parse_pull(after->body) : jobs::Result<PullFacts>(after.error());
    if (facts && facts->state == PullFacts::State::merged) {
      return jobs::ok();
    }
    jobs::Error error = std::move(merged).error();
    if (facts && facts->state == PullFacts::State::open && facts->conflicts) {
      error.kind = ErrorKind::conflict;
      error.hint = fmt::format("pull request #{} does not merge cleanly", number);
    }
    return error;
  }

 private:
  /// Sorted so that ours is on the first pages where the forge does not narrow.
  [[nodiscard]] std::string narrowed(const Place& place, const std::string& branch) const {
    switch (dialect_) {
      case Dialect::github: {
        const std::string head = place.owner + ":" + branch;
        const std::array<std::pair<std::string_view, std::string_view>, 5> parts{
            {{"state", "all"},
             {"head", head},
             {"sort", "created"},
             {"direction", "desc"},
             {"per_page", "100"}}};
        return forge::query_of(parts);
      }
      case Dialect::forgejo: {
        const std::array<std::pair<std::string_view, std::string_view>, 4> parts{
            {{"state", "all"}, {"head", branch}, {"sort", "recentupdate"}, {"limit", "50"}}};
        return forge::query_of(parts);
      }
    }
    return {};
  }

  /// Somebody else's fork may have a branch of that name.
  static bool is_of(const Json& pull, const Place& place, const std::string& branch) {
    const Json& head = member(pull, "head");
    return text_of(head, "ref") == branch &&
           jobs::ascii_lower(text_of(member(head, "repo"), "full_name")) ==
               jobs::ascii_lower(place.full());
  }

  [[nodiscard]] forge::Change merging(const Place& place, std::int64_t number,
                                      const jobs::Oid& head, const std::string& title,
                                      const std::string& rest) const {
    switch (dialect_) {
      case Dialect::github:
        return {.method = "PUT",
                .path = place.pull(number, "merge"),
                .body = Json{
                    {"sha", head.str()},
                    {"merge_method", "merge"},
                    {"commit_title", title},
                    {"commit_message",
                     rest}}.dump()};
      case Dialect::forgejo:
        return {.method = "POST",
                .path = place.pull(number, "merge"),
                .body = Json{
                    {"Do", "merge"},
                    {"head_commit_id", head.str()},
                    {"MergeTitleField", title},
                    {"MergeMessageField",
                     rest}}.dump()};
    }
    return {};
  }

  forge::Api& api_;
  Dialect dialect_;
};

class Reader final : public jobs::PullReader {
 public:
  Reader(forge::Api& api, Dialect dialect) : forge_(api, dialect) {}
  jobs::Result<std::optional<PullFacts>> pull(const jobs::Repo& repo,
                                              const std::string& branch) override {
    return forge_.find(repo, branch);
  }

 private:
  Forge forge_;
};

class Writer final : public jobs::PullWriter {
 public:
  Writer(forge::Api& api, Dialect dialect) : forge_(api, dialect) {}
  jobs::Result<PullFacts> open(const jobs::Repo& repo, const jobs::PullSpec& spec) override {
    return forge_.open(repo, spec);
  }
  jobs::Status merge(const jobs::Repo& repo, std::int64_t number, const jobs::Oid& head,
                     const std::string& message) override {
    return forge_.merge(repo, number, head, message);
  }

 private:
  Forge forge_;
};

}  // namespace

jobs::Result<PullFacts> parse_pull(std::string_view json) {
  const Json pull = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!pull.is_object()) {
    return fail(ErrorKind::transient, "the forge describes a pull request with something else");
  }
  return facts_of(pull);
}

std::unique_ptr<jobs::PullReader> make_pull_reader(forge::Api& api, Dialect dialect) {
  return std::make_unique<Reader>(api, dialect);
}

std::unique_ptr<jobs::PullWriter> make_pull_writer(forge::Api& api, Dialect dialect) {
  return std::make_unique<Writer>(api, dialect);
}

}  // namespace runner::pulls
