#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/stub/message.h"

/// How GitHub's REST answers show what a double keeps. Each has the fields that GitHub's published
/// description requires (npm @octokit/openapi, tests/integration/github_rest), made of what is
/// known, and none that the description does not have.
namespace stub::rest {

using Json = nlohmann::json;

[[nodiscard]] Answer not_found();

/// Stands for an id that GitHub gives to what has a name.
[[nodiscard]] std::int64_t id_of(const std::string& name);
/// "https://api.github.com/repos/acme/shop" + what.
[[nodiscard]] std::string api_url(const std::string& repo, const std::string& what = "");
/// "https://github.com/acme/shop" + what.
[[nodiscard]] std::string site_url(const std::string& repo, const std::string& what = "");

/// What is kept of an account: login, id, type.
[[nodiscard]] Json person(const std::string& login);
/// The account as it is shown; null if nobody is kept.
[[nodiscard]] Json user(const Json& person);
/// The credential's own account, as "/user" shows it.
[[nodiscard]] Json own_user(const std::string& login);
/// An App ("integration").
[[nodiscard]] Json app(std::int64_t id, const std::string& slug);

/// A repository as statuses and suites show it, as pull requests do, and alone.
[[nodiscard]] Json minimal_repository(const std::string& repo);
[[nodiscard]] Json repository(const std::string& repo);
[[nodiscard]] Json full_repository(const std::string& repo);

[[nodiscard]] Json label(const std::string& repo, const Json& kept);
[[nodiscard]] Json labels(const std::string& repo, const Json& kept);
[[nodiscard]] Json issue(const std::string& repo, const Json& kept, std::size_t comments);
[[nodiscard]] Json comment(const std::string& repo, const std::string& number, const Json& kept);
[[nodiscard]] Json event(const std::string& repo, const Json& kept);

/// Of a list of statuses; `status_made` is the answer to who set it.
[[nodiscard]] Json status(const std::string& repo, const std::string& sha, const Json& kept);
[[nodiscard]] Json status_made(const std::string& repo, const std::string& sha, const Json& kept);
[[nodiscard]] Json check_run(const std::string& repo, const std::string& sha, const Json& kept);
/// The suite of GitHub Actions that the runs of a commit are in, and the workflow's run.
[[nodiscard]] Json check_suite(const std::string& repo, const std::string& sha, const Json& runs);
[[nodiscard]] Json workflow_run(const std::string& repo, const std::string& sha, const Json& runs);

/// Adds to number, state, title, body, head, base and the like of a pull request what is the same
/// in a list and alone.
void complete_pull(const std::string& repo, Json& pull);

}  // namespace stub::rest
