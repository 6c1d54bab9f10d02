#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "jobs/model/fleet.h"
#include "jobs/model/issue.h"
#include "jobs/ports/tracker.h"
#include "runner/forge/api.h"

/// What the reader and the writer for GitHub are made of. Private to them.
namespace runner::trackers::github {

// JSON that came from outside: what is absent or of another type reads as nothing.

/// The object or array that `text` spells; null if it is neither.
[[nodiscard]] nlohmann::json parsed(const std::string& text);
[[nodiscard]] const nlohmann::json& at(const nlohmann::json& object, const char* key);
[[nodiscard]] std::string text_at(const nlohmann::json& object, const char* key);
[[nodiscard]] std::int64_t number_at(const nlohmann::json& object, const char* key);
[[nodiscard]] std::optional<jobs::TimePoint> time_at(const nlohmann::json& object, const char* key);
/// All entries of the pages of a list. transient: one is no array.
[[nodiscard]] jobs::Result<nlohmann::json> entries_of(const std::vector<forge::Reply>& pages);

/// "p1", "P-1", "prio: 1", "priority/1": the lowest number that a label says.
[[nodiscard]] std::optional<int> priority_of(const std::vector<std::string>& labels);

/// Where a repository's issues are.
struct Place {
  std::string owner;
  std::string name;
  [[nodiscard]] std::string str() const { return owner + "/" + name; }
  /// "/repos/OWNER/NAME" + "/a/b".
  [[nodiscard]] std::string path(std::initializer_list<std::string_view> rest) const;
  friend auto operator<=>(const Place&, const Place&) = default;
};
/// usage: its tracker_path is not "owner/name".
[[nodiscard]] jobs::Result<Place> place_of(const jobs::Repo& repo);
[[nodiscard]] std::optional<Place> parse_place(std::string_view text);

/// What a list says of a repository.
struct Lists {
  std::vector<jobs::Issue> ready;
  std::vector<jobs::Issue> in_progress;
};

/// One repository of a GraphQL query for lists: which page of which list.
struct ListAsk {
  const jobs::Repo* repo = nullptr;
  Place place;
  bool ready = true;
  bool in_progress = true;
  std::string ready_after;  ///< cursor; "" = the first page
  std::string in_progress_after;
};
[[nodiscard]] std::string list_query(std::span<const ListAsk> asks, const jobs::Labels& labels);

struct ListPage {
  Lists lists;
  std::string ready_next;  ///< cursor of the page behind it; "" = the last
  std::string in_progress_next;
};
/// A page for each, in order. What GitHub could not say of one repository is that one's error.
[[nodiscard]] std::vector<jobs::Result<ListPage>> parse_lists(const std::string& body,
                                                              std::span<const ListAsk> asks);

/// An issue's number in a place.
struct Spot {
  Place place;
  jobs::IssueNumber number = 0;
  friend auto operator<=>(const Spot&, const Spot&) = default;
};
/// Text, labels, state and edits of issues.
[[nodiscard]] std::string text_query(std::span<const Spot> spots);

/// Somebody changed title or body.
struct Edit {
  jobs::TimePoint at;
  std::string login;  ///< "" = not known
};
struct Text {
  std::string title;
  std::string body;
  std::string url;
  std::string author;  ///< "" = the account is gone
  bool open = false;
  std::vector<std::string> labels;
  std::vector<Edit> edits;
};
[[nodiscard]] std::vector<jobs::Result<Text>> parse_texts(const std::string& body,
                                                          std::span<const Spot> spots);
/// The same of one issue as REST says it, which has no word about edits: whatever changed it last
/// may have been an edit, by somebody unknown.
[[nodiscard]] jobs::Result<Text> parse_rest_issue(const std::string& body);

/// Who set the ready label: the newest such event that was not followed by a removal. `own`: the
/// runner's login. Permission is not filled in.
[[nodiscard]] jobs::LabelActor label_actor(const nlohmann::json& events, const std::string& ready,
                                           const std::string& own);
/// The edit after the label that matters most: the newest by somebody who may not, else the newest.
/// Times have whole seconds; those of the label's own second are before it, because an issue that
/// is made with its label has both at once.
[[nodiscard]] const Edit* edit_that_matters(
    const std::vector<Edit>& edits, const std::optional<jobs::TimePoint>& label_at,
    const std::map<std::string, jobs::Permission>& permissions);

/// Permissions of people, asked once in a tick. Thread-safe.
class People {
 public:
  explicit People(forge::Api& api) : api_(api) {}
  struct Answer {
    jobs::Permission permission = jobs::Permission::unknown;
    std::string problem;  ///< why it is unknown
  };
  /// All of these at once.
  [[nodiscard]] std::map<std::pair<Place, std::string>, Answer> ask(
      std::span<const std::pair<Place, std::string>> whom);
  /// The login of the credential; an App's ends in "[bot]".
  [[nodiscard]] jobs::Result<std::string> own_login();

 private:
  forge::Api& api_;
  std::mutex mutex_;
  std::map<std::pair<Place, std::string>, Answer> known_;
  std::optional<std::string> own_;
};
[[nodiscard]] std::string without_bot(std::string_view login);

/// Fills in what a list left out, for all of these at once.
void complete(forge::Api& api, People& people, jobs::ForgeApi how,
              std::span<const jobs::WantedDetails> wanted, const jobs::Labels& labels);

}  // namespace runner::trackers::github
