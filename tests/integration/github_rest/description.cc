#include "tests/integration/github_rest/description.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/stub/git_backend.h"
#include "tests/support/whole_file.h"

namespace github_rest {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Pinned: npm may pick an old release of a name without a version. The description's package has
/// 394 MB, of which one file is taken: 29 MB are fetched, 13 MB (and 3 MB of ajv) stay; 11 s in
/// all. A check takes 2 to 3 s, most of it for reading the description and compiling what is asked
/// for.
constexpr const char* kFetch =
    "npm install --no-save --no-audit --no-fund --fetch-retries=0 ajv@8.20.0"
    " && npm pack --silent --fetch-retries=0 @octokit/openapi@23.0.2"
    " && tar -xzf octokit-openapi-23.0.2.tgz package/generated/api.github.com.json"
    " && rm octokit-openapi-23.0.2.tgz";

std::string shell(const std::string& script) {
  const char* path = std::getenv("PATH");
  const char* home = std::getenv("HOME");
  return stub::output_of({"/bin/sh", "-c", "{ " + script + "; } 2>&1; echo \"exit $?\""},
                         {std::string("PATH=") + (path == nullptr ? "" : path),
                          std::string("HOME=") + (home == nullptr ? "" : home)},
                         "");
}

/// Held as long as it lives, against other processes too.
class Lock {
 public:
  explicit Lock(const std::string& file)
      : fd_(::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
    while (::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() { ::close(fd_); }

 private:
  int fd_;
};

}  // namespace

Description::Description() : folder_(fs::current_path().string() + "/github_rest.23.0.2") {
  const Lock lock(folder_ + ".lock");
  if (fs::exists(folder_)) {
    return;
  }
  // Those that waited for one that failed need not fail by themselves: it may have taken a minute.
  const std::string note = folder_ + ".missing";
  std::error_code none;
  const auto noted = fs::last_write_time(note, none);
  if (!none && fs::file_time_type::clock::now() - noted < std::chrono::minutes(5)) {
    missing_ = test_support::whole_file(note);
    return;
  }
  // Made beside its place, so that what is at its place is whole.
  const std::string made = folder_ + ".new";
  fs::remove_all(made);
  fs::create_directories(made);
  const std::string got = shell("cd " + made + " && " + kFetch);
  if (got.ends_with("exit 0\n")) {
    fs::rename(made, folder_);
  } else {
    missing_ = "npm or its registry is not there: " + got;
    std::ofstream(note) << missing_;
  }
}

std::string Description::check(const Json& cases) const {
  // Of this test alone: several run at the same time.
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(test->test_suite_name()) + "." + test->name();
  for (char& c : name) {
    c = c == '/' ? '.' : c;
  }
  const std::string folder = folder_ + "." + name;
  fs::create_directories(folder);
  fs::copy_file(std::string(RUNNER_SOURCE_DIR) + "/tests/integration/github_rest/check.mjs",
                folder + "/check.mjs", fs::copy_options::overwrite_existing);
  for (const char* part : {"node_modules", "package"}) {
    std::error_code there;
    fs::create_directory_symlink(folder_ + "/" + part, folder + "/" + part, there);
  }
  std::ofstream(folder + "/cases.json") << cases.dump();
  return shell("cd " + folder + " && node check.mjs cases.json");
}

Json one_case(const std::string& method, const std::string& target, const std::string& sent,
              int status, const std::string& answer) {
  return {{"method", method},
          {"target", target},
          {"sent", sent},
          {"status", status},
          {"answer", answer}};
}

Json cases_of(const stub::Log& log) {
  Json cases = Json::array();
  for (const stub::Exchange& each : log.exchanges()) {
    const bool graphql = each.request.path.ends_with("/graphql");
    if (each.status != 0 && each.fault.empty() && !graphql) {
      cases.push_back(one_case(each.request.method, each.request.target, each.request.body,
                               each.status, each.status == 304 ? "" : each.answer));
    }
  }
  return cases;
}

}  // namespace github_rest
