#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/forge/fields.h"
#include "runner/trackers/forgejo.h"
#include "runner/trackers/forgejo_parts.h"

namespace runner::trackers {

using forgejo::path_in;
using jobs::ErrorKind;
using jobs::IssueNumber;
using jobs::Repo;
using jobs::Status;
using nlohmann::json;

namespace {

constexpr const char* kColour = "#6f42c1";  // A label has to have one.

using Ids = std::map<std::string, std::int64_t>;

Ids ids_in(const std::vector<json>& labels) {
  Ids ids;
  for (const json& label : labels) {
    ids.emplace(forge::text(label, "name"), forge::number(label, "id"));
  }
  return ids;
}

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

class ForgejoWriter final : public jobs::TrackerWriter {
 public:
  ForgejoWriter(ForgejoOptions options, forge::Api& api)
      : options_(std::move(options)), server_(api, options_.bot) {}

  Status set_labels(const Repo& repo, IssueNumber number, const std::vector<std::string>& add,
                    const std::vector<std::string>& remove) override {
    const std::string place = options_.place(repo);
    RUNNER_ASSIGN(const json issue, issue_at(repo, number));
    const json* listed = forge::field(issue, "labels");
    const Ids has =
        listed != nullptr && listed->is_array() ? ids_in(listed->get<std::vector<json>>()) : Ids{};
    json wanted = json::array();
    for (const std::string& label : add) {
      if (!has.contains(label)) {
        RUNNER_ASSIGN(const std::int64_t id, label_id(place, label));
        wanted.push_back(id);
      }
    }
    if (!wanted.empty()) {
      RUNNER_TRY(send("POST", path_of(repo, number, {"labels"}), {{"labels", wanted}}, true));
    }
    for (const std::string& label : remove) {
      if (const auto found = has.find(label); found != has.end()) {
        const Status gone = send(
            "DELETE", path_of(repo, number, {"labels", std::to_string(found->second)}), {}, true);
        if (!gone && gone.error().kind != ErrorKind::not_found) {
          return gone;
        }
      }
    }
    return jobs::ok();
  }

  jobs::Result<std::string> upsert_comment(const Repo& repo, IssueNumber number,
                                           const jobs::OwnComment& comment) override {
    RUNNER_ASSIGN(const json ours, our_comment(repo, number, comment));
    if (!ours.is_null()) {
      return edit(repo, ours, comment.body);
    }
    const auto made = server_.api().send({.method = "POST",
                                          .path = path_of(repo, number, {"comments"}),
                                          .body = dumped({{"body", comment.body}}),
                                          .repeatable = false});
    if (made) {
      // An answer without it leaves it to be found by its marker.
      const std::int64_t id = forge::number(json::parse(made->body, nullptr, false), "id");
      return id > 0 ? std::to_string(id) : std::string();
    }
    if (!jobs::is_retryable(made.error().kind)) {
      return made.error();
    }
    // Whether it was made is not known: the next call would make a second one.
    const auto look = our_comment(repo, number, comment);
    return look && !look->is_null() ? edit(repo, *look, comment.body)
                                    : jobs::Result<std::string>(made.error());
  }

  Status close(const Repo& repo, IssueNumber number, const std::string&) override {
    RUNNER_ASSIGN(const json issue, issue_at(repo, number));
    if (forge::text(issue, "state") == "closed") {
      return jobs::ok();
    }
    return send("PATCH", path_of(repo, number, {}), {{"state", "closed"}}, true);
  }

 private:
  [[nodiscard]] std::string path_of(const Repo& repo, IssueNumber number,
                                    std::vector<std::string_view> rest) const {
    const std::string text = std::to_string(number);
    std::vector<std::string_view> parts{"issues", text};
    parts.insert(parts.end(), rest.begin(), rest.end());
    return path_in(options_.place(repo), parts);
  }

  jobs::Result<json> issue_at(const Repo& repo, IssueNumber number) {
    return server_.one(path_of(repo, number, {}));
  }

