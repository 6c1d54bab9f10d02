// The real programs, driven by a scripted model on loopback: no account, no network but the package
// registry, from which the pinned versions come once into the build folder. Where node, npm or the
// registry is not there the test is skipped and says so.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/signals.h"
#include "tests/support/small_fleet.h"

namespace test_support {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Where the pinned package of `kind` is installed; "" and a reason if it cannot be.
std::string installed(const std::string& kind, const std::string& package, std::string& why) {
  const fs::path folder = fs::path(RUNNER_TEST_PROGRAMS).parent_path().parent_path() /
                          "agent-clis" / (kind + "-" + package.substr(package.rfind('@') + 1));
  // One install at a time; `done` is made last, so that a broken one is made again.
  const std::string script = fmt::format(
      "command -v node >/dev/null || {{ echo 'node is not here'; exit 1; }}\n"
      "command -v npm >/dev/null || {{ echo 'npm is not here'; exit 1; }}\n"
      "mkdir -p '{0}' && cd '{0}' || exit 1\n"
      "exec 9>lock; flock 9\n"
      "[ -e done ] && exit 0\n"
      "HOME='{0}' npm install --no-save --no-audit --no-fund --fetch-retries=1 "
      "--fetch-timeout=20000 {1} >npm.log 2>&1 || {{ echo \"npm cannot install {1}:\"; "
      "tail -n 3 npm.log; exit 1; }}\n"
      "touch done\n",
      folder.string(), package);
  const std::string answer = (folder.parent_path() / (kind + ".why")).string();
  fs::create_directories(folder.parent_path());
  write_file(folder.parent_path().string() + "/" + kind + ".sh", script);
  const int status = std::system(
      fmt::format("sh '{}/{}.sh' >'{}' 2>&1", folder.parent_path().string(), kind, answer).c_str());
  if (status != 0) {
    why = content_of(answer);
    return "";
  }
  return folder.string() + "/node_modules";
}

/// The scripted model, for as long as it lives.
class Model {
 public:
  Model(const std::string& folder, const std::string& options) : folder_(folder) {
    const std::string commit =
        "git add -A && git -c user.name=agent -c user.email=agent@example.com commit -q -m ";
    const std::string script = fmt::format(
        "'{0}/model_stub' --port-file '{1}/model.port' --log '{1}/model.log' "
        "--first 'echo one > one.txt && {2} one' --again 'echo two > two.txt && {2} two' {3} "
        ">/dev/null 2>&1 & echo $! > '{1}/model.pid'",
        RUNNER_TEST_PROGRAMS, folder, commit, options);
    if (std::system(script.c_str()) == 0) {
      for (int i = 0; i < 200 && !fs::exists(folder + "/model.port"); ++i) {
        ::usleep(20'000);
      }
    }
  }
  ~Model() {
    if (const int pid = std::atoi(content_of(folder_ + "/model.pid").c_str()); pid > 0) {
      (void)send_signal(pid, SIGKILL);
    }
  }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  [[nodiscard]] std::string url() const {
    std::string port = content_of(folder_ + "/model.port");
    port.resize(port.find('\n'));
    return "http://127.0.0.1:" + port;
  }
  [[nodiscard]] std::string log() const { return content_of(folder_ + "/model.log"); }

 private:
  std::string folder_;
};

struct Program {
  std::string kind;
  std::string package;
  std::string path;         ///< below node_modules
  std::int64_t tokens = 0;  ///< that two turns use together
};

const Program kClaude{.kind = "claude",
                      .package = "@anthropic-ai/claude-code@2.1.329",
                      .path = "/.bin/claude",
                      .tokens = 4100};
const Program kCodex{.kind = "codex",
                     .package = "@openai/codex@0.169.0",
                     .path = "/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex",
                     .tokens = 3300};
const Program kOpencode{
    .kind = "opencode", .package = "opencode-ai@1.18.33", .path = "/.bin/opencode", .tokens = 3300};

std::string toml(const std::string& text) {
  return Json(text).dump();
}

/// What points each program at the model.
std::string table_of(const Program& program, const std::string& modules, const std::string& url) {
  std::string out = fmt::format("\n[agent.coder]\nkind = \"{}\"\ncommand = [{}]\n", program.kind,
                                toml(modules + program.path));
  if (program.kind == "claude") {
    out += "model = \"claude-sonnet-4-5\"\npass_env = [\"ANTHROPIC_API_KEY\"]\n";
    out += fmt::format("env = {{ ANTHROPIC_BASE_URL = {}, CLAUDE_CODE_MAX_RETRIES = \"1\" }}\n",
                       toml(url));
  } else if (program.kind == "codex") {
    out += "model = \"stub-1\"\npass_env = [\"STUB_KEY\"]\nargs = [";
    for (const std::string& setting :
         {std::string("model_provider=\"stub\""), std::string("check_for_update_on_startup=false"),
          std::string("model_providers.stub.name=\"stub\""),
          fmt::format("model_providers.stub.base_url=\"{}/v1\"", url),
          std::string("model_providers.stub.env_key=\"STUB_KEY\""),
          std::string("model_providers.stub.wire_api=\"responses\""),
          std::string("model_providers.stub.request_max_retries=1"),
          std::string("model_providers.stub.stream_max_retries=1")}) {
      out += "\"-c\", " + toml(setting) + ", ";
    }
    out +=
        "]\nprice_input_usd = \"1.25\"\nprice_cached_usd = \"0.125\"\nprice_output_usd = \"10\"\n";
  } else {
    const Json config = {
        {"model", "stub/stub-1"},
        {"small_model", "stub/stub-1"},
        {"enabled_providers", {"stub"}},
        {"provider",
         {{"stub",
           {{"npm", "@ai-sdk/openai-compatible"},
            {"name", "Stub"},
            {"options", {{"baseURL", url + "/v1"}, {"apiKey", "none"}}},
            {"models",
             {{"stub-1",
               {{"name", "Stub 1"},
                {"tool_call", true},
                {"limit", {{"context", 200000}, {"output", 8000}}},
                {"cost", {{"input", 3}, {"output", 15}, {"cache_read", 0.3}}}}}}}}}}}};
    out += fmt::format(
        "env = {{ OPENCODE_CONFIG_CONTENT = {}, OPENCODE_DISABLE_MODELS_FETCH = \"1\", "
        "OPENCODE_DISABLE_DEFAULT_PLUGINS = \"1\" }}\n",
        toml(config.dump()));
  }
  return out;
}

void set_up(SmallFleet& fleet, const Program& program, const std::string& modules,
            const std::string& url) {
  fleet.play.environment = {"ANTHROPIC_API_KEY=dummy-key-1", "STUB_KEY=dummy-key-2"};
  fleet.other_tables = table_of(program, modules, url);
  // Red until the second turn, so that the session has to be gone on with.
  fleet.repo("acme/shop", "coder", "test = [\"test\", \"-e\", \"two.txt\"]\n");
  fleet.write();
  fleet.issue("acme/shop", 1);
}

/// The lines of a list of processes that are not of the model's own stub.
std::string besides_the_model(const std::string& processes) {
  std::istringstream lines(processes);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    out += line.find("/model_stub ") == std::string::npos ? line + "\n" : "";
  }
  return out;
}

void whole_loop(const Program& program) {
  std::string why;
  const std::string modules = installed(program.kind, program.package, why);
  if (modules.empty()) {
    GTEST_SKIP() << why;
  }
  SmallFleet fleet;
  const Model model(fleet.folder(), "");
  set_up(fleet, program, modules, model.url());
  ASSERT_TRUE(fleet.tick_until_quiet(100)) << fleet.run({"runs"}).out << model.log();
  const RunSeen run = fleet.run_of("acme/shop");
  const Answer shown = fleet.run({"runs", "show", run.id, "--json"});
  EXPECT_EQ(run.outcome, "landed") << run.reason << "\n" << shown.out << model.log();
  EXPECT_EQ(fleet.commits_landed("acme/shop"), 2);
  EXPECT_NE(fleet.issue_text("acme/shop", 1).find("closed"), std::string::npos);
  EXPECT_NE(model.log().find("prompts=2"), std::string::npos)
      << "the second turn did not go on with the session:\n"
      << model.log();

  std::vector<std::string> sessions;
  std::int64_t tokens = 0;
  const Json document = Json::parse(shown.out, nullptr, false);
  ASSERT_TRUE(document.is_object()) << shown.out;
  for (const Json& turn : document.at("turns")) {
    if (turn.at("kind") != "command") {
      sessions.push_back(turn.at("session").get<std::string>());
      tokens += turn.at("usage").at("tokens").get<std::int64_t>();
      EXPECT_NE(turn.at("usage").at("usd"), "0.00") << turn.dump();
      EXPECT_EQ(turn.at("exit").at("agent_end"), "success") << turn.dump();
    }
  }
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_FALSE(sessions.front().empty());
  EXPECT_EQ(sessions.front(), sessions.back());
  EXPECT_EQ(tokens, program.tokens) << "counted twice, or not at all";
  EXPECT_EQ(besides_the_model(fleet.processes()), "");
}

void bad_credential(const Program& program) {
  std::string why;
  const std::string modules = installed(program.kind, program.package, why);
  if (modules.empty()) {
    GTEST_SKIP() << why;
  }
  SmallFleet fleet;
  const Model model(fleet.folder(), "--status 401");
  set_up(fleet, program, modules, model.url());
  ASSERT_TRUE(fleet.tick_until_quiet(100)) << fleet.run({"runs"}).out << model.log();
  const RunSeen run = fleet.run_of("acme/shop");
  EXPECT_EQ(run.outcome, "needs-human");
  EXPECT_NE(run.reason.find("authentication"), std::string::npos) << run.reason;
  const std::string status = fleet.run({"status"}).out;
  EXPECT_NE(status.find("agent:coder"), std::string::npos) << status;
}

/// Runs that are in this step.
int runs_in(const SmallFleet& fleet, const std::string& step) {
  const Json document = Json::parse(fleet.run({"runs", "--json"}).out, nullptr, false);
  int count = 0;
  for (const Json& run : document.value("runs", Json::array())) {
    count += run.at("step") == step ? 1 : 0;
  }
  return count;
}

void overloaded_provider(const Program& program) {
  std::string why;
  const std::string modules = installed(program.kind, program.package, why);
  if (modules.empty()) {
    GTEST_SKIP() << why;
  }
  SmallFleet fleet;
  const std::string status_file = fleet.folder() + "/model.status";
  write_file(status_file, "529");
  const Model model(fleet.folder(), "--status-file '" + status_file + "'");
  fleet.play.environment = {"ANTHROPIC_API_KEY=dummy-key-1", "STUB_KEY=dummy-key-2"};
  fleet.other_tables = table_of(program, modules, model.url());
  for (const char* repo : {"acme/one", "acme/two", "acme/three"}) {
    fleet.repo(repo, "coder", "test = [\"true\"]\n");
    fleet.issue(repo, 1);
  }
  fleet.write();
  constexpr int kTicks = 300;
  // The brake holds for about as long as a few ticks take: it is looked for after each of them.
  bool held = false;
  for (int i = 0; i < kTicks && runs_in(fleet, "waiting") < 3; ++i) {
    (void)fleet.tick();
    held = held || fleet.run({"status"}).out.find("agent:coder") != std::string::npos;
    ::usleep(100'000);
  }
  ASSERT_EQ(runs_in(fleet, "waiting"), 3) << fleet.run({"runs"}).out << model.log();
  EXPECT_TRUE(held) << fleet.run({"status"}).out;
  fs::remove(status_file);
  // One run goes first; what becomes of it decides for the others.
  int first = 0;
  for (int i = 0; i < kTicks && first == 0; ++i) {
    (void)fleet.tick();
    first = runs_in(fleet, "turning");
    ::usleep(20'000);
  }
  EXPECT_EQ(first, 1) << fleet.run({"runs"}).out;
  ASSERT_TRUE(fleet.tick_until_quiet(kTicks)) << fleet.run({"runs"}).out << model.log();
  for (const char* repo : {"acme/one", "acme/two", "acme/three"}) {
    EXPECT_EQ(fleet.run_of(repo).outcome, "landed") << repo << ": " << fleet.run_of(repo).reason;
  }
  EXPECT_NE(fleet.run({"status"}).out.find("Brakes       0"), std::string::npos)
      << fleet.run({"status"}).out;
}

TEST(RealAgents, AnOverloadedProviderIsWaitedForAndAskedByOneRunFirst) {
  overloaded_provider(kClaude);
}
TEST(RealAgents, ClaudeDoesTheWholeLoopAndGoesOnWithItsSession) {
  whole_loop(kClaude);
}
TEST(RealAgents, CodexDoesTheWholeLoopAndGoesOnWithItsSession) {
  whole_loop(kCodex);
}
TEST(RealAgents, OpencodeDoesTheWholeLoopAndGoesOnWithItsSession) {
  whole_loop(kOpencode);
}
TEST(RealAgents, ACodexWithABadCredentialStopsDispatchAndCostsTheIssueNothing) {
  bad_credential(kCodex);
}

}  // namespace
}  // namespace test_support
