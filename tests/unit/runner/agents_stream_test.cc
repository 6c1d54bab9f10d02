// Streams that were not recorded: what the programs' own texts and types say, and what is broken.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "jobs/base/time.h"
#include "runner/agents/failure.h"
#include "runner/agents/lines.h"
#include "runner/agents/stream.h"

namespace {

using jobs::AgentEnd;
using jobs::AgentKind;
using jobs::Usd;
using runner::agents::EventKind;
using runner::agents::StreamEvent;
using runner::agents::StreamOptions;
using runner::agents::StreamReading;

const jobs::TimePoint kNow = *jobs::parse_time("2026-11-21T03:20:00Z");

StreamReading read(AgentKind kind, const std::string& bytes, const StreamOptions& options = {},
                   const std::string& errors = {}) {
  const auto reader = runner::agents::make_stream_reader(kind, options);
  const auto events = reader->feed(bytes, kNow);
  reader->feed_errors(errors);
  return reader->finish(kNow);
}

std::string claude_text(const std::string& text = "hi", const std::string& id = "m1") {
  return fmt::format(
      R"({{"type":"assistant","message":{{"id":"{}","model":"m","content":[{{"type":"text","text":"{}"}}],)"
      R"("usage":{{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}}}}}})"
      "\n",
      id, text);
}

std::string claude_result(const std::string& more) {
  return fmt::format(
      R"({{"type":"result","subtype":"success","is_error":false,"total_cost_usd":0.5,)"
      R"("usage":{{"input_tokens":7,"output_tokens":3}}{}{}}})"
      "\n",
      more.empty() ? "" : ",", more);
}

struct Case {
  std::string name;
  AgentKind kind = AgentKind::claude;
  std::string bytes;
  AgentEnd end = AgentEnd::none;
  std::string errors;
  std::string until;  // "" = none
};

const std::vector<Case>& cases() {
  static const std::string kCodexStart = R"({"type":"thread.started","thread_id":"t-1"})"
                                         "\n"
                                         R"({"type":"turn.started"})"
                                         "\n";
  static const std::string kCodexSays =
      R"({"type":"item.completed","item":{"type":"agent_message","text":"hi"}})"
      "\n";
  const auto codex_failed = [](const std::string& message) {
    return kCodexStart +
           fmt::format(R"({{"type":"turn.failed","error":{{"message":"{}"}}}})", message) + "\n";
  };
  static const std::vector<Case> kTable = {
      {"success", AgentKind::claude, claude_text() + claude_result(R"("result":"done")"),
       AgentEnd::success},
      {"success with a stop that is not normal", AgentKind::claude,
       claude_text() + claude_result(R"("stop_reason":"max_tokens")"), AgentEnd::failed},
      {"success with an end that is not normal", AgentKind::claude,
       claude_text() + claude_result(R"("terminal_reason":"aborted_tools")"), AgentEnd::failed},
      {"error inside a success", AgentKind::claude,
       claude_text() + R"({"type":"result","subtype":"success","is_error":true,"result":"no"})"
                       "\n",
       AgentEnd::failed},
      {"budget that says it is no error", AgentKind::claude,
       claude_text() +
           R"({"type":"result","subtype":"error_max_budget_usd","is_error":false,"total_cost_usd":5.01})"
           "\n",
       AgentEnd::budget},
      {"quota as a success with a time", AgentKind::claude,
       claude_text() + claude_result(R"("result":"Claude AI usage limit reached|1795236000")"),
       AgentEnd::quota, "", "2026-11-21T04:40:00Z"},
      {"quota by its own event", AgentKind::claude,
       R"({"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1795236000}})"
       "\n"
       R"({"type":"result","subtype":"success","is_error":true,"result":"You've hit your limit"})"
       "\n",
       AgentEnd::quota, "", "2026-11-21T04:40:00Z"},
      {"quota with a time of day", AgentKind::claude,
       R"x({"type":"result","subtype":"success","is_error":true,"result":"You've hit your session limit · resets 5:30am (UTC)"})x"
       "\n",
       AgentEnd::quota, "", "2026-11-21T05:30:00Z"},
      {"credit", AgentKind::claude,
       R"({"type":"result","subtype":"success","is_error":true,"api_error_status":400,"result":"Credit balance is too low"})"
       "\n",
       AgentEnd::quota},
      {"overload", AgentKind::claude,
       R"({"type":"result","subtype":"success","is_error":true,"api_error_status":529,"result":"API Error: 529 Overloaded"})"
       "\n",
       AgentEnd::overload},
      {"overload in words alone", AgentKind::claude,
       R"({"type":"result","subtype":"error_during_execution","is_error":true,"errors":["API Error: Connection error."]})"
       "\n",
       AgentEnd::overload},
      {"login", AgentKind::claude, "Invalid API key · Please run /login\n",
       AgentEnd::authentication},
      {"refusal", AgentKind::claude, claude_text() + claude_result(R"("stop_reason":"refusal")"),
       AgentEnd::refused},
      {"empty", AgentKind::claude, claude_result(R"("result":"")"), AgentEnd::empty},
      {"nothing at all", AgentKind::claude, "", AgentEnd::unfinished},
      {"malformed", AgentKind::claude, "{\"type\":\"resu\nlt\"}\n\xff\xfe{{{\n[]\n3\n",
       AgentEnd::unfinished},
      {"text after the result", AgentKind::claude,
       claude_text() + claude_result("") + claude_text("more", "m2"), AgentEnd::unfinished},
      {"a second result", AgentKind::claude,
       claude_text() + claude_result("") + claude_text("more", "m2") + claude_result(""),
       AgentEnd::success},
      {"a session that is gone", AgentKind::claude, "", AgentEnd::no_session,
       "No conversation found with session ID: 5a3c\n"},
      {"codex: quota with a distance", AgentKind::codex,
       codex_failed("You've hit your usage limit. Try again in 2 hours 5 minutes."),
       AgentEnd::quota, "", "2026-11-21T05:25:00Z"},
      {"codex: refused", AgentKind::codex,
       codex_failed("This request was flagged as potentially violating our usage policy"),
       AgentEnd::refused},
      {"codex: text after the end", AgentKind::codex,
       kCodexStart + kCodexSays +
           R"({"type":"turn.completed","usage":{"input_tokens":5,"output_tokens":1}})"
           "\n" +
           kCodexSays,
       AgentEnd::unfinished},
      {"codex: empty", AgentKind::codex,
       kCodexStart + R"({"type":"turn.completed","usage":{"input_tokens":5,"output_tokens":0}})"
                     "\n",
       AgentEnd::empty},
      {"codex: a session that is gone", AgentKind::codex, "", AgentEnd::no_session,
       "Error: thread/resume: thread/resume failed: no rollout found for thread id 0\n"},
      {"opencode: cut by its length", AgentKind::opencode,
       R"({"type":"step_start","sessionID":"ses_1"})"
       "\n"
       R"({"type":"step_finish","sessionID":"ses_1","part":{"id":"p","reason":"length","tokens":{"output":1}}})"
       "\n",
       AgentEnd::failed},
      {"opencode: the last step is missing", AgentKind::opencode,
       R"({"type":"step_start","sessionID":"ses_1"})"
       "\n"
       R"({"type":"text","sessionID":"ses_1","part":{"text":"hi"}})"
       "\n",
       AgentEnd::unfinished},
      {"opencode: no credential", AgentKind::opencode,
       R"({"type":"error","sessionID":"ses_1","error":{"name":"ProviderAuthError","data":{"message":"x"}}})"
       "\n",
       AgentEnd::authentication},
  };
  return kTable;
}

