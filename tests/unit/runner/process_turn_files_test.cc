#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "runner/process/turn_files.h"

namespace runner::process {
namespace {

jobs::TimePoint at(std::int64_t milliseconds) {
  return jobs::TimePoint(std::chrono::milliseconds(milliseconds));
}

jobs::TurnSpec full_spec() {
  jobs::TurnSpec spec;
  spec.run = jobs::RunId("r1");
  spec.issue = {jobs::RepoName("acme/shop"), 12};
  spec.number = 3;
  spec.directory = "/state/turns/r1/3";
  spec.cwd = "/state/worktrees/x";
  spec.argv = {"agent", "--", "a b", "\xff\xfe"};
  spec.env = {{"A", "1"}, {"B", ""}};
  spec.pass_env = {"TOKEN"};
  spec.prompt = "not in spec.json";
  spec.usage_file = "usage.json";
  spec.reserved = {jobs::Usd{5'000'000}, 2'000'000, 1, 3600};
  spec.deadline = std::chrono::minutes(60);
  spec.silence = std::chrono::minutes(15);
  spec.first_byte = std::chrono::minutes(5);
  spec.grace = std::chrono::seconds(10);
  spec.output_bytes = 1 << 20;
  spec.memory_bytes = 1 << 30;
  spec.processes = 50;
  spec.containment = jobs::Containment::strong;
  spec.redact_env = {"WEBHOOK"};
  spec.file_bytes = 1 << 25;
  spec.network = jobs::Network::loopback;
  spec.proxy = "http://proxy.example.org:3128";
  spec.writable = {"/srv/cache"};
  return spec;
}

TEST(TurnFiles, SpecComesBackAsItWas) {
  const auto spec = full_spec();
  const auto back = parse_spec(to_json(spec));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->run, spec.run);
  EXPECT_EQ(back->issue, spec.issue);
  EXPECT_EQ(back->number, spec.number);
  EXPECT_EQ(back->cwd, spec.cwd);
  EXPECT_EQ(back->env, spec.env);
  EXPECT_EQ(back->pass_env, spec.pass_env);
  EXPECT_EQ(back->reserved, spec.reserved);
  EXPECT_EQ(back->deadline, spec.deadline);
  EXPECT_EQ(back->silence, spec.silence);
  EXPECT_EQ(back->first_byte, spec.first_byte);
  EXPECT_EQ(back->grace, spec.grace);
  EXPECT_EQ(back->output_bytes, spec.output_bytes);
  EXPECT_EQ(back->memory_bytes, spec.memory_bytes);
  EXPECT_EQ(back->processes, spec.processes);
  EXPECT_EQ(back->containment, spec.containment);
  EXPECT_EQ(back->redact_env, spec.redact_env);
  EXPECT_EQ(back->file_bytes, spec.file_bytes);
  EXPECT_EQ(back->network, spec.network);
  EXPECT_EQ(back->proxy, spec.proxy);
  EXPECT_EQ(back->writable, spec.writable);
  const TurnView view{.writable = {"/w"}, .readable = {"/r", "/s"}, .hidden = {"/h"}};
  EXPECT_EQ(parse_view(to_json(spec, view)), view);
  EXPECT_EQ(parse_view("{}"), TurnView{});
  EXPECT_EQ(back->usage_file, spec.usage_file);
  EXPECT_TRUE(back->prompt.empty()) << "the prompt has a file of its own";
}

TEST(TurnFiles, ExitComesBackAsItWas) {
  const ExitFile file{
      .exit = {.end = jobs::TurnEnd::over_budget,
               .exit_code = 3,
               .signal = 15,
               .detail = "why",
               .at = at(1'700'000'000'123)},
      .last = {.at = at(5), .output_bytes = 7, .last_output_at = at(4), .containment = "group"}};
  const auto back = parse_exit(to_json(file));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->exit, file.exit);
  EXPECT_EQ(back->last.output_bytes, 7);
  EXPECT_EQ(back->last.last_output_at, at(4));
  EXPECT_EQ(back->last.containment, "group");
}

TEST(TurnFiles, TornFilesAreNothing) {
  const std::string spec = to_json(full_spec());
  const std::string exit = to_json(ExitFile{});
  const std::string supervisor =
      to_json(SupervisorFile{.identity = {.pid = 7}, .started_at = at(1), .version = "1"});
  for (std::size_t length = 0; length + 1 < spec.size(); ++length) {
    EXPECT_FALSE(parse_spec(spec.substr(0, length))) << length;
  }
  for (std::size_t length = 0; length + 1 < exit.size(); ++length) {
    EXPECT_FALSE(parse_exit(exit.substr(0, length))) << length;
  }
  for (std::size_t length = 0; length + 1 < supervisor.size(); ++length) {
    EXPECT_FALSE(parse_supervisor(supervisor.substr(0, length))) << length;
  }
}

