#pragma once

#include <memory>
#include <string>

#include "runner/http/git_web.h"
#include "tests/integration/worktrees/git_playground.h"
#include "tests/integration/worktrees/real_servers.h"

namespace worktrees::test {

enum class Way : std::uint8_t { path, http, http_libgit2, ssh };

/// For the name of a test.
inline std::string name_of(Way way) {
  switch (way) {
    case Way::path: return "Path";
    case Way::http: return "Http";
    case Way::http_libgit2: return "HttpLibgit2";
    case Way::ssh: return "Ssh";
  }
  return "";
}

/// The playground's remote behind a real server, and in between a proxy that can hang up.
class ServedRemote : public Playground {
 protected:
  static constexpr const char* kUser = "runner";
  static constexpr const char* kSecret = "t0k3n-Of-The-Runner";

  /// Skips the test where the server is not installed.
  void serve(Way way) {
    const std::string lacks = way == Way::path  ? ""
                              : way == Way::ssh ? Sshd::missing()
                                                : Lighttpd::missing();
    if (!lacks.empty()) {
      GTEST_SKIP() << lacks;
    }
    write(top + "/token", kSecret);
    git({"config", "http.receivepack", "true"}, remote);
    options.web = way == Way::http ? &client : nullptr;
    if (way == Way::ssh) {
      sshd = std::make_unique<Sshd>(top + "/ssh");
      ASSERT_TRUE(sshd->running()) << read(top + "/ssh/log");
      proxy = std::make_unique<CuttingProxy>(sshd->port());
      write(top + "/known_hosts", sshd->host_line(proxy->port()));
      repo.auth.ssh_key = sshd->client_key();
      repo.auth.known_hosts = top + "/known_hosts";
      prefix = fmt::format("ssh://{}@127.0.0.1:{}{}/", sshd->user(), proxy->port(), top);
    } else if (way != Way::path) {
      web = std::make_unique<Lighttpd>(top, kUser, kSecret);
      ASSERT_TRUE(web->running()) << read(top + "/web/log");
      proxy = std::make_unique<CuttingProxy>(web->port());
      prefix = fmt::format("http://127.0.0.1:{}/git/", proxy->port());
      options.credentials = [this](const jobs::Repo&,
                                   const std::string&) -> jobs::Result<std::optional<Credential>> {
        return secret.empty() ? std::nullopt
                              : std::optional(Credential{kUser, secret, "variable SHOP_TOKEN"});
      };
    } else {
      prefix = top + "/";
    }
    repo.remote = prefix + "remote.git";
    make_workspace();
  }

  void TearDown() override {
    workspace.reset();
    proxy.reset();
    web.reset();
    sshd.reset();
    Playground::TearDown();
  }

  /// A run with one verified commit.
  jobs::Error base_error() {
    const auto base = workspace->remote_base(repo);
    return base ? jobs::Error{} : base.error();
  }
  jobs::Error prepare_error(int issue = 12) {
    const auto prepared = workspace->prepare(repo, make_run(issue, fmt::format("r{}", issue)));
    return prepared ? jobs::Error{} : prepared.error();
  }
  jobs::Error land_error(const jobs::Run& run) {
    const auto landed = workspace->land(repo, {.run = run, .at = kNow});
    return landed ? jobs::Error{} : landed.error();
  }
  void hook(const std::string& name, const std::string& script) const {
    write(remote + "/hooks/" + name, "#!/bin/sh\n" + script);
    fs::permissions(remote + "/hooks/" + name, fs::perms::owner_all);
  }
  /// Nothing half is in the mirror, and no file of it is damaged.
  void expect_whole_mirror() const {
    git({"fsck", "--strict", "--no-dangling"}, mirror());
    for (const auto& file : fs::directory_iterator(mirror() + "/objects/pack")) {
      const std::string kind = file.path().extension();
      EXPECT_TRUE(kind == ".pack" || kind == ".idx") << file.path() << " was left";
    }
    EXPECT_EQ(git({"for-each-ref", "refs/runner/landing"}, mirror()), "");
  }

  std::string prefix;  ///< before "remote.git"
  std::string secret = kSecret;
  runner::http::GitWeb client;
  std::unique_ptr<Lighttpd> web;
  std::unique_ptr<Sshd> sshd;
  std::unique_ptr<CuttingProxy> proxy;
};

}  // namespace worktrees::test
