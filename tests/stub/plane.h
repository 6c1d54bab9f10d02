#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/stub/message.h"

namespace stub {

/// A server in Plane's shape with its state in memory, as far as an adapter of the runner asks:
/// projects with states of their own, work items, activities, relations, members, comments. It has
/// no more fields than the serializers of the real one (github.com/makeplane/plane,
/// apps/api/plane/api/serializers), and pages lists as its paginator does.
class Plane {
 public:
  struct Options {
    std::string workspace = "acme";
    std::string login = "runner";  ///< whose token it is
    bool roles = true;             ///< members come with their role, which not every edition tells
    bool relations = true;         ///< the API has them
    bool old = false;              ///< it says "issues" and knows no "work-items"
  };

  Plane() : Plane(Options{}) {}
  explicit Plane(Options options) : options_(std::move(options)) {}

  struct Written {
    std::string title = "an issue";
    std::string html = "<p></p>";
    std::string author = "alice";
    std::string state = "Backlog";
    std::string priority = "none";
  };
  struct StateOf {
    std::string name;
    std::string group;
  };
  /// What people do, beside the requests. A project is there once something is in it; it has the
  /// states of a new one, Ready and Needs Human.
  void project(const std::string& identifier);
  void project(const std::string& identifier, const std::vector<StateOf>& states);
  void rename_state(const std::string& project, const std::string& from, const std::string& to);
  void put(const std::string& project, std::int64_t number, const Written& written);
  /// `logged`: when its entry was written, which is done behind the request's back.
  void move(const std::string& project, std::int64_t number, const std::string& state,
            const std::string& by, const std::string& at, const std::string& logged = {});
  /// `field`: "name" or "description".
  void edit(const std::string& project, std::int64_t number, const std::string& field,
            const std::string& by, const std::string& at);
  void block(const std::string& project, std::int64_t number, const std::string& by_project,
             std::int64_t by_number);
  /// The token's account is no member of it.
  void hide(const std::string& project);
  void member(const std::string& login, std::int64_t role);
  /// What this one moves a rule of the project moves: nobody chose the state it came from.
  void automation(const std::string& login);
  /// The account is gone; what it did is nobody's.
  void forget(const std::string& login);
  /// `claims`: whom it names as its creator, which whoever makes a comment chooses.
  void comment(const std::string& project, std::int64_t number, const std::string& author,
               const std::string& html, const std::string& claims = {});
  /// The next requests are answered with 429, or with 401.
  void limit(bool on);
  void revoke_token(bool on);

  // What a test looks at.
  [[nodiscard]] std::string state_of(const std::string& project, std::int64_t number);
  [[nodiscard]] std::string state_id(const std::string& project, const std::string& state);
  [[nodiscard]] std::vector<std::string> comments_of(const std::string& project,
                                                     std::int64_t number);

  [[nodiscard]] Answer answer(const Request& request);

 private:
  using Json = nlohmann::json;
  using Parts = std::vector<std::string>;

  Answer read(const Request& request, const Parts& parts);
  Answer read_item(const Request& request, const Json& item, const Parts& parts);
  Answer change(const Request& request, Json& project, const Parts& parts);
  Answer change_comment(const Request& request, Json& item, const Parts& parts);
  Answer list(const Request& request, const Json& items) const;
  [[nodiscard]] Json members() const;
  [[nodiscard]] Json relations(const Json& item) const;
  Json& made(const std::string& identifier);
  Json& item(const std::string& project, std::int64_t number);
  void log(Json& item, const std::string& by, const std::string& at, const Json& what);
  void move_to(Json& project, Json& item, const std::string& state_id, const std::string& by,
               const std::string& at);
  std::string user(const std::string& login);
  std::string id();
  std::string now();

  Options options_;
  std::mutex mutex_;
  std::map<std::string, Json> projects_;      ///< by identifier
  std::map<std::string, std::string> users_;  ///< id by login
  std::map<std::string, std::int64_t> roles_;
  std::set<std::string> automations_;
  std::set<std::string> gone_;
  bool limited_ = false;
  bool revoked_ = false;
  std::int64_t next_id_ = 1;
  std::int64_t clock_ = 0;
};

}  // namespace stub
