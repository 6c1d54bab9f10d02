// Whose business an answer is: the table of what GitHub says.
#include <string>

#include <gtest/gtest.h>

#include "runner/forge/meaning.h"

namespace runner::forge {
namespace {

using jobs::ErrorKind;

constexpr const char* kCredential = "variable GITHUB_TOKEN";

http::Answer answer(long status, std::string body,
                    std::vector<std::pair<std::string, std::string>> headers = {}) {
  return {.status = status, .body = std::move(body), .headers = std::move(headers)};
}

struct MeaningCase {
  const char* name;
  http::Answer answer;
  ErrorKind kind;
  const char* message;  ///< part of it
  const char* hint;     ///< part of it
};

class Meaning : public testing::TestWithParam<MeaningCase> {};

TEST_P(Meaning, IsTheRightKindAndNamesTheFix) {
  const MeaningCase& c = GetParam();
  const auto error = meaning_of(c.answer, kCredential);
  ASSERT_TRUE(error) << c.name;
  EXPECT_EQ(error->kind, c.kind) << c.name << ": " << error->text();
  EXPECT_NE(error->message.find(c.message), std::string::npos) << c.name << ": " << error->text();
  EXPECT_NE(error->hint.find(c.hint), std::string::npos) << c.name << ": " << error->text();
}

INSTANTIATE_TEST_SUITE_P(
    Table, Meaning,
    testing::Values(
        MeaningCase{"bad credentials", answer(401, R"({"message":"Bad credentials"})"),
                    ErrorKind::denied, "401: Bad credentials", "variable GITHUB_TOKEN"},
        MeaningCase{"primary limit",
                    answer(403, R"({"message":"API rate limit exceeded for user ID 1."})",
                           {{"x-ratelimit-remaining", "0"}}),
                    ErrorKind::rate_limited, "API rate limit", ""},
        MeaningCase{"primary limit by its header alone",
                    answer(403, "{}", {{"x-ratelimit-remaining", "0"}}), ErrorKind::rate_limited,
                    "403", ""},
        MeaningCase{"secondary limit by its header",
                    answer(403, R"({"message":"You have exceeded a secondary rate limit."})",
                           {{"retry-after", "60"}, {"x-ratelimit-remaining", "4000"}}),
                    ErrorKind::rate_limited, "secondary", ""},
        MeaningCase{
            "secondary limit by its words",
            answer(403, R"({"message":"You have exceeded a secondary rate limit. Please wait"})"),
            ErrorKind::rate_limited, "secondary", ""},
        MeaningCase{
            "abuse detection",
            answer(403, R"({"message":"You have triggered an abuse detection mechanism."})"),
            ErrorKind::rate_limited, "abuse", ""},
        MeaningCase{
            "single sign-on",
            answer(
                403, R"({"message":"Resource protected by organization SAML enforcement."})",
                {{"x-github-sso",
                  "required; url=https://github.com/orgs/acme/sso?authorization_request=SECRET"}}),
            ErrorKind::denied, "SAML",
            "authorise the token (variable GITHUB_TOKEN) for it at "
            "https://github.com/orgs/acme/sso"},
        MeaningCase{"missing permission of an App",
                    answer(403, R"({"message":"Resource not accessible by integration"})",
                           {{"x-accepted-github-permissions", "issues=write"}}),
                    ErrorKind::denied, "Resource not accessible", "the permission issues=write"},
        MeaningCase{"missing permission of a fine-grained token",
                    answer(403, R"({"message":"Resource not accessible by personal access token"})",
                           {{"x-accepted-github-permissions", "contents=write; workflows=write"}}),
                    ErrorKind::denied, "personal access token", "contents=write; workflows=write"},
        MeaningCase{"missing scope of a classic token",
                    answer(403, R"({"message":"Must have admin rights to Repository."})",
                           {{"x-oauth-scopes", "read:org"}, {"x-accepted-oauth-scopes", "repo"}}),
                    ErrorKind::denied, "admin rights",
                    "has the scopes \"read:org\"; one of \"repo\""},
        MeaningCase{
            "no push access",
            answer(403, R"({"message":"Must have push access to view collaborator permission."})"),
            ErrorKind::denied, "push access", "lacks a permission"},
        MeaningCase{"archived",
                    answer(403, R"({"message":"Repository was archived so is read-only."})"),
                    ErrorKind::denied, "archived", "unarchive"},
        MeaningCase{"not there, or not to be seen", answer(404, R"({"message":"Not Found"})"),
                    ErrorKind::not_found, "404: Not Found", "may not see"},
        MeaningCase{"issues are switched off",
                    answer(410, R"({"message":"Issues are disabled for this repo"})"),
                    ErrorKind::not_found, "disabled", "switch issues on"},
        MeaningCase{"deleted", answer(410, R"({"message":"This issue was deleted"})"),
                    ErrorKind::not_found, "deleted", "deleted"},
        MeaningCase{
            "there already",
            answer(
                422,
                R"({"message":"Validation Failed","errors":[{"resource":"Label","code":"already_exists","field":"name"}]})"),
            ErrorKind::conflict, "Label name already_exists", ""},
        MeaningCase{"not valid",
                    answer(422, R"({"message":"Validation Failed","errors":["body is too long"]})"),
                    ErrorKind::denied, "body is too long", ""},
        MeaningCase{"conflict", answer(409, "{}"), ErrorKind::conflict, "409", ""},
        MeaningCase{"too many", answer(429, R"({"message":"slow down"})"), ErrorKind::rate_limited,
                    "slow down", ""},
        MeaningCase{"trouble over there", answer(502, "<html>Bad gateway</html>"),
                    ErrorKind::transient, "502", ""},
        MeaningCase{"redirect", answer(302, "", {{"location", "https://elsewhere/"}}),
                    ErrorKind::denied, "redirect", "final URL"},
        MeaningCase{
            "a page for people",
            answer(200, "<!DOCTYPE html><title>Sign in</title>", {{"content-type", "text/html"}}),
            ErrorKind::transient, "web page instead of JSON", "not that of the API"},
        MeaningCase{"cut off", answer(200, R"([{"number":1},{"num)"), ErrorKind::transient,
                    "cut off", ""},
        MeaningCase{"no JSON", answer(200, "OK"), ErrorKind::transient, "not JSON", ""},
        MeaningCase{"an escape stays visible", answer(403, "{\"message\":\"a\\u001b[2Jb\"}"),
                    ErrorKind::denied, "a\\x1b[2Jb", ""}));

TEST(MeaningOf, WhatIsGoodIsNoError) {
  EXPECT_FALSE(meaning_of(answer(200, "[]"), kCredential));
  EXPECT_FALSE(meaning_of(answer(204, ""), kCredential));
  EXPECT_FALSE(meaning_of_graphql(answer(200, R"({"data":{}})"), kCredential));
}

TEST(MeaningOf, ASingleSignOnAddressLosesItsQuery) {
  const auto error = meaning_of(
      answer(403, "{}",
             {{"x-github-sso",
               "required; url=https://github.com/orgs/a/sso?authorization_request=SECRET"}}),
      kCredential);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->text().find("SECRET"), std::string::npos);
}

TEST(MeaningOf, GraphqlSaysLimitedWithStatus200) {
  const auto error = meaning_of_graphql(
      answer(
          200,
          R"({"data":null,"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]})"),
      kCredential);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::rate_limited);
}

