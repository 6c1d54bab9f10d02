#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "runner/process/agent_files.h"
#include "runner/process/report.h"
#include "tests/support/own_folder.h"

namespace runner::process {
namespace {

namespace fs = std::filesystem;

class AgentFilesTest : public testing::Test {
 protected:
  AgentFilesTest() {
    paths_.emplace(folder_.string());
    fs::create_directory(paths_->agent);
  }

  void write(const fs::path& name, const std::string& content, bool append = false) const {
    std::ofstream(fs::path(paths_->agent) / name, append ? std::ios::app : std::ios::trunc)
        << content;
  }
  AgentFiles watch(const std::string& usage = "usage.json") const { return {*paths_, usage}; }

  const test_support::OwnFolder own_{"agent-files"};
  const fs::path folder_ = own_.path();
  std::optional<TurnPaths> paths_;
  jobs::TimePoint now_{std::chrono::milliseconds(1'700'000'000'000)};
};

TEST_F(AgentFilesTest, UsageIsSeenOncePerChangeAndNeverShrinks) {
  auto files = watch();
  EXPECT_FALSE(files.changed_usage());
  write("usage.json", R"({"tokens": 10})");
  EXPECT_EQ(files.changed_usage()->tokens, 10);
  EXPECT_FALSE(files.changed_usage());
  write("usage.json", "garbage");
  EXPECT_FALSE(files.changed_usage());
  write("usage.json", R"({"tokens": 4, "usd": "1"})");
  const auto usage = files.changed_usage();
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->tokens, 10);
  EXPECT_EQ(usage->usd.micros, 1'000'000);
}

TEST_F(AgentFilesTest, Invariant11_UsageIsNeverReadFromElsewhere) {
  std::ofstream(folder_ / "outside.json") << R"({"tokens": 10})";
  EXPECT_FALSE(watch("../outside.json").changed_usage());
  EXPECT_FALSE(watch((folder_ / "outside.json").string()).changed_usage());
  fs::create_symlink(folder_ / "outside.json", fs::path(paths_->agent) / "link.json");
  EXPECT_FALSE(watch("link.json").changed_usage());
  fs::create_directory_symlink(folder_, fs::path(paths_->agent) / "folder");
  EXPECT_FALSE(watch("folder/outside.json").changed_usage());
}

TEST_F(AgentFilesTest, PipesFoldersAndGiantsDoNotHoldItUp) {
  ASSERT_EQ(::mkfifo((paths_->agent + "/pipe").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(paths_->reports.c_str(), 0600), 0);
  EXPECT_FALSE(watch("pipe").changed_usage());
  EXPECT_TRUE(watch().new_reports().empty());
  fs::create_directory(paths_->agent + "/usage.json");
  EXPECT_FALSE(watch().changed_usage());
  write("big.json", R"({"tokens": 10, "x": ")" + std::string(100'000, 'x') + "\"}");
  EXPECT_FALSE(watch("big.json").changed_usage());
}

TEST_F(AgentFilesTest, ReportsComeOnceInOrderAndWhole) {
  auto files = watch();
  Report phase;
  phase.phase = jobs::Phase::tests_red;
  Report note;
  note.note = "half way \"there\"\n";
  ASSERT_TRUE(report(paths_->agent, phase, now_));
  ASSERT_TRUE(report(paths_->agent, note, now_));
  write("reports.ndjson", R"({"t":1,"type":"blocked","text":"unfin)", true);
  auto seen = files.new_reports();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].text, "tests-red");
  EXPECT_EQ(seen[1].text, "half way \"there\"");
  EXPECT_TRUE(files.new_reports().empty());
  write("reports.ndjson", "ished\"}\n", true);
  seen = files.new_reports();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].type, "blocked");
  EXPECT_EQ(seen[0].text, "unfinished");
}

TEST_F(AgentFilesTest, HostileReportsAreDroppedOrMadeSafe) {
  write("reports.ndjson",
        "garbage\n\n[1]\n{\"type\":\"ended\",\"text\":\"exited\"}\n{\"type\":\"phase\",\"text\":\"."
        "./x\"}\n"
        "{\"type\":\"note\",\"text\":\"\"}\n"
        "{\"type\":\"note\",\"text\":\"a\\u001b[31mb\\u0000c\"}\n"
        "{\"type\":\"blocked\",\"text\":\"" +
            std::string(20'000, 'x') +
            "\"}\n"
            "{\"type\":\"note\",\"text\":\"" +
            std::string(5'000, 'y') + "\"}\n");
  auto files = watch();
  const auto seen = files.new_reports();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].text.find('\x1b'), std::string::npos);
  EXPECT_LE(seen[1].text.size(), kMostReportText + 3);
}

TEST_F(AgentFilesTest, ReportSaysExactlyOneThing) {
  Report two;
  two.note = "a";
  two.blocked = "b";
  Report blank;
  blank.note = " \n";
  Report giant;
  giant.note = std::string(kMostReportText + 1, 'x');
  Report good;
  good.blocked = "no key";
  for (const auto& bad : {Report{}, two, blank, giant}) {
    const auto refused = report(paths_->agent, bad, now_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, jobs::ErrorKind::usage);
  }
  EXPECT_FALSE(report("", good, now_)) << "not inside a turn";
  EXPECT_FALSE(report((folder_ / "gone").string(), good, now_));
  EXPECT_TRUE(report(paths_->agent, good, now_));
}

}  // namespace
}  // namespace runner::process
