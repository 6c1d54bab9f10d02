#include "runner/executors/filter_programs.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>

#include "runner/process/fd.h"
#include "runner/process/identity.h"
#include "tests/support/own_folder.h"

namespace executor_tests {
namespace {

namespace fs = std::filesystem;
using jobs::ErrorKind;
using runner::process::Fd;
using ::testing::HasSubstr;

class FilterPrograms : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "worktree");
    std::ofstream(folder_ / "in") << "content\n";
    filters_ = runner::executors::make_filter_programs(
        {.home = (folder_ / "home").string(), .limits = {}});
  }

  jobs::Status run(std::vector<std::string> argv,
                   std::chrono::milliseconds deadline = std::chrono::seconds(20),
                   std::map<std::string, std::string> env = {}) {
    const Fd out(::open((folder_ / "out").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    return filters_->run({.argv = std::move(argv),
                          .cwd = (folder_ / "worktree").string(),
                          .env = std::move(env),
                          .input = (folder_ / "in").string(),
                          .output = out.get(),
                          .deadline = deadline});
  }
  std::string out() const {
    std::stringstream text;
    text << std::ifstream(folder_ / "out").rdbuf();
    return text.str();
  }

  /// The process that wrote its number there is soon gone.
  static bool is_gone(const std::string& pid_file) {
    pid_t child = 0;
    std::ifstream(pid_file) >> child;
    const auto gone = [&] {
      const auto now = runner::process::stat_of(child);
      return now.start_time == 0 || now.state == 'Z';
    };
    for (int i = 0; i < 200 && !gone(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return child > 0 && gone();
  }

  const test_support::OwnFolder own_{"filter"};
  const fs::path folder_ = own_.path();
  std::unique_ptr<jobs::FilterRunner> filters_;
};

TEST_F(FilterPrograms, MakeOneFileOfAnother) {
  ASSERT_TRUE(run({"tr", "a-z", "A-Z"}));
  EXPECT_EQ(out(), "CONTENT\n");
}

TEST_F(FilterPrograms, GetNothingOfTheRunnersEnvironment) {
  ::setenv("RUNNER_FILTER_SECRET", "secret", 1);
  ASSERT_TRUE(run({"env"}, std::chrono::seconds(20), {{"KEY", "value"}}));
  ::unsetenv("RUNNER_FILTER_SECRET");
  EXPECT_THAT(out(), HasSubstr("KEY=value\n"));
  EXPECT_THAT(out(), HasSubstr("HOME=" + (folder_ / "home").string() + "\n"));
  EXPECT_EQ(out().find("secret"), std::string::npos);
}

TEST_F(FilterPrograms, FailWithTheirOwnWords) {
  const jobs::Status status = run({"sh", "-c", "echo half; echo 'no such object' >&2; exit 3"});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::transient);
  EXPECT_THAT(status.error().text(), HasSubstr("it exited 3: no such object"));
  EXPECT_THAT(run({"sh", "-c", "kill -9 $$"}).error().text(), HasSubstr("it died by signal 9"));
}

TEST_F(FilterPrograms, ThatAreNotThereAreToldByName) {
  const jobs::Status status = run({"no-such-filter"});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::not_found);
  EXPECT_THAT(status.error().text(), HasSubstr("no-such-filter"));
}

TEST_F(FilterPrograms, OfTheRepositoryAreNotRun) {
  std::ofstream(folder_ / "worktree/evil") << "#!/bin/sh\necho evil\n";
  fs::permissions(folder_ / "worktree/evil", fs::perms::owner_all);
  EXPECT_FALSE(run({"./evil"}));
  EXPECT_FALSE(run({"evil"}, std::chrono::seconds(20), {{"PATH", ".:/usr/bin:/bin"}}));
  EXPECT_EQ(out(), "");
}

TEST_F(FilterPrograms, EndWithEverythingTheyStartedAtTheDeadline) {
  const std::string pid_file = (folder_ / "pid").string();
  const jobs::Status status = run({"sh", "-c", "sleep 1000 & echo $! > " + pid_file + "; wait"},
                                  std::chrono::milliseconds(300));
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().text(), HasSubstr("it did not end within"));
  EXPECT_TRUE(is_gone(pid_file));
}

TEST_F(FilterPrograms, LeaveNothingWhenTheyEndByThemselves) {
  const std::string pid_file = (folder_ / "pid").string();
  ASSERT_TRUE(run({"sh", "-c", "sleep 1000 & echo $! > " + pid_file}));
  EXPECT_TRUE(is_gone(pid_file));
}

}  // namespace
}  // namespace executor_tests