TEST(MeaningOf, GraphqlErrorsOfOneAliasAreForTheCaller) {
  EXPECT_FALSE(meaning_of_graphql(
      answer(200,
             R"({"data":{"a":null},"errors":[{"type":"NOT_FOUND","path":["a"],"message":"x"}]})"),
      kCredential));
  ASSERT_TRUE(meaning_of_graphql(answer(200, "[]"), kCredential));
}

TEST(MeaningOf, RateHeadersAreReadAndNotBelievedTooFar) {
  const jobs::TimePoint now{std::chrono::seconds(1'790'000'000)};
  const RateHeaders rate = rate_headers(
      answer(200, "", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1790000060"}}), now);
  EXPECT_EQ(rate.remaining, 0);
  EXPECT_EQ(rate.reset, now + std::chrono::seconds(60));
  const RateHeaders odd = rate_headers(
      answer(200, "", {{"x-ratelimit-remaining", "many"}, {"x-ratelimit-reset", "99999999999"}}),
      now);
  EXPECT_EQ(odd.remaining, std::nullopt);
  EXPECT_EQ(odd.reset, now + std::chrono::hours(24));
}

TEST(MeaningOf, AMovedRepositoryIsOnlyFoundOnTheSameServer) {
  const std::string root = "https://h/api/v3";
  const auto moved = [&](long status, const char* to) {
    return moved_repository(answer(status, "", {{"location", to}}), root);
  };
  EXPECT_EQ(moved(301, "https://h/api/v3/repositories/42/issues?state=open"), "/repositories/42");
  EXPECT_EQ(moved(307, "/api/v3/repositories/42"), "/repositories/42");
  EXPECT_EQ(moved(301, "https://evil/api/v3/repositories/42"), "");
  EXPECT_EQ(moved(301, "https://h/api/v3/repositories/x"), "");
  EXPECT_EQ(moved(200, "https://h/api/v3/repositories/42"), "");
}

}  // namespace
}  // namespace runner::forge
