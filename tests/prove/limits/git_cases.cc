// Repositories, branches and commits that are too large.
#include <string>

#include <fmt/format.h>

#include "tests/prove/limits/cases.h"

namespace prove::limits {

namespace {

constexpr const char* kSmallWork = "echo more > new && git add new && git commit -qm 'Add new'";

void large_repository(World& world, const Options& options) {
  world.one_repository(kSmallWork);
  world.prepare(fmt::format(
      "git clone -q remotes/acme/shop.git big && cd big && head -c {}M /dev/urandom > blob && "
      "mkdir d && for i in $(seq 1 {}); do echo $i > d/$i; done && git add -A && "
      "git commit -qm Large && git push -q origin main && cd .. && rm -rf big",
      options.count(100, 200), options.count(1000, 20'000)));
  world.fleet.issue("acme/shop", 1);
  world.look("acme/shop#1");
  world.tick_until_quiet(120);
}

/// A script that commits something to the remote's main; zlib is not what is tried here.
std::string commit_to_remote(const std::string& script) {
  return "git clone -q remotes/acme/shop.git big && cd big && git config core.compression 0 && (" +
         script +
         ") && git add -A && git commit -qm Large && git -c pack.window=0 push -q origin main && "
         "cd .. && rm -rf big";
}

void large_repository_over_http(World& world, const Options& options) {
  world.one_repository(kSmallWork);
  world.over_http();
  world.prepare(commit_to_remote(
      fmt::format("head -c {}M /dev/urandom > blob && mkdir d && for i in $(seq 1 {}); do "
                  "echo $i > d/$i; done",
                  options.count(100, 190), options.count(1000, 20'000))));
  world.fleet.issue("acme/shop", 1);
  world.tick_until_quiet(120);
  world.expect("landed");
}

/// More in all than a tick may take, and a large file whose versions are deltas of one another.
void large_history(World& world, const Options& options) {
  world.one_repository(kSmallWork);
  world.prepare(commit_to_remote(
      fmt::format("for i in $(seq 1 {}); do head -c 5M /dev/urandom > f$i; done && "
                  "head -c 30M /dev/urandom > versions && for i in $(seq 1 6); do "
                  "echo $i >> versions && git add versions && git commit -qm $i; done",
                  options.count(16, 200))));
  world.fleet.issue("acme/shop", 1);
  world.tick_until_quiet(120);
  world.expect("landed");
}

/// Larger than what git work may hold: a person is called.
void too_large_a_file(World& world, const Options& options) {
  world.one_repository(kSmallWork);
  world.prepare(commit_to_remote(fmt::format("truncate -s {}M zeros", options.count(300, 3000))));
  world.fleet.issue("acme/shop", 1);
  world.tick_until_quiet(120);
  world.expect("needs-human");
}

/// Lines cost more than their bytes where two texts are compared.
void many_lines(World& world, const Options& options) {
  world.one_repository(
      "yes | head -c 15M | tr y '\\n' > new && echo 0 >> lines && "
      "git add -A && git commit -qm Lines");
  world.prepare(
      commit_to_remote(fmt::format("seq 1 {} > lines", options.count(2'000'000, 2'000'000))));
  world.fleet.issue("acme/shop", 1);
  world.tick_until_quiet(120);
}

void make_branches(World& world, const Options& options) {
  world.prepare(
      fmt::format("cd remotes/acme/shop.git && at=$(git rev-parse main) && "
                  "(printf '# pack-refs with: peeled fully-peeled sorted \\n'; "
                  "seq -f \"$at refs/heads/branch-with-a-rather-long-name-%06.0f\" 1 {}; "
                  "echo \"$at refs/heads/main\") > packed-refs.new && "
                  "mv packed-refs.new packed-refs",
                  options.count(20'000, 100'000)));
}

void many_branches(World& world, const Options& options) {
  world.one_repository(kSmallWork);
  make_branches(world, options);
  world.fleet.issue("acme/shop", 1);
  world.look("acme/shop#1");
  world.tick_until_quiet(120);
  world.expect("landed");
}

void many_branches_over_http(World& world, const Options& options) {
  world.one_repository(kSmallWork);
  world.over_http();
  make_branches(world, options);
  world.fleet.issue("acme/shop", 1);
  world.tick_until_quiet(120);
  world.expect("landed");
}

void long_commit_message(World& world, const Options& options) {
  world.one_repository(
      fmt::format("echo more > new && git add new && (echo Add; echo; head -c {}M "
                  "/dev/zero | tr '\\0' 'x') > ../m && git commit -q -F ../m; rm ../m",
                  options.count(100, 200)));
  world.fleet.issue("acme/shop", 1);
  world.tick_until_quiet(120);
  world.look("acme/shop#1");
}

/// An agent leaves one huge file and many small ones, committed and not.
void large_work(World& world, const Options& options) {
  world.one_repository(
      fmt::format("head -c {}M /dev/urandom > big && git add big && "
                  "git commit -qm Big && head -c {}M /dev/urandom > dirty && "
                  "mkdir m && for i in $(seq 1 3000); do echo $i > m/$i; done",
                  options.count(150, 600), options.count(60, 600)));
  world.fleet.issue("acme/shop", 1);
  world.tick_until_quiet(180);
}

}  // namespace

std::vector<Case> git_cases() {
  return {{"large repository", large_repository},
          {"large repository over HTTP", large_repository_over_http},
          {"large history", large_history},
          {"too large a file", too_large_a_file},
          {"many lines", many_lines},
          {"many branches", many_branches},
          {"many branches over HTTP", many_branches_over_http},
          {"long commit message", long_commit_message},
          {"large work", large_work}};
}

}  // namespace prove::limits
