// What a turn sees and reaches in a sandbox, and what each containment holds of a declared network.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "tests/integration/executor/turn_fixture.h"

namespace executor_tests {
namespace {

namespace fs = std::filesystem;
using jobs::Containment;
using jobs::Network;
using jobs::TurnEnd;

class TurnInSandbox : public TurnFixture {
 protected:
  TurnInSandbox() {
    bubblewrap_ = true;
    containment_ = Containment::sandbox;
  }
  void SetUp() override {
    if (const std::string why = why_not(Containment::sandbox); !why.empty()) {
      GTEST_SKIP() << why;
    }
  }
  [[nodiscard]] jobs::TurnSpec script(const std::string& text, int number = 1) const {
    auto wanted = spec({}, number);
    wanted.argv = {"sh", "-c", text};
    return wanted;
  }
};

TEST_F(TurnInSandbox, SeesNothingOfTheRunnerOrOfItsUser) {
  std::ofstream(folder_ / "state.db") << "state";
  fs::create_directories(root_ + "/r0/1");
  std::ofstream(root_ + "/r0/1/output.log") << "another turn";
  auto wanted = script(
      "for p in \"$1/state.db\" \"$1/turns/r0\" \"$1/turns/r1/1/spec.json\" "
      "\"$1/turns/r1/1/output.log\" ~root /home /run /var/run/docker.sock /var/lib /srv /boot "
      "/etc/shadow /etc/gitconfig /etc/ssl/private /etc/ssh /sys /dev/sda /dev/mem /dev/kmsg; do "
      "if test -e \"$p\"; then echo \"$p\"; fi; done; echo end");
  wanted.argv.insert(wanted.argv.end(), {"sh", folder_.string()});
  const auto facts = run(wanted);
  EXPECT_EQ(facts.output_tail, "end\n");
  EXPECT_EQ(facts.containment, "sandbox");
}

TEST_F(TurnInSandbox, WritesWhatIsItsOwnAndNothingElse) {
  auto wanted = script(
      "try() { if ( : > \"$1\" ) 2> /dev/null; then echo \"wrote $2\"; fi; }; "
      "folder=$1; try here worktree; try \"$HOME/x\" home; try \"$TMPDIR/x\" temporary; "
      "try /tmp/y tmp; try /var/tmp/z var-tmp; try /x root; try /usr/x usr; try /etc/x etc; "
      "try /dev/x dev; try /proc/sys/kernel/core_pattern proc; try /proc/sysrq-trigger sysrq; "
      "echo; try \"$folder/x\" folder; try \"$folder/turns/r1/1/stop\" stop; true");
  wanted.argv.insert(wanted.argv.end(), {"sh", folder_.string()});
  const auto facts = run(wanted);
  EXPECT_EQ(facts.output_tail.substr(0, facts.output_tail.find("\n\n") + 1),
            "wrote worktree\nwrote home\nwrote temporary\nwrote tmp\nwrote var-tmp\nwrote dev\n");
  EXPECT_EQ(facts.exit->end, TurnEnd::exited);
  EXPECT_TRUE(fs::exists(worktree_ / "here"));
  EXPECT_TRUE(fs::exists(directory() + "/agent/tmp/z")) << "on the disk, not in memory";
  EXPECT_FALSE(fs::exists("/tmp/y"));
  EXPECT_FALSE(fs::exists("/dev/x")) << "a /dev of its own";
  EXPECT_FALSE(fs::exists(folder_ / "x")) << "a /tmp of its own";
  EXPECT_FALSE(fs::exists(directory() + "/stop"));
}

TEST_F(TurnInSandbox, HasNoCapabilityAndGetsNone) {
  const auto facts = run(script("grep -E '^(CapEff|CapPrm|NoNewPrivs)' /proc/self/status"));
  EXPECT_EQ(facts.output_tail,
            "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");
}

TEST_F(TurnInSandbox, Invariant12_NoSecretIsInTheProcessesAroundIt) {
  environment_ = {{"AGENT_TOKEN", "s3cr3t-of-the-agent"}, {"WEBHOOK", "s3cr3t-of-the-runner"}};
  auto wanted = script(
      "for f in /proc/1/environ /proc/1/cmdline /proc/1/mem /proc/1/fd /proc/*/fd/*; do "
      "case $f in /proc/$$/*|/proc/self/*) continue;; esac; "
      "timeout 2 grep -aq 3cr3t-of \"$f\" 2> /dev/null && echo \"$f\"; done; "
      "ls /proc | grep -c '^[0-9]'; env | grep -c WEBHOOK");
  wanted.pass_env = {"AGENT_TOKEN"};
  wanted.redact_env = {"AGENT_TOKEN", "WEBHOOK"};
  const auto facts = run(wanted);
  EXPECT_EQ(facts.output_tail.find("/proc"), std::string::npos) << facts.output_tail;
  EXPECT_TRUE(facts.output_tail.ends_with("\n0\n")) << facts.output_tail;
}

TEST_F(TurnInSandbox, ReadsWhatIsDeclaredAndRefusesWhatIsNotThere) {
  fs::create_directories(folder_ / "tools");
  std::ofstream(folder_ / "tools" / "word") << "declared\n";
  auto wanted = script("cat \"$0/word\"; ( : > \"$0/x\" ) 2> /dev/null || echo kept");
  wanted.argv.push_back((folder_ / "tools").string());
  wanted.writable.push_back((folder_ / "tools").string() + ":ro");
  EXPECT_EQ(run(wanted).output_tail, "declared\nkept\n");
  auto missing = script("echo hello", 2);
  missing.writable = {(folder_ / "no-cache").string()};
  const auto refused = run(missing);
  EXPECT_EQ(refused.exit->end, TurnEnd::not_started);
  EXPECT_NE(refused.exit->detail.find("no-cache is not there"), std::string::npos);
}

TEST_F(TurnInSandbox, IsTakenByAutomaticAndSaid) {
  auto wanted = spec({"print", "hello"});
  wanted.containment = Containment::automatic;
  EXPECT_EQ(run(wanted).containment, "sandbox");
  bubblewrap_ = false;
  auto weaker = spec({"print", "hello"}, 2);
  weaker.containment = Containment::automatic;
  EXPECT_EQ(run(weaker).containment, "pid-namespace");
  auto refused = spec({"print", "hello"}, 3);
  const auto facts = run(refused);
  EXPECT_EQ(facts.exit->end, TurnEnd::not_started);
  EXPECT_NE(facts.exit->detail.find("no bubblewrap"), std::string::npos) << facts.exit->detail;
}

TEST_F(TurnInSandbox, FilesGrowNoLargerThanTheyMay) {
  auto wanted = script("head -c 3000000 /dev/zero > big; stat -c %s big");
  wanted.file_bytes = 1 << 20;
  EXPECT_NE(run(wanted).output_tail.find("1048576"), std::string::npos);
}

/// A server of the host that a turn must not reach.
class HostServer {
 public:
  HostServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      ADD_FAILURE() << "no server on loopback";
    }
    port_ = ntohs(address.sin_port);
  }
  HostServer(const HostServer&) = delete;
  HostServer& operator=(const HostServer&) = delete;
  ~HostServer() { ::close(socket_); }
  [[nodiscard]] std::string port() const { return std::to_string(port_); }

