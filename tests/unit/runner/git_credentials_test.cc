#include "runner/git_credentials.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace runner {
namespace {

using jobs::ErrorKind;
using ::testing::HasSubstr;

std::optional<std::string> environment(const std::string& name) {
  return name == "SHOP_TOKEN" ? std::optional<std::string>(" s3cret\n") : std::nullopt;
}

jobs::Repo shop() {
  jobs::Repo repo;
  repo.name = jobs::RepoName("acme/shop");
  repo.remote = "https://git.example.org/acme/shop.git";
  repo.tracker = "forge";
  return repo;
}

jobs::Fleet fleet(const std::string& api) {
  jobs::Fleet out;
  out.trackers["forge"] = {.name = "forge", .kind = jobs::TrackerKind::forgejo, .url = api};
  return out;
}

TEST(GitCredentials, NobodyIsNobody) {
  EXPECT_FALSE(git_credentials({}, environment)(shop(), "").value().has_value());
}

TEST(GitCredentials, ATokenIsReadWhenItIsAskedFor) {
  jobs::Repo repo = shop();
  repo.auth.token = jobs::SecretRef{jobs::SecretRef::Source::env, "SHOP_TOKEN"};
  auto credential = git_credentials({}, environment)(repo, "").value().value();
  EXPECT_EQ(credential.user, "x-access-token");
  EXPECT_EQ(credential.secret, "s3cret");
  EXPECT_EQ(credential.origin, "variable SHOP_TOKEN");
  repo.auth.user = "runner";
  EXPECT_EQ(git_credentials({}, environment)(repo, "").value()->user, "runner");
  repo.auth.token->name = "GONE";
  const auto none = git_credentials({}, environment)(repo, "");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().kind, ErrorKind::denied);
  EXPECT_THAT(none.error().text(), HasSubstr("variable GONE is not set"));
}

TEST(GitCredentials, ATrackersCredentialIsGivenToItsOwnHostAlone) {
  jobs::Repo repo = shop();
  repo.auth.as_tracker = true;
  int asked = 0;
  const TrackerCredential tracker = [&](const jobs::Repo& of) {
    ++asked;
    EXPECT_EQ(of.name, repo.name);
    return worktrees::Credential{"bot", "t0ken"};
  };
  const auto source =
      git_credentials(fleet("https://git.example.org/api/v1"), environment, tracker);
  auto credential = source(repo, "").value().value();
  EXPECT_EQ(credential.user, "bot");
  EXPECT_EQ(credential.secret, "t0ken");
  EXPECT_EQ(credential.origin, "of tracker forge");
  for (const char* elsewhere :
       {"https://git.example.net/a.git", "http://git.example.org/a.git",
        "https://git.example.org:8443/a.git", "https://git.example.org.evil.net/a.git"}) {
    repo.remote = elsewhere;
    const auto refused = source(repo, "");
    ASSERT_FALSE(refused.has_value()) << elsewhere;
    EXPECT_THAT(refused.error().text(), HasSubstr("on another host than the remote"));
  }
  EXPECT_EQ(asked, 1) << "not even asked for";
  const auto none = git_credentials(fleet("https://git.example.org"), environment)(repo, "");
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().text(), HasSubstr("has no credential that git can use"));
}

TEST(GitCredentials, GithubsApiAndItsGitAreOneForge) {
  EXPECT_TRUE(same_forge("https://api.github.com", "https://github.com/acme/shop.git"));
  EXPECT_TRUE(
      same_forge("https://ghe.example.org/api/v3", "https://ghe.example.org/acme/shop.git"));
  EXPECT_FALSE(same_forge("https://api.github.com", "https://github.com.evil.net/a.git"));
  EXPECT_FALSE(same_forge("https://api.github.com", "http://github.com/a.git"));
  EXPECT_FALSE(same_forge("", "/srv/a.git"));
  EXPECT_FALSE(same_forge("", ""));
}

}  // namespace
}  // namespace runner