  Status send(const std::string& method, const std::string& path, const json& body,
              bool repeatable) {
    const auto reply = server_.api().send({.method = method,
                                           .path = path,
                                           .body = body.is_null() ? std::string() : dumped(body),
                                           .repeatable = repeatable});
    return reply ? jobs::ok() : Status(reply.error());
  }

  /// The comment of ours with that id, else with the marker; null if there is none. One by somebody
  /// else is forged.
  jobs::Result<json> our_comment(const Repo& repo, IssueNumber number,
                                 const jobs::OwnComment& comment) {
    RUNNER_ASSIGN(const std::string own, server_.own_login());
    if (!comment.id.empty()) {
      const auto reply =
          server_.api().get(path_in(options_.place(repo), {"issues", "comments", comment.id}));
      if (!reply && jobs::is_retryable(reply.error().kind)) {
        return reply.error();
      }
      // Nothing at all is the answer about a comment that is none on an issue.
      json known = reply ? json::parse(reply->body, nullptr, false) : json();
      if (forge::text(known, "issue_url").ends_with(fmt::format("/issues/{}", number)) &&
          forge::text(known, "user.login") == own) {
        return known;
      }
    }  // Else somebody deleted it, or the issue has moved.
    RUNNER_ASSIGN(const std::vector<json> comments,
                  server_.unnumbered(path_of(repo, number, {"comments"})));
    for (const json& one : comments) {
      if (forge::text(one, "user.login") == own &&
          forge::text(one, "body").find(comment.marker) != std::string::npos) {
        return one;
      }
    }
    return json();
  }

  jobs::Result<std::string> edit(const Repo& repo, const json& comment, const std::string& body) {
    const std::string id = std::to_string(forge::number(comment, "id"));
    if (forge::text(comment, "body") != body) {
      RUNNER_TRY(send("PATCH", path_in(options_.place(repo), {"issues", "comments", id}),
                      {{"body", body}}, true));
    }
    return id;
  }

  /// Labels are set by number, and a repository may use those of its organisation.
  jobs::Result<std::int64_t> label_id(const std::string& place, const std::string& label) {
    const std::lock_guard lock(mutex_);
    Ids& known = ids_[place];
    if (!known.contains(label)) {
      RUNNER_TRY(learn(place, known));
    }
    if (!known.contains(label)) {
      const Status made =
          send("POST", path_in(place, {"labels"}),
               {{"name", label}, {"color", kColour}, {"description", "set by runner"}}, false);
      // A second label of one name would be possible, so that what is there now is looked at.
      RUNNER_TRY(learn(place, known));
      if (!known.contains(label)) {
        return made ? jobs::fail(ErrorKind::transient,
                                 fmt::format("the label {} was made in {}, and is not there", label,
                                             place))
                    : jobs::Result<std::int64_t>(made.error());
      }
    }
    return known.at(label);
  }

  Status learn(const std::string& place, Ids& known) {
    RUNNER_ASSIGN(const std::vector<json> own, server_.list(path_in(place, {"labels"})));
    known = ids_in(own);
    const std::string owner = place.substr(0, place.find('/'));
    auto shared =
        server_.list(forge::path_of(std::array<std::string_view, 3>{"orgs", owner, "labels"}));
    if (shared) {
      known.merge(ids_in(*shared));
    } else if (jobs::is_retryable(shared.error().kind)) {
      return shared.error();
    }  // else the owner is a person, or the token may not see the organisation
    return jobs::ok();
  }

  ForgejoOptions options_;
  forgejo::Server server_;
  std::mutex mutex_;
  std::map<std::string, Ids> ids_;  ///< by repository
};

}  // namespace

std::unique_ptr<jobs::TrackerWriter> make_forgejo_writer(ForgejoOptions options, forge::Api& api) {
  return std::make_unique<ForgejoWriter>(std::move(options), api);
}

}  // namespace runner::trackers
