#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "jobs/model/issue.h"
#include "jobs/model/run.h"
#include "runner/forge/api.h"
#include "runner/trackers/plane.h"

/// What the reader and the writer for Plane are made of. Private to them.
namespace runner::trackers::plane {

// --- pure: what its JSON means

/// One state of one project.
struct State {
  enum class Group : std::uint8_t { open, closed, unknown };
  std::string id;
  std::string name;
  Group group = Group::unknown;
  bool is_default = false;  ///< what new items of the project are in
};

/// The states of one project. Ids of another project are not known here, whatever they are called
/// there.
class States {
 public:
  /// From the project's list. invalid_manifest: a configured name is not among them, or is in a
  /// group that says something else; names what is there.
  [[nodiscard]] static jobs::Result<States> resolved(
      const std::vector<nlohmann::json>& list, const std::map<std::string, std::string>& names,
      std::string_view project);
  /// Null for an id of nothing in this project.
  [[nodiscard]] const State* by_id(std::string_view id) const;
  /// "ready", "in_progress", ...; null where the manifest names none.
  [[nodiscard]] const State* by_word(std::string_view word) const;
  /// "" for a state that the manifest does not name.
  [[nodiscard]] std::string word_of(std::string_view id) const;
  /// Where an item stands whose run is that far: the state of the phase, or of the nearest one
  /// before it that has a state, else the one of "in_progress".
  [[nodiscard]] const State* of_phase(jobs::Phase phase) const;
  [[nodiscard]] const State* initial() const;

 private:
  std::vector<State> all_;
  std::map<std::string, std::size_t, std::less<>> by_word_;
};

struct Project {
  std::string id;
  std::string identifier;  ///< "SHOP", of "SHOP-7"
};

/// "in_progress", and the words of the phases: the runner works on the item.
[[nodiscard]] bool is_busy(std::string_view word);

/// The labels of the model that a state stands for. What is in progress was released before: it
/// keeps the ready label.
[[nodiscard]] std::vector<std::string> labels_of(std::string_view word, const jobs::Labels& labels);

/// An item: no trust and no blockers yet. `key.number` 0 = it is none.
[[nodiscard]] jobs::Issue issue_of(const nlohmann::json& item, const jobs::RepoName& repo,
                                   const States& states, const jobs::Labels& labels);

/// Who may do what, of a project's members.
struct Member {
  std::string id;                                           ///< of the person
  std::string email;                                        ///< may be empty
  jobs::Permission permission = jobs::Permission::unknown;  ///< unknown: no role is told
  bool is_bot = false;
};
[[nodiscard]] Member member_of(const nlohmann::json& object);

/// A move into the ready state.
struct Release {
  std::string actor;  ///< id of a person; empty = nobody, and `note` says why
  std::optional<jobs::TimePoint> at;
  double epoch = 0;         ///< seconds, when it was asked for; 0 = not told
  bool automation = false;  ///< Plane itself did it
  std::string note;
};
/// `state`: the one that the item is in, ready or in progress. `own`: id of the runner, whose own
/// move from ready to in progress is looked through.
[[nodiscard]] Release release_of(const std::vector<nlohmann::json>& activities,
                                 const States& states, std::string_view state,
                                 std::string_view own);

/// A change of name or description.
struct Edit {
  std::string actor;  ///< empty = not known
  jobs::TimePoint at;
};
/// Those that may have come after the release, in their order.
[[nodiscard]] std::vector<Edit> edits_after(const std::vector<nlohmann::json>& activities,
                                            const Release& release);

// --- asking

/// A workspace as one credential sees it. What was asked once is not asked again by the same
/// object, which lives for one tick. Thread-safe.
class Server {
 public:
  Server(forge::Api& api, const PlaneOptions& options) : api_(api), options_(options) {}

