// Every recorded stream of a real agent, and what it comes to. The counts are published in
// docs/agents.md.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "jobs/base/time.h"
#include "runner/agents/stream.h"

namespace {

using jobs::AgentEnd;
using jobs::AgentKind;
using runner::agents::EventKind;
using runner::agents::StreamEvent;
using runner::agents::StreamOptions;
using runner::agents::StreamReading;

struct Recorded {
  std::string name;
  AgentEnd end = AgentEnd::none;
  std::int64_t tokens = -1;  // -1 = unknown
  std::int64_t micros = -1;
};

const std::vector<Recorded>& recorded() {
  static const std::vector<Recorded> kTable = {
      {"claude-ok", AgentEnd::success, 3078, 10314},
      {"claude-400", AgentEnd::failed, 0, 0},
      // It tries again for minutes and is stopped before it says its final word.
      {"claude-401", AgentEnd::authentication, 0, 0},
      {"claude-429", AgentEnd::quota, 0, 0},
      {"claude-500", AgentEnd::overload, 0, 0},
      {"claude-badtool", AgentEnd::success, 2051, 6873},  // in its own words; no commit
      // `usage` is all zero there, `modelUsage` is not.
      {"claude-cutoff", AgentEnd::success, 2044, 6732},
      {"claude-maxturns", AgentEnd::budget, 1025, 3435},
      {"claude-int-hang", AgentEnd::failed, 0, 0},
      {"claude-int-sleep", AgentEnd::failed, 1025, 3435},
      {"claude-kill-sleep", AgentEnd::unfinished, 1001, 0},
      {"claude-term-hang", AgentEnd::unfinished},
      // A success that its exit code 143 gives the lie.
      {"claude-term-sleep", AgentEnd::success, 2051, 6873},
      {"claude329-ok", AgentEnd::success, 3078, 10314},
      {"claude329-400", AgentEnd::failed, 0, 0},
      {"claude329-401", AgentEnd::authentication, 0, 0},
      {"claude329-maxturns", AgentEnd::budget, 1025, 3435},
      {"claude329-int-hang", AgentEnd::failed, 1001, 3075},
      {"claude329-int-sleep", AgentEnd::failed, 1025, 3435},
      {"claude329-kill-sleep", AgentEnd::unfinished, 1001, 0},
      {"claude329-term-hang", AgentEnd::unfinished},
      // The second turn of a session: its sums have the first one's in them, which is taken off.
      {"claude329-resume", AgentEnd::success, 2050, 6870},
      {"claude329-gone", AgentEnd::no_session, 0, 0},
      {"codexn-resume", AgentEnd::success, 1650, 0},
      {"codexn-gone", AgentEnd::no_session, 0, 0},
      {"opencode-resume", AgentEnd::success, 1650, 5670},
      {"opencode-gone", AgentEnd::no_session, 0, 0},
      {"codex-ok", AgentEnd::success, 1651, 0},
      {"codex-400", AgentEnd::failed, 0, 0},
      {"codex-401", AgentEnd::authentication, 0, 0},
      {"codex-429", AgentEnd::quota, 0, 0},
      {"codex-500", AgentEnd::overload, 0, 0},
      {"codex-cutoff", AgentEnd::overload, 0, 0},
      {"codex-int-hang", AgentEnd::unfinished},
      {"codex-int-sleep", AgentEnd::unfinished},
      {"codex-kill-sleep", AgentEnd::unfinished},
      {"codex-term-hang", AgentEnd::unfinished},
      {"codexn-ok", AgentEnd::success, 1651, 0},
      {"codexn-kill-sleep", AgentEnd::unfinished},
      {"codexn-term-sleep", AgentEnd::unfinished},
      {"opencode-ok", AgentEnd::success, 2481, 8523},
      {"opencode-400", AgentEnd::failed, 0, 0},
      {"opencode-401", AgentEnd::authentication, 0, 0},
      {"opencode-429", AgentEnd::quota, 0, 0},
      {"opencode-500", AgentEnd::unfinished},           // not one byte
      {"opencode-cutoff", AgentEnd::unfinished, 0, 0},  // begins anew for ever
      {"opencode-kill-sleep", AgentEnd::unfinished},
      {"opencode-term-sleep", AgentEnd::unfinished},
  };
  return kTable;
}

std::string file(const std::string& name, const std::string& what) {
  std::ifstream in(
      fmt::format("{}/tests/unit/runner/recordings/{}/{}", RUNNER_SOURCE_DIR, name, what),
      std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

AgentKind kind_of(const std::string& name) {
  return name.starts_with("claude")  ? AgentKind::claude
         : name.starts_with("codex") ? AgentKind::codex
                                     : AgentKind::opencode;
}

struct Read {
  StreamReading reading;
  std::vector<StreamEvent> events;
  bool final_word = false;
};

Read read(const std::string& name, std::size_t step) {
  const jobs::TimePoint now = *jobs::parse_time("2026-11-21T03:20:00Z");
  StreamOptions options;
  if (name.ends_with("-resume")) {
    options.session_used = {.usd = jobs::Usd{6870}, .tokens = 2050, .turns = 0, .seconds = 0};
    if (name.starts_with("codex")) {
      options.session_used = {.usd = {}, .tokens = 1650, .turns = 0, .seconds = 0};
    }
  }
  const auto reader = runner::agents::make_stream_reader(kind_of(name), options);
  Read result;
  const std::string bytes = file(name, "stdout");
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    for (auto& event : reader->feed(std::string_view(bytes).substr(at, step), now)) {
      result.events.push_back(std::move(event));
    }
  }
  result.final_word = reader->final_word();
  reader->feed_errors(file(name, "stderr"));
  result.reading = reader->finish(now);
  return result;
}

TEST(AgentRecordings, EachIsClassified) {
  int right = 0;
  for (const Recorded& expected : recorded()) {
    SCOPED_TRACE(expected.name);
    const StreamReading reading = read(expected.name, 1U << 20).reading;
    EXPECT_EQ(jobs::to_string(reading.end), jobs::to_string(expected.end)) << reading.detail;
    right += reading.end == expected.end ? 1 : 0;
    ASSERT_EQ(reading.usage.has_value(), expected.tokens >= 0);
    if (reading.usage) {
      EXPECT_EQ(reading.usage->tokens, expected.tokens);
      EXPECT_EQ(reading.usage->usd.micros, expected.micros);
    }
    EXPECT_EQ(reading.session.empty(),
              expected.name == "opencode-500" ||
                  (expected.name.ends_with("-gone") && !expected.name.starts_with("claude")))
        << reading.session;
  }
  RecordProperty("recall", fmt::format("{} of {}", right, recorded().size()));
  const std::string published = fmt::format("{} of {} recordings", right, recorded().size());
  std::ifstream docs(std::string(RUNNER_SOURCE_DIR) + "/docs/agents.md");
  const std::string text{std::istreambuf_iterator<char>(docs), {}};
  EXPECT_NE(text.find(published), std::string::npos)
      << "docs/agents.md does not say: " << published;
}

TEST(AgentRecordings, CutAnywhereTheySayTheSame) {
  for (const Recorded& expected : recorded()) {
    SCOPED_TRACE(expected.name);
    const Read whole = read(expected.name, 1U << 20);
    for (const std::size_t step : {1U, 7U, 4096U}) {
      const Read pieces = read(expected.name, step);
      EXPECT_EQ(pieces.reading, whole.reading);
      EXPECT_EQ(pieces.events, whole.events);
    }
  }
}

TEST(AgentRecordings, AFinalWordIsOneThatNothingFollows) {
  for (const Recorded& expected : recorded()) {
    SCOPED_TRACE(expected.name);
    const Read stream = read(expected.name, 1U << 20);
    const bool unfinished =
        expected.end == AgentEnd::unfinished ||
        (expected.end == AgentEnd::no_session && !expected.name.starts_with("claude"));
    const bool killed_while_trying =
        expected.name.ends_with("-401") && expected.name.starts_with("claude");
    EXPECT_EQ(stream.final_word, !unfinished && !killed_while_trying);
    EXPECT_EQ(std::ranges::count(stream.events, EventKind::result, &StreamEvent::kind),
              stream.final_word ? 1 : 0);
  }
}

TEST(AgentRecordings, AGoodRunIsToldInEvents) {
  const auto told = [](const std::string& name) {
    std::string all;
    for (const StreamEvent& event : read(name, 1U << 20).events) {
      all += fmt::format("{}{}{}: {}\n", to_string(event.kind), event.name.empty() ? "" : " ",
                         event.name, event.text);
    }
    return all;
  };
  EXPECT_EQ(told("claude329-ok"),
            "session: a26ea6db-9656-4d88-b3db-a979d77d73e0\n"
            "text: I will write the file.\n"
            "usage: 0.00 USD, 1001 tokens\n"
            "tool Write: WORKSPACE/hello.txt\n"
            "tool Bash: wc -c hello.txt\n"
            "usage: 0.00 USD, 2003 tokens\n"
            "text: Done: wrote hello.txt.\n"
            "usage: 0.00 USD, 3006 tokens\n"
            "usage: 0.010314 USD, 3078 tokens\n"
            "result success: Done: wrote hello.txt.\n");
  EXPECT_EQ(told("codex-ok"),
            "session: 01a1fc19-dff7-7580-bbad-07fb951ae7ca\n"
            "error: Model metadata for `stub-1` not found. Defaulting to fallback metadata; this "
            "can degrade performance and cause issues.\n"
            "tool command: /bin/bash -lc \"printf 'hello from stub\\\\n' > hello.txt && wc -c "
            "hello.txt\"\n"
            "text: Done: wrote hello.txt.\n"
            "usage: 0.00 USD, 1651 tokens\n"
            "result success: \n");
  EXPECT_EQ(told("opencode-ok"),
            "session: ses_e03e420cfffe2RpimfZ5azcQ6j\n"
            "tool write: WORKSPACE/hello.txt\n"
            "usage: 0.002838 USD, 826 tokens\n"
            "tool bash: wc -c hello.txt\n"
            "usage: 0.005679 USD, 1653 tokens\n"
            "text: Done: wrote hello.txt.\n"
            "usage: 0.008523 USD, 2481 tokens\n"
            "result success: \n");
}

TEST(AgentRecordings, ARetryTimeOfTheProviderIsKept) {
  const auto reading = read("opencode-429", 1U << 20).reading;
  ASSERT_TRUE(reading.until);
  EXPECT_EQ(jobs::format_time(*reading.until), "2026-11-21T03:20:01Z");
  EXPECT_FALSE(read("codex-429", 1U << 20).reading.until);
}

}  // namespace