 private:
  int socket_;
  int port_ = 0;
};

class DeclaredNetwork : public TurnFixture, public testing::WithParamInterface<Containment> {
 protected:
  DeclaredNetwork() {
    containment_ = GetParam();
    bubblewrap_ = containment_ == Containment::sandbox;
  }
  /// Reaches for the host's server, then for one of its own.
  [[nodiscard]] std::string seen(Network network, const std::string& port, int number) {
    auto wanted = spec({}, number);
    wanted.network = network;
    wanted.argv = {
        "perl", "-MIO::Socket::INET", "-e",
        "print IO::Socket::INET->new(PeerAddr => \"127.0.0.1:$ARGV[0]\") ? 'host ' : '- ';"
        "my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);"
        "my $p = $s ? $s->sockport : 1;"
        "print IO::Socket::INET->new(PeerAddr => \"127.0.0.1:$p\") ? 'own' : '-';",
        port};
    const auto facts = run(wanted);
    return facts.exit->end == TurnEnd::exited ? facts.output_tail : facts.exit->detail;
  }
};

INSTANTIATE_TEST_SUITE_P(All, DeclaredNetwork,
                         testing::Values(Containment::sandbox, Containment::pid_namespace),
                         [](const auto& tested) {
                           return std::string(jobs::to_string(tested.param));
                         });

TEST_P(DeclaredNetwork, IsHeldToWhatWasDeclared) {
  if (const std::string why = why_not(GetParam()); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const HostServer server;
  EXPECT_EQ(seen(Network::all, server.port(), 1), "host own");
  EXPECT_EQ(seen(Network::loopback, server.port(), 2), "- own") << "a loopback of its own";
  EXPECT_EQ(seen(Network::none, server.port(), 3), "- -");
}

TEST_F(TurnInSandbox, AGroupRefusesANetworkThatItCannotHold) {
  auto wanted = spec({"print", "hello"});
  wanted.containment = Containment::group;
  wanted.network = Network::none;
  const auto facts = run(wanted);
  EXPECT_EQ(facts.exit->end, TurnEnd::not_started);
  EXPECT_NE(facts.exit->detail.find("cannot hold network = \"none\""), std::string::npos)
      << facts.exit->detail;
  EXPECT_EQ(logged("started"), 0);
}

TEST_F(TurnInSandbox, TheProxyIsHandedOn) {
  auto wanted = script("echo $HTTP_PROXY $https_proxy $NO_PROXY");
  wanted.proxy = "http://proxy.example.org:3128";
  EXPECT_EQ(run(wanted).output_tail,
            "http://proxy.example.org:3128 http://proxy.example.org:3128 "
            "localhost,127.0.0.1,::1\n");
}

}  // namespace
}  // namespace executor_tests