TEST(AgentStream, EachCaseIsClassified) {
  for (const Case& test : cases()) {
    SCOPED_TRACE(test.name);
    const StreamReading reading = read(test.kind, test.bytes, {}, test.errors);
    EXPECT_EQ(jobs::to_string(reading.end), jobs::to_string(test.end)) << reading.detail;
    EXPECT_EQ(reading.until ? jobs::format_time(*reading.until) : "", test.until);
  }
}

TEST(AgentStream, UnknownTypesAndStrayLinesAreNothing) {
  const std::string bytes = claude_text() +
                            "warning: something\n{\"type\":\"new_thing\",\"x\":[1]}\n" +
                            "{\"type\":7}\n{}\n" + claude_result("") + "bye\n";
  EXPECT_EQ(read(AgentKind::claude, bytes).end, AgentEnd::success);
}

TEST(AgentStream, AMessageInSeveralEventsCountsOnce) {
  const auto reader = runner::agents::make_stream_reader(AgentKind::claude, {});
  const auto events = reader->feed(claude_text() + claude_text() + claude_text("x", "m2"), kNow);
  ASSERT_TRUE(reader->usage());
  EXPECT_EQ(reader->usage()->tokens, 22);
  EXPECT_EQ(std::ranges::count(events, EventKind::usage, &StreamEvent::kind), 2);
}

