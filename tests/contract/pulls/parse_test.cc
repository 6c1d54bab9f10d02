// What a forge says about a pull request, and what it may say wrongly.
#include <gtest/gtest.h>

#include "runner/pulls/pulls.h"

namespace pulls_contract {
namespace {

using State = jobs::PullFacts::State;

constexpr const char* kId = "1234567890123456789012345678901234567890";

std::string with(const std::string& members) {
  return std::string(R"({"number":7,"html_url":"https://f/7","head":{"sha":")") + kId + "\"}," +
         members + "}";
}

TEST(ParsePull, TheStatesOfAPullRequest) {
  struct Case {
    const char* members;
    State state;
    bool conflicts;
  };
  const std::string merged =
      std::string(R"("state":"closed","merged_at":"2026-10-01T10:00:00Z",)") +
      R"("merge_commit_sha":")" + kId + "\"";
  for (const Case& each : {
           Case{R"("state":"open")", State::open, false},
           Case{R"("state":"open","mergeable":null)", State::open, false},
           Case{R"("state":"open","mergeable":true)", State::open, false},
           Case{R"("state":"open","mergeable":false)", State::open, true},
           Case{R"("state":"open","mergeable":"false")", State::open, false},
           Case{R"("state":"closed","merged":false)", State::closed, false},
           // GitHub fills this in with a merge that it tries out.
           Case{R"("state":"closed","merged_at":null,"merge_commit_sha":"1234")", State::closed,
                false},
           Case{merged.c_str(), State::merged, false},
       }) {
    const auto pull = runner::pulls::parse_pull(with(each.members));
    ASSERT_TRUE(pull.has_value()) << each.members << ": " << pull.error().text();
    EXPECT_EQ(pull->state, each.state) << each.members;
    EXPECT_EQ(pull->conflicts, each.conflicts) << each.members;
    EXPECT_EQ(pull->number, 7);
    EXPECT_EQ(pull->head.str(), kId);
    EXPECT_EQ(pull->merged.empty(), each.state != State::merged);
  }
}

TEST(ParsePull, WhatIsNoneIsAnErrorAndNoGuess) {
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"), std::string("\"open\""),
        std::string("{}"), std::string("{\"number\":7"), std::string(R"({"number":"7"})"),
        std::string(R"({"number":0,"state":"open"})"),
        std::string(R"({"number":-3,"state":"open"})"), with(R"("state":"draft")"),
        with(R"("state":7)"), with(R"("title":"no state")"),
        // Merged, and nobody says as what.
        with(R"("state":"closed","merged":true)"),
        with(R"("state":"closed","merged":true,"merge_commit_sha":"HEAD; rm -rf /")")}) {
    const auto pull = runner::pulls::parse_pull(text);
    ASSERT_FALSE(pull.has_value()) << text;
    EXPECT_EQ(pull.error().kind, jobs::ErrorKind::transient) << text;
  }
}

TEST(ParsePull, AHeadThatIsNoObjectIdIsNone) {
  for (const char* sha : {"\"main\"", "\"1234\"", "7", "null", "{}"}) {
    const auto pull = runner::pulls::parse_pull(
        std::string(R"({"number":7,"state":"open","head":{"sha":)") + sha + "}}");
    ASSERT_TRUE(pull.has_value());
    EXPECT_TRUE(pull->head.empty()) << sha;
  }
}

}  // namespace
}  // namespace pulls_contract
