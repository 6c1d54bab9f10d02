#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/forge/fields.h"
#include "runner/trackers/plane.h"
#include "runner/trackers/plane_html.h"
#include "runner/trackers/plane_parts.h"

namespace runner::trackers {

using jobs::IssueNumber;
using jobs::Repo;
using jobs::Status;
using nlohmann::json;
using plane::Project;
using plane::State;
using plane::States;

namespace {

bool holds(const std::vector<std::string>& labels, const std::string& label) {
  return std::ranges::find(labels, label) != labels.end();
}

class PlaneWriter final : public jobs::TrackerWriter {
 public:
  PlaneWriter(PlaneOptions options, forge::Api& api)
      : options_(std::move(options)), server_(api, options_) {}

  /// Labels that stand for no state are not there, and setting them does nothing.
  Status set_labels(const Repo& repo, IssueNumber number, const std::vector<std::string>& add,
                    const std::vector<std::string>& remove) override {
    RUNNER_ASSIGN(const Project project, server_.project(repo.name));
    RUNNER_ASSIGN(const auto states, server_.states(project));
    RUNNER_ASSIGN(const json item, server_.item(project, number));
    const State* now = states->by_id(forge::text(item, "state"));
    if (now == nullptr) {
      return jobs::fail(jobs::ErrorKind::transient,
                        fmt::format("{}-{} is in a state that its project does not have",
                                    project.identifier, number));
    }
    const State* target = wanted(*states, *now, add, remove);
    return target == nullptr ? jobs::ok() : move(project, item, *target);
  }

  jobs::Result<std::string> upsert_comment(const Repo& repo, IssueNumber number,
                                           const jobs::OwnComment& comment) override {
    RUNNER_ASSIGN(const Project project, server_.project(repo.name));
    RUNNER_ASSIGN(const json item, server_.item(project, number));
    const std::string comments =
        server_.path_of_item(project, forge::text(item, "id"), {"comments"});
    if (comment.phase) {
      RUNNER_TRY(show_phase(project, item, *comment.phase));
    }
    RUNNER_ASSIGN(const json ours, our_comment(comments, comment));
    if (!ours.is_null()) {
      return edit(comments, ours, comment.body);
    }
    const auto made = server_.api().send(
        {.method = "POST", .path = comments, .body = html_of(comment.body), .repeatable = false});
    if (made) {
      // An answer without it leaves it to be found by its marker.
      return forge::text(json::parse(made->body, nullptr, false), "id");
    }
    if (!jobs::is_retryable(made.error().kind)) {
      return made.error();
    }
    // Whether it was made is not known: the next call would make a second one.
    const auto look = our_comment(comments, comment);
    return look && !look->is_null() ? edit(comments, *look, comment.body)
                                    : jobs::Result<std::string>(made.error());
  }

  Status close(const Repo& repo, IssueNumber number, const std::string&) override {
    RUNNER_ASSIGN(const Project project, server_.project(repo.name));
    RUNNER_ASSIGN(const auto states, server_.states(project));
    RUNNER_ASSIGN(const json item, server_.item(project, number));
    const State* now = states->by_id(forge::text(item, "state"));
    const State* done = states->by_word("done");
    const bool closed = now != nullptr && now->group == State::Group::closed;
    return closed || done == nullptr ? jobs::ok() : move(project, item, *done);
  }

 private:
  /// Moves the item on along the board, as long as nobody has taken it out of the runner's hands.
  Status show_phase(const Project& project, const json& item, jobs::Phase phase) {
    RUNNER_ASSIGN(const auto states, server_.states(project));
    const State* now = states->by_id(forge::text(item, "state"));
    const State* target = states->of_phase(phase);
    const bool busy = now != nullptr && plane::is_busy(states->word_of(now->id));
    return busy && target != nullptr && target->id != now->id ? move(project, item, *target)
                                                              : jobs::ok();
  }

