// The judge is judged: each sort of mistake that a double or an adapter can make is noticed.
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/integration/github_rest/description.h"
#include "tests/stub/forge.h"

namespace github_rest {
namespace {

using Json = nlohmann::json;

constexpr const char* kIssue = "/repos/acme/shop/issues/1";

class GithubRestMistakes : public testing::Test {
 protected:
  void SetUp() override {
    if (!description_.missing().empty()) {
      GTEST_SKIP() << description_.missing();
    }
    forge_.add_repo("acme/shop");
    forge_.add_issue("acme/shop", "bob", "an issue");
    forge_.label("acme/shop", 1, "busy", "alice");
    forge_.set_check("acme/shop", "abc", "build", "completed", "success");
  }
  /// What the double answers, changed by `change`.
  Json changed(const std::string& method, const std::string& target, const std::string& sent,
               const std::function<void(Json&)>& change) {
    auto request = *stub::parse_head(fmt::format("{} {} HTTP/1.1\r\n\r\n", method, target));
    request.body = sent;
    stub::Log log;
    const stub::Answer answer = forge_.answer(request, log);
    Json body = Json::parse(answer.body);
    change(body);
    return one_case(method, target, sent, answer.status, body.dump());
  }
  Json got(const std::string& target, const std::function<void(Json&)>& change) {
    return changed("GET", target, "", change);
  }
  /// All are looked at together when the test ends: it takes a while to read the description.
  void expect(const Json& one, const std::string& mistake) {
    cases_.push_back(one);
    mistakes_.push_back(fmt::format("{} {} -> {}{}\n", one.at("method").get<std::string>(),
                                    one.at("target").get<std::string>(),
                                    one.at("status").get<int>(), mistake));
  }
  void TearDown() override {
    if (cases_.empty()) {
      return;
    }
    const std::string said = description_.check(cases_);
    for (const std::string& mistake : mistakes_) {
      EXPECT_TRUE(said.contains(mistake)) << mistake << "is not in\n" << said;
    }
    EXPECT_TRUE(said.ends_with("exit 1\n"));
  }

  Json cases_ = Json::array();
  std::vector<std::string> mistakes_;
  Description description_;
  stub::Forge forge_;
};

TEST_F(GithubRestMistakes, WhatIsRightIsNone) {
  const auto nothing = [](Json&) {};
  EXPECT_EQ(
      description_.check({got(kIssue, nothing), got("/repos/acme/shop/issues/1/events", nothing),
                          got("/api/v3/repos/acme/shop/commits/abc/check-runs", nothing),
                          changed("PATCH", kIssue, R"({"state":"closed"})", nothing),
                          got("/repos/acme/shop/issues/2", nothing)}),
      "exit 0\n");
}

TEST_F(GithubRestMistakes, AFieldTooMany) {
  const char* extra = "must NOT have unevaluated properties: colour";
  expect(got(kIssue, [](Json& issue) { issue["colour"] = "red"; }), std::string(": / ") + extra);
  expect(got(kIssue, [](Json& issue) { issue["user"]["colour"] = "red"; }),
         std::string(": /user ") + extra);
  expect(got(kIssue, [](Json& issue) { issue["labels"][0]["colour"] = "red"; }),
         std::string(": /labels/0 ") + extra);
  expect(got("/repos/acme/shop/issues", [](Json& list) { list[0]["colour"] = "red"; }),
         std::string(": /0 ") + extra);
  expect(got("/repos/acme/shop/commits/abc/check-runs",
             [](Json& runs) { runs["check_runs"][0]["output"]["colour"] = "red"; }),
         std::string(": /check_runs/0/output ") + extra);
  expect(changed("PATCH", kIssue, R"({"state":"closed"})",
                 [](Json& issue) { issue["colour"] = "red"; }),
         std::string(": / ") + extra);
  // The one that an earlier double had, and the runner believed in.
  expect(got("/repos/acme/shop/issues/1/events",
             [](Json& events) { events[0]["author_association"] = "OWNER"; }),
         ": /0 must NOT have unevaluated properties: author_association");
  expect(got("/repos/acme/shop/issues/2", [](Json& error) { error["colour"] = "red"; }),
         std::string(": / ") + extra);
}

TEST_F(GithubRestMistakes, AFieldTooFew) {
  expect(got(kIssue, [](Json& issue) { issue.erase("html_url"); }),
         ": / must have required property 'html_url'");
  expect(got(kIssue, [](Json& issue) { issue["user"].erase("login"); }),
         ": /user must have required property 'login'");
  expect(got("/repos/acme/shop/issues/1/events", [](Json& events) { events[0].erase("actor"); }),
         ": /0 must have required property 'actor'");
}

TEST_F(GithubRestMistakes, AWrongType) {
  expect(got(kIssue, [](Json& issue) { issue["number"] = "1"; }), ": /number must be integer");
  expect(got(kIssue, [](Json& issue) { issue["title"] = nullptr; }), ": /title must be string");
  expect(got(kIssue, [](Json& issue) { issue = Json::array(); }), ": / must be object");
  expect(got("/repos/acme/shop/commits/abc/check-runs",
             [](Json& runs) { runs["check_runs"][0]["conclusion"] = "great"; }),
         ": /check_runs/0/conclusion must be equal to one of the allowed values: "
         "success,failure,neutral,cancelled,skipped,timed_out,action_required");
  expect(one_case("GET", kIssue, "", 200, "<html>"), ": no JSON");
}

TEST_F(GithubRestMistakes, AnAnswerThatIsNotDescribed) {
  expect(one_case("GET", kIssue, "", 418, "{}"), ": no such status is described");
  expect(one_case("GET", kIssue, "", 304, "{}"), ": a body, where none is described");
}

TEST_F(GithubRestMistakes, ARequestThatIsNotDescribed) {
  const auto asked = [](const std::string& method, const std::string& target,
                        const std::string& sent = "") {
    return one_case(method, target, sent, 0, "");
  };
  expect(asked("GET", "/repos/acme/shop/issues?lables=bug"), ": there is no parameter lables");
  expect(asked("GET", "/repos/acme/shop/issues?per_page=many"), ": per_page cannot be many");
  expect(asked("GET", "/repos/acme/shop/issues?state=ajar"), ": state cannot be ajar");
  expect(asked("GET", "/repos/acme/shop/issues/one"), ": {issue_number} cannot be one");
  expect(asked("GET", "/repos/acme/shop/issue/1"), ": there is no such operation");
  expect(asked("PUT", kIssue), ": there is no such operation");
  expect(asked("GET", kIssue, "{}"), ": a body was sent, where none is described");
  expect(asked("POST", "/repos/acme/shop/labels", R"({"name":"x","colour":"red"})"),
         ", as it was sent: / must NOT have unevaluated properties: colour");
  expect(asked("POST", "/repos/acme/shop/labels", R"({"color":"ededed"})"),
         ", as it was sent: / must have required property 'name'");
  expect(asked("POST", "/repos/acme/shop/labels", R"({"name":7})"),
         ", as it was sent: /name must be string");
  expect(asked("POST", "/repos/acme/shop/labels"), ", as it was sent: no JSON");
}

}  // namespace
}  // namespace github_rest
