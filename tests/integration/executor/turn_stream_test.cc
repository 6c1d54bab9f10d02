// Turns of agents whose stream is read: what the supervisor makes of it while it runs and at its
// end. The streams are written by shell scripts; what real programs print is tested in
// tests/unit/runner and tests/integration/agents.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "runner/process/turn_files.h"
#include "tests/integration/executor/turn_fixture.h"

namespace executor_tests {
namespace {

using jobs::AgentEnd;
using jobs::TurnEnd;

class TurnStream : public TurnFixture {
 protected:
  [[nodiscard]] jobs::TurnSpec script(const std::string& text) const {
    jobs::TurnSpec wanted = spec({}, 1);
    wanted.argv = {"/bin/sh", "-c", text};
    wanted.agent_kind = jobs::AgentKind::claude;
    wanted.prompt = "Do this, please.\n";
    return wanted;
  }

  [[nodiscard]] std::vector<runner::process::TurnEvent> events() const {
    std::istringstream lines(read(directory() + "/events.ndjson"));
    std::vector<runner::process::TurnEvent> all;
    for (std::string line; std::getline(lines, line);) {
      const auto event = runner::process::parse_event(line);
      EXPECT_TRUE(event) << line;
      all.push_back(event.value_or(runner::process::TurnEvent{}));
    }
    return all;
  }

  [[nodiscard]] std::string told() const {
    std::string out;
    for (const auto& event : events()) {
      const bool agents = event.type == "session" || event.type == "text" || event.type == "tool" ||
                          event.type == "usage" || event.type == "result" || event.type == "error";
      out += agents ? event.type + " " + event.name + ": " + event.text.substr(0, 60) + "\n" : "";
    }
    return out;
  }
};

const std::string kSession = R"({"type":"system","subtype":"init","session_id":"s-1"})";
const std::string kText =
    R"({"type":"assistant","message":{"id":"m1","model":"m","content":[{"type":"text","text":"hi"}],)"
    R"("usage":{"input_tokens":40,"output_tokens":2}}})";
const std::string kResult =
    R"({"type":"result","subtype":"success","is_error":false,"result":"done",)"
    R"("total_cost_usd":0.25,"usage":{"input_tokens":100,"output_tokens":20}})";

std::string say(const std::string& line) {
  return "printf '%s\\n' '" + line + "'; ";
}

TEST_F(TurnStream, WhatItSaysBecomesEventsUsageAndItsEnd) {
  const auto facts = run(script("cat > prompt-seen; " + say(kSession) + say(kText) + say(kResult)));
  ASSERT_TRUE(facts.exit);
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_EQ(facts.exit->agent, AgentEnd::success);
  EXPECT_EQ(facts.session, "s-1");
  ASSERT_TRUE(facts.usage);
  EXPECT_EQ(facts.usage->usd.micros, 250'000);
  EXPECT_EQ(facts.usage->tokens, 120);
  EXPECT_EQ(read(worktree_ / "prompt-seen"), "Do this, please.\n") << "the prompt is its stdin";
  EXPECT_EQ(told(),
            "session : s-1\ntext : hi\nusage : 0.00 USD, 42 tokens\n"
            "usage : 0.25 USD, 120 tokens\nresult success: done\n");
  std::int64_t number = 0;
  for (const auto& event : events()) {
    EXPECT_EQ(event.number, ++number) << "a reader sees whether one is missing";
  }
}

TEST_F(TurnStream, StderrTearsNoEvent) {
  const std::string half = kResult.substr(0, 30);
  const auto facts = run(script(say(kText) + "printf '%s' '" + half + "'; echo warning >&2; " +
                                "sleep 0.2; " + say(kResult.substr(30))));
  EXPECT_EQ(facts.exit->agent, AgentEnd::success);
  EXPECT_NE(read(directory() + "/output.log").find("warning"), std::string::npos);
}

TEST_F(TurnStream, ExitZeroWithoutAFinalWordIsUnfinished) {
  const auto facts = run(script(say(kText)));
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_EQ(facts.exit->exit_code, 0);
  EXPECT_EQ(facts.exit->agent, AgentEnd::unfinished);
}

TEST_F(TurnStream, AProgramThatHangsAfterItsFinalWordIsStopped) {
  auto wanted = script(say(kText) + say(kResult) + "sleep 600");
  wanted.after_result = std::chrono::milliseconds(300);
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::lingered);
  EXPECT_EQ(facts.exit->agent, AgentEnd::success);
  EXPECT_TRUE(processes().empty());
}

TEST_F(TurnStream, LeftoversThatHoldThePipeHoldUpNothing) {
  auto wanted = script(say(kText) + say(kResult) + "sleep 600 & exit 0");
  wanted.after_result = std::chrono::minutes(10);
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_EQ(facts.exit->agent, AgentEnd::success);
  EXPECT_TRUE(processes().empty());
}

TEST_F(TurnStream, Invariant5_TheReservationStopsItWhileItRuns) {
  auto wanted = script(
      "i=0; while :; do i=$((i+1)); printf '{\"type\":\"assistant\",\"message\":{\"id\":\"m%s\","
      "\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":10}}}\\n' $i; sleep 0.02; done");
  wanted.reserved.tokens = 100;
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::over_budget);
  EXPECT_EQ(facts.exit->agent, AgentEnd::unfinished);
  ASSERT_TRUE(facts.usage);
  EXPECT_GE(facts.usage->tokens, 100);
}

TEST_F(TurnStream, QuotaAndItsTimeComeOut) {
  const auto facts = run(script(
      say(R"x({"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":'"$(($(date +%s)+7200))"'}})x") +
      say(R"({"type":"result","subtype":"success","is_error":true,"api_error_status":429,"result":"limit"})") +
      "exit 1"));
  EXPECT_EQ(facts.exit->agent, AgentEnd::quota);
  ASSERT_TRUE(facts.exit->until);
  EXPECT_GT(*facts.exit->until, clock_.now());
}

TEST_F(TurnStream, Invariant12_ASecretInWhatItSaysIsRedactedAlsoWhereATextIsCut) {
  environment_["API_TOKEN"] = "hunter2hunter2";
  std::string long_text(3995, 'x');
  long_text += "hunter2hunter2 and more";
  auto wanted = script(
      say(R"({"type":"assistant","message":{"model":"m","content":[{"type":"text","text":")" +
          long_text + R"("}]}})") +
      say(R"({"type":"result","subtype":"success","is_error":true,"result":"bad hunter2hunter2"})"));
  wanted.pass_env = {"API_TOKEN"};
  wanted.redact_env = {"API_TOKEN"};
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->detail.find("hunter2"), std::string::npos) << facts.exit->detail;
  for (const char* file : {"events.ndjson", "output.log", "exit.json"}) {
    EXPECT_EQ(read(directory() + "/" + file).find("hunte"), std::string::npos) << file;
  }
}

TEST_F(TurnStream, AHomeThatIsNamedIsItsHome) {
  auto wanted = script("echo \"$HOME\" > home-seen; " + say(kResult));
  wanted.home = (folder_ / "an-earlier-home").string();
  std::filesystem::create_directories(wanted.home);
  wanted.writable = {wanted.home};
  (void)run(wanted);
  EXPECT_EQ(read(worktree_ / "home-seen"), wanted.home + "\n");
}

}  // namespace
}  // namespace executor_tests