  /// Where the item has to go; null = nowhere. What is finished stays so, and what a person took
  /// out of the ready state in the meantime is not put in progress: the run learns of it.
  [[nodiscard]] const State* wanted(const States& states, const State& now,
                                    const std::vector<std::string>& add,
                                    const std::vector<std::string>& remove) const {
    const jobs::Labels& labels = options_.labels;
    const std::string word = states.word_of(now.id);
    if (now.group == State::Group::closed) {
      return nullptr;
    }
    const bool ours = word == "ready" || plane::is_busy(word);
    const State* target = nullptr;
    if (holds(add, labels.human)) {
      target = states.by_word("needs_human");
    } else if (holds(add, labels.in_progress)) {
      target = word == "ready" ? states.by_word("in_progress") : nullptr;
    } else if (holds(add, labels.ready)) {
      target = states.by_word("ready");
    } else if (holds(remove, labels.ready)) {
      target = ours ? left_alone(states) : nullptr;
    } else if (holds(remove, labels.in_progress)) {
      target = plane::is_busy(word) ? states.by_word("ready") : nullptr;
    }
    return target != nullptr && target->id == now.id ? nullptr : target;
  }

  /// Where an item goes that nobody is called for: where new ones are. Never back into a state
  /// that would start it again.
  [[nodiscard]] static const State* left_alone(const States& states) {
    const State* initial = states.initial();
    const std::string word = initial == nullptr ? std::string() : states.word_of(initial->id);
    const bool usable = initial != nullptr && initial->group == State::Group::open && word.empty();
    return usable ? initial : states.by_word("needs_human");
  }

  Status move(const Project& project, const json& item, const State& target) {
    return send(server_.path_of_item(project, forge::text(item, "id"), {}),
                json{{"state", target.id}}.dump());
  }

  static std::string html_of(const std::string& body) {
    return json{{"comment_html", plane::escaped(body).value}}.dump(-1, ' ', false,
                                                                   json::error_handler_t::replace);
  }

  static std::string path_of_comment(const std::string& comments, const std::string& id) {
    const std::array<std::string_view, 1> parts{id};
    return comments + forge::path_of(parts).substr(1) + "/";
  }

  /// The comment of ours with that id, else with the marker; null if there is none. One by somebody
  /// else is forged: `created_by` may be chosen by whoever makes a comment, `actor` may not.
  jobs::Result<json> our_comment(const std::string& comments, const jobs::OwnComment& comment) {
    RUNNER_ASSIGN(const std::string own, server_.own_id());
    if (!comment.id.empty()) {
      const auto reply = server_.api().get(path_of_comment(comments, comment.id));
      if (!reply && jobs::is_retryable(reply.error().kind)) {
        return reply.error();
      }
      if (json known = reply ? json::parse(reply->body, nullptr, false) : json();
          forge::text(known, "actor") == own) {
        return known;
      }
    }  // Else somebody deleted it.
    json ours;
    RUNNER_TRY(server_.each(comments, {}, [&](json& one) {
      if (forge::text(one, "actor") == own &&
          text_of(one).find(comment.marker) != std::string::npos) {
        ours = std::move(one);
      }
      return ours.is_null();
    }));
    return ours;
  }

  static std::string text_of(const json& comment) {
    return plane::text_of_html(forge::text(comment, "comment_html"));
  }

  jobs::Result<std::string> edit(const std::string& comments, const json& ours,
                                 const std::string& body) {
    const std::string id = forge::text(ours, "id");
    if (text_of(ours) != plane::text_of_html(plane::escaped(body).value)) {
      RUNNER_TRY(send(path_of_comment(comments, id), html_of(body)));
    }
    return id;
  }

  Status send(const std::string& path, const std::string& body) {
    const auto reply =
        server_.api().send({.method = "PATCH", .path = path, .body = body, .repeatable = true});
    return reply ? jobs::ok() : Status(reply.error());
  }

  PlaneOptions options_;
  plane::Server server_;
};

}  // namespace

std::unique_ptr<jobs::TrackerWriter> make_plane_writer(PlaneOptions options, forge::Api& api) {
  return std::make_unique<PlaneWriter>(std::move(options), api);
}

}  // namespace runner::trackers
