// Every call looks first and changes only what is not so already: it may be called again when
// nobody knows what came of the last time.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "runner/trackers/github.h"
#include "runner/trackers/github_parts.h"

namespace runner::trackers {

using jobs::ErrorKind;

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostComment = 65'000;  // GitHub takes 65,536 characters

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class GithubWriter final : public jobs::TrackerWriter {
 public:
  explicit GithubWriter(forge::Api& api) : api_(api), people_(api) {}

  jobs::Status set_labels(const jobs::Repo& repo, jobs::IssueNumber number,
                          const std::vector<std::string>& add,
                          const std::vector<std::string>& remove) override {
    RUNNER_ASSIGN(const github::Place place, github::place_of(repo));
    RUNNER_ASSIGN(const github::Text issue, look(place, number));
    const auto is_set = [&](const std::string& label) {
      return std::ranges::any_of(issue.labels, [&](const std::string& other) {
        return jobs::same_but_for_case(label, other);
      });
    };
    Json missing = Json::array();
    for (const std::string& label : add) {
      if (!is_set(label)) {
        RUNNER_TRY(make_label(place, label));
        missing.push_back(label);
      }
    }
    if (!missing.empty()) {
      RUNNER_TRY(send({.method = "POST",
                       .path = place.path({"issues", std::to_string(number), "labels"}),
                       .body = dumped({{"labels", missing}}),
                       .repeatable = true}));
    }
    for (const std::string& label : remove) {
      if (!is_set(label)) {
        continue;
      }
      const auto removed =
          send({.method = "DELETE",
                .path = place.path({"issues", std::to_string(number), "labels", label}),
                .body = {},
                .repeatable = true});
      // Somebody else took it off meanwhile.
      if (!removed && removed.error().kind != ErrorKind::not_found) {
        return removed;
      }
    }
    return jobs::ok();
  }

  jobs::Result<std::string> upsert_comment(const jobs::Repo& repo, jobs::IssueNumber number,
                                           const jobs::OwnComment& comment) override {
    RUNNER_ASSIGN(const github::Place place, github::place_of(repo));
    const std::string text =
        comment.body.size() <= kMostComment
            ? jobs::to_valid_utf8(comment.body)
            : jobs::to_valid_utf8(comment.body.substr(0, kMostComment)) + "\n...";
    RUNNER_ASSIGN(const Found found, find_comment(place, number, comment));
    if (found.id == 0) {
      RUNNER_ASSIGN(const forge::Reply made,
                    api_.send({.method = "POST",
                               .path = place.path({"issues", std::to_string(number), "comments"}),
                               .body = dumped({{"body", text}}),
                               .repeatable = false}));
      // An answer without it leaves it to be found by its marker.
      const std::int64_t id = github::number_at(github::parsed(made.body), "id");
      return id > 0 ? std::to_string(id) : std::string();
    }
    if (found.body != text) {
      RUNNER_TRY(send({.method = "PATCH",
                       .path = place.path({"issues", "comments", std::to_string(found.id)}),
                       .body = dumped({{"body", text}}),
                       .repeatable = true}));
    }
    return std::to_string(found.id);
  }

  jobs::Status close(const jobs::Repo& repo, jobs::IssueNumber number,
                     const std::string& reason) override {
    static_cast<void>(reason);  // Stands in the comment; GitHub has only words of its own.
    RUNNER_ASSIGN(const github::Place place, github::place_of(repo));
    RUNNER_ASSIGN(const github::Text issue, look(place, number));
    if (!issue.open) {
      return jobs::ok();
    }
    return send({.method = "PATCH",
                 .path = place.path({"issues", std::to_string(number)}),
                 .body = dumped({{"state", "closed"}, {"state_reason", "completed"}}),
                 .repeatable = true});
  }

 private:
  struct Found {
    std::int64_t id = 0;  ///< 0 = none
    std::string body;
  };

  jobs::Status send(const forge::Change& change) {
    if (auto sent = api_.send(change); !sent) {
      return std::move(sent).error();
    }
    return jobs::ok();
  }

  jobs::Result<github::Text> look(const github::Place& place, jobs::IssueNumber number) {
    RUNNER_ASSIGN(const forge::Reply reply,
                  api_.get(place.path({"issues", std::to_string(number)})));
    return github::parse_rest_issue(reply.body);
  }

  /// GitHub makes a label that is not there by itself, but without a colour or a word about it.
  jobs::Status make_label(const github::Place& place, const std::string& label) {
    if (made_.contains({place, label})) {
      return jobs::ok();
    }
    const auto known = api_.get(place.path({"labels", label}));
    if (!known && known.error().kind != ErrorKind::not_found) {
      return known.error();
    }
    if (!known) {
      const auto made =
          send({.method = "POST",
                .path = place.path({"labels"}),
                .body = dumped(
                    {{"name", label}, {"color", "5319e7"}, {"description", "Set by the runner"}}),
                .repeatable = true});
      if (!made && made.error().kind != ErrorKind::conflict) {
        return made;
      }
    }
    made_.emplace(place, label);
    return jobs::ok();
  }

  /// By its id, also where somebody took the marker out of it; else ours with the marker, the
  /// oldest, should there be two. Somebody else's is not ours, whatever stands in it.
  jobs::Result<Found> find_comment(const github::Place& place, jobs::IssueNumber number,
                                   const jobs::OwnComment& comment) {
    RUNNER_ASSIGN(const std::string own, people_.own_login());
    const auto is_ours = [&](const Json& each) {
      return jobs::same_but_for_case(github::text_at(github::at(each, "user"), "login"), own);
    };
    if (!comment.id.empty()) {
      const auto reply = api_.get(place.path({"issues", "comments", comment.id}));
      if (!reply && reply.error().kind != ErrorKind::not_found) {
        return reply.error();
      }
      if (reply) {
        const Json each = github::parsed(reply->body);
        const bool here =
            github::text_at(each, "issue_url").ends_with(fmt::format("/issues/{}", number));
        if (is_ours(each) && here) {
          return Found{github::number_at(each, "id"), github::text_at(each, "body")};
        }
      }  // Somebody deleted it, or the issue has moved.
    }
    Found found;
    const auto look = [&](const forge::Reply& page) -> jobs::Result<bool> {
      RUNNER_ASSIGN(const Json comments, github::entries_of({page}));
      for (const Json& each : comments) {
        std::string body = github::text_at(each, "body");
        if (is_ours(each) && body.contains(comment.marker)) {
          found = {github::number_at(each, "id"), std::move(body)};
          return false;
        }
      }
      return true;
    };
    RUNNER_TRY(api_.each_page(
        place.path({"issues", std::to_string(number), "comments"}) + "?per_page=100", look));
    return found;
  }

  forge::Api& api_;
  github::People people_;
  std::set<std::pair<github::Place, std::string>> made_;
};

}  // namespace

std::unique_ptr<jobs::TrackerWriter> make_github_writer(const jobs::TrackerConfig& config,
                                                        forge::Api& api) {
  static_cast<void>(config);
  return std::make_unique<GithubWriter>(api);
}

}  // namespace runner::trackers