  /// The project of a repository. not_found: there is none that the credential may see.
  [[nodiscard]] jobs::Result<Project> project(const jobs::RepoName& repo);
  /// By id; nothing if the workspace has no such project.
  [[nodiscard]] jobs::Result<std::optional<Project>> project_by_id(std::string_view id);
  /// Its states, with the names of the manifest resolved.
  [[nodiscard]] jobs::Result<std::shared_ptr<const States>> states(const Project& project);
  /// The same, where nothing of the manifest need be there: a project that only blocks.
  [[nodiscard]] jobs::Result<std::shared_ptr<const States>> states_of_other(const Project& project);
  /// Id of the account that the token belongs to.
  [[nodiscard]] jobs::Result<std::string> own_id();
  /// Somebody of a project, now; permission none if they are not in it. Who may write is
  /// remembered; who may not is asked again, because somebody may just be giving them that right.
  [[nodiscard]] jobs::Result<Member> member(const Project& project, const std::string& id);
  /// What people call somebody of a project: the address where it is told, which is unique and not
  /// chosen freely; else the id. Asks once for a project.
  [[nodiscard]] std::string name_of(const Project& project, const std::string& id);

  /// Path below the project: {"states"}.
  [[nodiscard]] std::string path_in(const Project& project,
                                    std::vector<std::string_view> rest) const;
  /// Path of an item and what lies below it.
  [[nodiscard]] std::string path_of_item(const Project& project, std::string_view id,
                                         std::vector<std::string_view> rest);
  /// The items of a project, without their texts.
  [[nodiscard]] jobs::Result<std::vector<nlohmann::json>> items(const Project& project);
  /// One item by its number. not_found: there is none.
  [[nodiscard]] jobs::Result<nlohmann::json> item(const Project& project, jobs::IssueNumber number);
  /// All elements of a list. `query`: further than how its pages are.
  using Query = std::vector<std::pair<std::string_view, std::string_view>>;
  [[nodiscard]] jobs::Result<std::vector<nlohmann::json>> list(const std::string& path,
                                                               const Query& query = {});
  /// The same, one element after the other, and holds none of them; false from `visit` ends it.
  [[nodiscard]] jobs::Status each(const std::string& path, const Query& query,
                                  const std::function<bool(nlohmann::json&)>& visit,
                                  std::size_t most_pages = 200);
  /// What was done to an item, as far as trust needs it: texts are not kept.
  [[nodiscard]] jobs::Result<std::vector<nlohmann::json>> activities(const Project& project,
                                                                     std::string_view id);
  [[nodiscard]] jobs::Result<nlohmann::json> one(const std::string& path);

  [[nodiscard]] forge::Api& api() { return api_; }
  [[nodiscard]] const PlaneOptions& options() const { return options_; }

 private:
  using Known = std::map<std::string, std::shared_ptr<const States>>;
  [[nodiscard]] jobs::Result<std::shared_ptr<const States>> learn(
      const Project& project, const std::map<std::string, std::string>& names, Known& known);
  [[nodiscard]] jobs::Result<std::vector<Project>> projects();
  [[nodiscard]] std::string noun();

  forge::Api& api_;
  PlaneOptions options_;
  std::mutex mutex_;  ///< of all below
  std::optional<std::vector<Project>> projects_;
  Known states_;  ///< by id of the project
  Known others_;
  std::map<std::string, std::map<std::string, Member>> members_;  ///< by id of the project
  std::optional<std::string> own_;
  bool old_nouns_ = false;  ///< the server says "issues" of what newer ones call "work-items"
};

// --- filling in

/// A project with its states: what ids in it mean.
struct Place {
  Project project;
  std::shared_ptr<const States> states;
};

/// Who released the item that is in `state`, and who changed its text afterwards. `own`: id of the
/// runner.
void fill_release(Server& server, const Place& place, const std::vector<nlohmann::json>& activities,
                  const std::string& state, const std::string& own, jobs::Issue& issue);
/// What blocks the item `id`, by its relations and by its text.
void fill_blockers(Server& server, const Place& place, const std::string& id, jobs::Issue& issue);

}  // namespace runner::trackers::plane