RC_GTEST_PROP(TurnFilesProperty, AnyBytesAreTaken, (const std::string& bytes)) {
  (void)parse_spec(bytes);
  (void)parse_exit(bytes);
  (void)parse_supervisor(bytes);
  (void)parse_heartbeat(bytes);
  (void)parse_usage(bytes);
  (void)parse_agent_usage(bytes);
  const auto line = to_json_line({.at = at(1), .type = "note", .text = bytes});
  RC_ASSERT(line.find('\n') == line.size() - 1);
  RC_ASSERT(parse_event(line).has_value());
}

TEST(TurnFiles, UnknownEndIsNoEnd) {
  EXPECT_FALSE(parse_exit(R"({"schema":1,"end":"errored"})"));
}

// Neither of these is the success that an exit code 0 would be.
TEST(TurnFiles, AnExitCodeIsNeverMadeUp) {
  EXPECT_FALSE(parse_exit(R"({"end":"exited"})"));
  EXPECT_FALSE(parse_exit(R"({"end":"exited","exit_code":"0"})"));
  EXPECT_FALSE(parse_exit(R"({"end":"exited","exit_code":4294967296})"));
  EXPECT_TRUE(parse_exit(R"({"end":"exited","exit_code":0})"));
  EXPECT_TRUE(parse_exit(R"({"end":"deadline"})"));
}

TEST(TurnFiles, NumbersOutOfBoundsAreRefused) {
  EXPECT_FALSE(parse_supervisor(R"({"pid":4294967297,"started_at_ms":1})"));
  EXPECT_FALSE(parse_supervisor(R"({"pid":7,"started_at_ms":9223372036854775807})"));
  EXPECT_FALSE(parse_heartbeat(R"({"at_ms":1,"output_bytes":-1})"));
  for (const char* usage :
       {R"({"usd_micros":"1000000"})", R"({"usd_micros":9223372036854775807})",
        R"({"usd_micros":1,"tokens":-1})", R"({"usd_micros":18446744073709551615})"}) {
    EXPECT_FALSE(parse_usage(usage)) << usage;
  }
  auto spec = full_spec();
  spec.deadline = jobs::Duration(-1);
  EXPECT_FALSE(parse_spec(to_json(spec)));
  spec = full_spec();
  spec.reserved.usd.micros = std::numeric_limits<std::int64_t>::max();
  EXPECT_FALSE(parse_spec(to_json(spec)));
}

TEST(TurnFiles, UsageOfTheAgentIsTakenOnlyWhenItMakesSense) {
  struct Row {
    const char* text;
    std::int64_t micros;  // -1: refused
    std::int64_t tokens;
  };
  const Row rows[] = {
      {R"({"usd": "0.12", "tokens": 1200})", 120'000, 1200},
      {R"({"usd": 0.12})", 120'000, 0},
      {R"({"usd": 0.1234567})", 123'457, 0},  // rounded up
      {R"({"tokens": 5})", 0, 5},
      {R"({"usd": 0, "tokens": 0})", 0, 0},
      {R"({"tokens": 5, "more": [1]})", 0, 5},
      {R"({})", -1, 0},
      {R"()", -1, 0},
      {R"([1])", -1, 0},
      {R"({"usd": -0.01})", -1, 0},
      {R"({"usd": "-1"})", -1, 0},
      {R"({"usd": "NaN"})", -1, 0},
      {R"({"usd": NaN})", -1, 0},
      {R"({"usd": 1e300})", -1, 0},
      {R"({"usd": null, "tokens": 5})", -1, 0},
      {R"({"tokens": -5})", -1, 0},
      {R"({"tokens": "5"})", -1, 0},
      {R"({"tokens": 99999999999999999999999})", -1, 0},
      {R"({"usd": "0.12", "tokens": 12)", -1, 0},
  };
  for (const auto& row : rows) {
    const auto usage = parse_agent_usage(row.text);
    EXPECT_EQ(usage.has_value(), row.micros >= 0) << row.text;
    if (usage) {
      EXPECT_EQ(usage->usd.micros, row.micros) << row.text;
      EXPECT_EQ(usage->tokens, row.tokens) << row.text;
    }
  }
}

}  // namespace
}  // namespace runner::process