TEST(AgentStream, UsageNeverShrinks) {
  // Two results in one stream: the second one's sums are smaller than the first one's.
  const std::string bytes =
      claude_text() + claude_result("") +
      R"({"type":"result","subtype":"success","is_error":false,"total_cost_usd":0.1,"usage":{"input_tokens":1}})"
      "\n";
  EXPECT_EQ(read(AgentKind::claude, bytes).usage->usd, Usd{500'000});
}

TEST(AgentStream, WhatTheSessionUsedBeforeIsNotCountedAgain) {
  const std::string bytes =
      R"({"type":"item.completed","item":{"type":"agent_message","text":"hi"}})"
      "\n"
      R"({"type":"turn.completed","usage":{"input_tokens":2000,"cached_input_tokens":400,"output_tokens":50}})"
      "\n";
  StreamOptions options;
  options.session_used.tokens = 1000;
  EXPECT_EQ(read(AgentKind::codex, bytes, options).usage->tokens, 650);
  // A session that counts from nothing again gives no negative amount.
  options.session_used.tokens = 9000;
  EXPECT_EQ(read(AgentKind::codex, bytes, options).usage->tokens, 0);
  // The other kinds count by invocation.
  EXPECT_EQ(read(AgentKind::claude, claude_text() + claude_result(""), options).usage->tokens, 11);
}

TEST(AgentStream, APriceMakesDollarsOfTokens) {
  const std::string bytes =
      R"({"type":"item.completed","item":{"type":"agent_message","text":"hi"}})"
      "\n"
      R"({"type":"turn.completed","usage":{"input_tokens":2000,"cached_input_tokens":400,"output_tokens":50}})"
      "\n";
  StreamOptions options;
  options.price =
      jobs::Price{.input = Usd{1'250'000}, .cached_input = Usd{125'000}, .output = Usd{10'000'000}};
  EXPECT_EQ(read(AgentKind::codex, bytes, options).usage->usd, Usd{1600 * 5 / 4 + 50 + 500});
  // Dollars that were reported are not replaced.
  EXPECT_EQ(read(AgentKind::claude, claude_text() + claude_result(""), options).usage->usd,
            Usd{500'000});
}

TEST(AgentStream, ASessionIdIsNeverAnOption) {
  for (const std::string id : {"--dangerously", "a b", "../x", "$(x)", ""}) {
    const auto reader = runner::agents::make_stream_reader(AgentKind::codex, {});
    const auto events = reader->feed(
        fmt::format(R"({{"type":"thread.started","thread_id":"{}"}})", id) + "\n", kNow);
    EXPECT_EQ(reader->session(), "") << id;
    EXPECT_TRUE(events.empty());
  }
}

TEST(AgentStream, ALineOfManyMegabytesIsReadAndALongerOneIsSkipped) {
  const std::string long_text(6U << 20, 'x');
  EXPECT_EQ(read(AgentKind::claude, claude_text(long_text) + claude_result("")).end,
            AgentEnd::success);
  runner::agents::Lines lines(100);
  std::vector<std::string> seen;
  const auto each = [&](std::string_view line) { seen.emplace_back(line); };
  lines.feed(std::string(1000, 'x'), each);
  lines.feed(std::string(1000, 'y') + "\nshort\n" + std::string(101, 'z') + "\nlast", each);
  lines.finish(each);
  EXPECT_EQ(seen, (std::vector<std::string>{"short", "last"}));
  EXPECT_EQ(lines.skipped(), 2);
}

TEST(AgentStream, CutUtf8IsReplaced) {
  const auto reader = runner::agents::make_stream_reader(AgentKind::claude, {});
  const auto events = reader->feed(claude_text("caf\xc3") + claude_text("ok", "m2"), kNow);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().kind, EventKind::usage);
  EXPECT_EQ(reader->finish(kNow).end, AgentEnd::unfinished);
}

TEST(AgentFailure, ATimeIsReadWhereItIsNamed) {
  const std::pair<std::string, std::string> table[] = {
      {"limit reached|1795236000", "2026-11-21T04:40:00Z"},
      {"try again at 2026-11-22T10:00:00Z.", "2026-11-22T10:00:00Z"},
      {"Try again in 3 days 4 hours", "2026-11-24T07:20:00Z"},
      {"please try again in 20s", "2026-11-21T03:20:20Z"},
      {"retry after 1.5s", "2026-11-21T03:20:02Z"},
      {"resets 3am (UTC)", "2026-11-22T03:00:00Z"},
      {"resets 12am (UTC)", "2026-11-22T00:00:00Z"},
      {"resets 3pm", ""},                  // of which zone?
      {"resets 3pm (Europe/Berlin)", ""},  // not known here
      {"limit reached|1000000000", ""},    // past
      {"try again in 99 days", ""},
      {"in 99999999999999 hours", ""},
      {"no time at all", ""},
  };
  for (const auto& [text, expected] : table) {
    const auto found = runner::agents::reset_in(text, kNow);
    EXPECT_EQ(found ? jobs::format_time(*found) : "", expected) << text;
  }
}

}  // namespace
