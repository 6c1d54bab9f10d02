// Keys of ours and keys of hosts, with a real sshd.
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/worktrees/served_remote.h"

namespace worktrees::test {
namespace {

using jobs::ErrorKind;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ServedSsh : public ServedRemote {
 protected:
  void SetUp() override {
    Playground::SetUp();
    serve(Way::ssh);
  }
  void keygen(const std::vector<std::string>& words) const {
    std::vector<std::string> argv{"ssh-keygen", "-q"};
    argv.insert(argv.end(), words.begin(), words.end());
    ASSERT_EQ(run_program(argv, top, top + "/home").exit_code, 0);
  }
  void expect_denied(const ::testing::Matcher<const std::string&>& words) {
    for (const jobs::Error& error : {base_error(), prepare_error()}) {
      EXPECT_EQ(error.kind, ErrorKind::denied) << error.text();
      EXPECT_THAT(error.text(), words);
    }
  }
};

TEST_F(ServedSsh, AKeyThatTheServerDoesNotKnowIsDeniedAndTheErrorSaysHowToAddIt) {
  keygen({"-t", "ed25519", "-N", "", "-f", top + "/other"});
  repo.auth.ssh_key = top + "/other";
  expect_denied(
      AllOf(HasSubstr("does not accept the key " + top + "/other for the user " + sshd->user()),
            HasSubstr("`ssh-keygen -y -f " + top + "/other`")));
}

TEST_F(ServedSsh, AKeyWithAPassphraseIsDenied) {
  keygen({"-t", "ed25519", "-N", "secret words", "-f", top + "/locked"});
  fs::copy_file(top + "/locked.pub", top + "/ssh/authorized", fs::copy_options::overwrite_existing);
  repo.auth.ssh_key = top + "/locked";
  expect_denied(HasSubstr("passphrase"));
}

TEST_F(ServedSsh, AnEcdsaKeyDoesToo) {
  keygen({"-t", "ecdsa", "-N", "", "-f", top + "/ecdsa"});
  fs::copy_file(top + "/ecdsa.pub", top + "/ssh/authorized", fs::copy_options::overwrite_existing);
  repo.auth.ssh_key = top + "/ecdsa";
  EXPECT_EQ(base_error().text(), jobs::Error{}.text());
}

TEST_F(ServedSsh, WhatIsNotThereIsNamedBeforeAnybodyIsAsked) {
  proxy->cut_requests_after(CuttingProxy::kNever);
  const jobs::RemoteAuth right = repo.auth;
  repo.auth.ssh_key = top + "/nothing";
  expect_denied(HasSubstr(top + "/nothing that ssh_key names cannot be read"));
  repo.auth = right;
  repo.auth.known_hosts = top;
  expect_denied(HasSubstr("that ssh_known_hosts names cannot be read"));
  repo.auth = right;
  repo.auth.ssh_key.clear();
  expect_denied(HasSubstr("set ssh_key of the repository"));
  repo.auth = right;
  repo.auth.known_hosts.clear();
  expect_denied(HasSubstr("set ssh_known_hosts of the repository"));
  EXPECT_EQ(proxy->requests(), 0U);
}

TEST_F(ServedSsh, AHostThatIsNotPinnedIsRefusedWithTheLineThatPinsIt) {
  write(top + "/known_hosts", "# nobody yet\ngit.example.org ssh-ed25519 AAAA\n");
  const jobs::Error error = base_error();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  const std::string host = fmt::format("[127.0.0.1]:{}", proxy->port());
  EXPECT_THAT(error.message, HasSubstr(host + " shows the host key ssh-ed25519 SHA256:"));
  EXPECT_THAT(error.message, HasSubstr("which is not pinned"));
  const std::size_t begin = error.hint.find('`') + 1;
  write(top + "/known_hosts", error.hint.substr(begin, error.hint.find('`', begin) - begin) + "\n");
  EXPECT_EQ(workspace->remote_base(repo).value().str(), remote_head()) << "the line does it";
}

TEST_F(ServedSsh, AChangedHostKeyIsRefusedAndNothingIsSaidToIt) {
  const jobs::Run run = worked();
  const std::string before = remote_head();
  sshd->change_host_key();
  ASSERT_TRUE(sshd->running());
  const jobs::Error error = land_error(run);
  EXPECT_EQ(error.kind, ErrorKind::denied) << error.text();
  EXPECT_THAT(error.text(),
              AllOf(HasSubstr("another than the pinned one"), HasSubstr("ssh-ed25519 SHA256:"),
                    HasSubstr("somebody may stand in between")));
  EXPECT_EQ(read(top + "/ssh/log")
                .find("Accepted publickey", read(top + "/ssh/log").rfind("Server listening")),
            std::string::npos)
      << "no key was shown";
  EXPECT_EQ(remote_head(), before);
  expect_whole_mirror();
  write(top + "/known_hosts", sshd->host_line(proxy->port()));
  EXPECT_EQ(land(run).kind, jobs::LandResult::Kind::landed);
}

TEST_F(ServedSsh, HashedNamesAndRevokedKeysAreUnderstood) {
  keygen({"-H", "-f", top + "/known_hosts"});
  EXPECT_EQ(read(top + "/known_hosts").rfind("|1|", 0), 0U);
  EXPECT_EQ(workspace->remote_base(repo).value().str(), remote_head());
  write(top + "/known_hosts",
        read(top + "/known_hosts") + "@revoked " + sshd->host_line(proxy->port()));
  expect_denied(HasSubstr("calls revoked"));
}

TEST_F(ServedSsh, NothingOfTheUsersFolderCounts) {
  const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
  const std::string old = home == nullptr ? "" : home;
  write(top + "/home/.ssh/known_hosts", sshd->host_line(proxy->port()));
  fs::copy_file(sshd->client_key(), top + "/home/.ssh/id_ed25519");
  ::setenv("HOME", (top + "/home").c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  const jobs::RemoteAuth right = repo.auth;
  write(top + "/known_hosts", "");
  expect_denied(HasSubstr("is not pinned"));
  write(top + "/known_hosts", sshd->host_line(proxy->port()));
  keygen({"-t", "ed25519", "-N", "", "-f", top + "/other"});
  repo.auth.ssh_key = top + "/other";
  expect_denied(HasSubstr("does not accept the key"));
  repo.auth = right;
  write(top + "/home/.ssh/known_hosts",
        fmt::format("[127.0.0.1]:{} {}", proxy->port(), read(top + "/other.pub")));
  EXPECT_EQ(base_error().text(), jobs::Error{}.text()) << "another key there is no matter";
  ::setenv("HOME", old.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace
}  // namespace worktrees::test
