#include "tests/prove/remote/credentials.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>

#include "runner/http/git_web.h"
#include "tests/prove/remote/cases.h"
#include "tests/support/playground.h"
#include "worktrees/git_workspace.h"

namespace prove::remote {

namespace {

namespace fs = std::filesystem;

constexpr const char* kUser = "runner";
constexpr const char* kSecret = "s3cr3t-of-the-runner";
constexpr int kMostLandings = 8;

class NoCommands final : public jobs::CommandRunner {
 public:
  jobs::Result<Outcome> run(const Command& /*command*/) override { return Outcome{}; }
};

/// Through libgit2 alone, or by protocol 2 over our own client where the server speaks it.
enum class Way : std::uint8_t { libgit2, web };

/// One repository behind a server that asks who is there, and a workspace that knows the answer.
class Guarded {
 public:
  Guarded(const Options& options, const std::string& name, Way way, std::string said_secret)
      : folder_(options.scratch + "/credentials-" + name), secret_(std::move(said_secret)) {
    fs::create_directories(folder_ + "/remotes/acme");
    git({"init", "-q", "--bare", "-b", "main", bare()});
    git({"init", "-q", "-b", "main", folder_ + "/seed"});
    test_support::write_file(folder_ + "/seed/README.md", "hello\n");
    git({"-C", folder_ + "/seed", "add", "-A"});
    git({"-C", folder_ + "/seed", "commit", "-q", "-m", "Start"});
    git({"-C", folder_ + "/seed", "push", "-q", bare(), "main"});
    server = std::make_unique<stub::Stub>(stub::Stub::Options{
        .git_root = folder_ + "/remotes", .git_user = kUser, .git_password = kSecret});
    worktrees::Options place;
    place.root = folder_ + "/state";
    place.limits.disk_free_bytes = 1;
    place.credentials = [this](const jobs::Repo&,
                               const std::string& url) -> std::optional<worktrees::Credential> {
      asked.push_back(url);
      return secret_.empty() ? std::nullopt : std::optional(worktrees::Credential{kUser, secret_});
    };
    place.web = way == Way::web ? &web_ : nullptr;
    workspace = std::make_unique<worktrees::GitWorkspace>(place, commands_);
    repo.name = jobs::RepoName("acme/shop");
    repo.remote = server->url("/git/acme/shop.git");
    repo.base = "main";
    run.id = jobs::RunId("r01");
    run.issue = {repo.name, 12};
    run.title = "Add a cart";
    run.branch = "runner/12-add-a-cart";
  }
  ~Guarded() {
    workspace.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  std::string git(std::vector<std::string> words) const {
    words.insert(words.begin(), {"git", "-c", "user.name=ann", "-c", "user.email=ann@example.org"});
    return stub::output_of(words, {}, "");
  }

  /// Prepares the worktree and commits in it, as an agent and verify would.
  void work() {
    for (int i = 0; i < kMostLandings; ++i) {
      if (auto prepared = workspace->prepare(repo, run)) {
        run.base = prepared->base;
        run.worktree = prepared->path;
        break;
      }
    }
    test_support::write_file(run.worktree + "/cart.txt", "a cart\n");
    git({"-C", run.worktree, "add", "-A"});
    git({"-C", run.worktree, "commit", "-q", "-m", "Add a cart"});
    const auto facts = workspace->observe(repo, run);
    if (!facts) {
      throw std::runtime_error("nothing to land: " + facts.error().text());
    }
    run.head = facts->head;
    run.verified_tree = facts->head_tree;
    run.verified_base = run.base;
  }

  [[nodiscard]] jobs::Result<jobs::LandResult> land() {
    return workspace->land(
        repo, {.run = run, .at = jobs::TimePoint(std::chrono::seconds(1'795'000'000))});
  }

  [[nodiscard]] std::string bare() const { return folder_ + "/remotes/acme/shop.git"; }
  [[nodiscard]] std::string merges() const {
    std::string out = git({"--git-dir", bare(), "rev-list", "--count", "--merges", "main"});
    while (out.ends_with('\n')) {
      out.pop_back();
    }
    return out;
  }

  std::vector<std::string> asked;
  std::unique_ptr<stub::Stub> server;
  std::unique_ptr<worktrees::GitWorkspace> workspace;
  jobs::Repo repo;
  jobs::Run run;

 private:
  std::string folder_;
  std::string secret_;
  NoCommands commands_;
  runner::http::GitWeb web_;
};

/// A server of another name that answers every question with "who are you?".
std::unique_ptr<stub::Stub> foreign_host() {
  return std::make_unique<stub::Stub>(
      stub::Stub::Options{.git_root = "/nonexistent", .git_user = "x", .git_password = "y"});
}

class Prover {
 public:
  Prover(const Options& options, Record& record, Way way)
      : options_(options), record_(record), way_(way) {}

  void all() {
    check("credentials-right", [this](const std::string& name) { right(name); });
    check("credentials-wrong", [this](const std::string& name) { refused(name, "not-it"); });
    check("credentials-none", [this](const std::string& name) { refused(name, ""); });
    for (const char* when : {"fetch", "prepare", "push"}) {
      check(fmt::format("credentials-foreign-{}", when),
            [this, when](const std::string& name) { foreign(name, when); });
    }
    for (const auto kind :
         {stub::FaultKind::cut, stub::FaultKind::failed, stub::FaultKind::unavailable,
          stub::FaultKind::timeout, stub::FaultKind::truncated}) {
      for (const auto when : {stub::When::before, stub::When::after}) {
        for (const char* path : {"*git-receive-pack", "*git-upload-pack"}) {
          const std::string name =
              fmt::format("credentials-{}-{}-{}", to_string(kind),
                          when == stub::When::before ? "before" : "after", path + 5);
          check(name, [&](const std::string& each) { faulty(each, kind, when, path); });
        }
      }
    }
  }

 private:
  template <typename Body>
  void check(std::string name, const Body& body) {
    name += way_ == Way::web ? "-over-web" : "";
    if ((options_.only.empty() || options_.only == name) &&
        !(options_.until_first && record_.failed())) {
      body(name);
      record_.count("landings with credentials");
    }
  }

  void expect(bool right, const std::string& name, const std::string& what) {
    if (!right) {
      record_.violation({.what = what, .where = name, .seed = options_.seed});
    }
  }

  void right(const std::string& name) {
    Guarded world(options_, name, way_, kSecret);
    world.work();
    const auto landed = world.land();
    expect(
        landed && landed->kind == jobs::LandResult::Kind::landed, name,
        "invariant 10: nothing was landed: " + (landed ? landed->message : landed.error().text()));
    expect(world.merges() == "1", name, "invariant 2: " + world.merges() + " merges");
    expect(world.server->log.holds(kSecret), name, "the server was never told who we are");
  }

  void refused(const std::string& name, const std::string& secret) {
    Guarded world(options_, name, way_, secret);
    const auto prepared = world.workspace->prepare(world.repo, world.run);
    expect(!prepared && prepared.error().kind == jobs::ErrorKind::denied, name,
           "invariant 3: not denied: " + (prepared ? "" : prepared.error().text()));
    expect(prepared ||
               prepared.error().text().find(secret.empty() ? "\n" : secret) == std::string::npos,
           name, "invariant 12: the secret stands in the message");
    expect(world.asked.size() <= 2, name,
           fmt::format("the secret was asked for {} times", world.asked.size()));
    expect(world.server->log.count("", "*") <= 4, name, "a refusal was not believed");
  }

  /// The remote sends its visitor to another host, which asks for a password.
  void foreign(const std::string& name, const std::string& when) {
    const auto elsewhere = foreign_host();
    Guarded world(options_, name, way_, kSecret);
    const stub::Fault away = {.kind = stub::FaultKind::redirect,
                              .when = stub::When::before,
                              .location = elsewhere->url("/", "localhost")};
    jobs::Status result;
    if (when == "push") {
      world.work();
      world.server->faults.add({.path = "*git-receive-pack*", .times = 0, .fault = away});
      if (const auto landed = world.land(); !landed) {
        result = landed.error();
      }
    } else {
      world.server->faults.add({.path = "*", .times = 0, .fault = away});
      if (when == "fetch") {
        const auto base = world.workspace->remote_base(world.repo);
        result = base ? jobs::ok() : jobs::Status(base.error());
      } else {
        const auto prepared = world.workspace->prepare(world.repo, world.run);
        result = prepared ? jobs::ok() : jobs::Status(prepared.error());
      }
    }
    expect(!result, name, "invariant 10: the other host was believed");
    expect(!elsewhere->log.holds(kSecret), name,
           "invariant 12: the credential was sent to another host");
    for (const std::string& url : world.asked) {
      expect(url.find("localhost") == std::string::npos, name,
             "invariant 12: a credential was looked up for " + url);
    }
    expect(world.merges() == "0", name, "invariant 2: something was landed");
    record_.seen("a foreign host asked for a credential");
  }

  void faulty(const std::string& name, stub::FaultKind kind, stub::When when,
              const std::string& path) {
    Guarded world(options_, name, way_, kSecret);
    // The first request of a conversation comes without a credential and is answered by a question.
    world.server->faults.add({.method = "POST",
                              .path = path,
                              .times = 1,
                              .fault = {.kind = kind, .when = when, .milliseconds = 100}});
    world.work();
    int tries = 0;
    auto landed = world.land();
    for (; tries < kMostLandings && !landed; ++tries) {
      expect(landed.error().kind == jobs::ErrorKind::transient, name,
             "a passing fault is " + landed.error().text());
      landed = world.land();
    }
    expect(
        landed && landed->kind == jobs::LandResult::Kind::landed, name,
        "invariant 3: nothing was landed: " + (landed ? landed->message : landed.error().text()));
    expect(tries <= 1, name, fmt::format("{} tries for one fault", tries + 1));
    expect(world.merges() == "1", name, "invariant 2: " + world.merges() + " merges");
  }

  const Options& options_;
  Record& record_;
  Way way_;
};

}  // namespace

void prove_credentials(const Options& options, Record& record) {
  if (options.only.empty()) {
    record.expect("a foreign host asked for a credential");
  }
  for (const Way way : {Way::libgit2, Way::web}) {
    Prover(options, record, way).all();
  }
}

}  // namespace prove::remote
