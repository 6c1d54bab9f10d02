// Too many issues, and texts of issues and comments that are too long.
#include <filesystem>
#include <functional>
#include <string>

#include <fmt/format.h>

#include "tests/prove/limits/cases.h"

namespace prove::limits {

namespace {

namespace fs = std::filesystem;

std::string issue_file(int number, std::size_t body) {
  return fmt::format(
      "+++\nnumber = {}\ntitle = \"Issue {}\"\nlabels = [\"ready-for-agent\"]\nready_by = "
      "\"alice\"\n"
      "ready_at = 2026-01-01T00:00:00Z\n+++\n\n{}\n",
      number, number, std::string(body, 'x'));
}

/// So many issues, the text of each as long as `body` says.
void tick_over(World& world, int count, const std::function<std::size_t(int)>& body) {
  world.one_repository("true");
  for (int number = 1; number <= count; ++number) {
    world.fleet.write_issue("acme/shop", fmt::format("{:05}-a.md", number),
                            issue_file(number, body(number)));
  }
  world.look("acme/shop#1");
  (void)world.measure({"tick"});
}

void many_issues(World& world, const Options& options) {
  const auto longest = static_cast<std::size_t>(options.count(100'000, 200'000));
  // Each tenth is as long as an issue may be.
  tick_over(world, static_cast<int>(options.count(1000, 10'000)),
            [&](int number) { return number % 10 == 0 ? longest : 500; });
}

void long_texts(World& world, const Options& options) {
  tick_over(world, static_cast<int>(options.count(500, 3000)), [](int) { return 250'000; });
}

void huge_issue_files(World& world, const Options& options) {
  world.one_repository("true");
  for (int number = 1; number <= options.count(30, 100); ++number) {
    world.fleet.write_issue("acme/shop", fmt::format("{:04}-a.md", number), issue_file(number, 0));
    fs::resize_file(world.fleet.folder() + fmt::format("/issues/acme/shop/{:04}-a.md", number),
                    std::uintmax_t{10} << 20U);
  }
  // A comment for each day of some years, each as long as a comment may be.
  world.fleet.issue("acme/shop", 500);
  for (int comment = 1; comment <= options.count(100, 1000); ++comment) {
    world.fleet.write_issue("acme/shop", fmt::format("0500.comments/{:04}-bob.md", comment),
                            "+++\nauthor = \"bob\"\n+++\n\n" + std::string(900'000, 'c') + "\n");
  }
  world.look("acme/shop#1");
  (void)world.measure({"issue", "show", "acme/shop#500"});
  world.tick_until_quiet(60);
}

void many_repositories(World& world, const Options& options) {
  world.fleet.shell("coder", "true");
  for (int number = 1; number <= options.count(60, 1000); ++number) {
    const std::string name = fmt::format("acme/r{:04}", number);
    world.fleet.repo(name, "coder");
    world.fleet.issue(name, 1);
  }
  world.fleet.write();
  world.look("acme/r0001#1");
  (void)world.measure({"tick"});
  (void)world.measure({"tick"});
}

}  // namespace

std::vector<Case> issue_cases() {
  return {{"many issues", many_issues},
          {"long texts", long_texts},
          {"huge issue files", huge_issue_files},
          {"many repositories", many_repositories}};
}

}  // namespace prove::limits
