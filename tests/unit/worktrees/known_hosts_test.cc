#include "worktrees/known_hosts.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace worktrees {
namespace {

std::string key(const std::string& type, char fill) {
  const std::string length{'\0', '\0', '\0', static_cast<char>(type.size())};
  return length + type + std::string(32, fill);
}

std::string line(const std::string& hosts, const std::string& raw) {
  return fmt::format("{} {} {} comment\n", hosts, key_type(raw), base64(raw));
}

const std::string kEd = key("ssh-ed25519", 'a');
const std::string kOther = key("ssh-ed25519", 'b');
const std::string kEcdsa = key("ecdsa-sha2-nistp256", 'a');

HostKeyTrust trust(const std::string& file, const std::string& host = "git.example.org",
                   int port = 22, const std::string& shown = kEd) {
  return judge_host_key(file, {.name = host, .port = port}, shown).trust;
}

TEST(KnownHosts, OnlyTheVeryKeyOfTheVeryHostIsPinned) {
  struct Case {
    std::string file;
    HostKeyTrust trust;
  };
  using enum HostKeyTrust;
  const std::vector<Case> cases = {
      {"", unknown},
      {line("git.example.org", kEd), pinned},
      {line("GIT.example.ORG", kEd), pinned},
      {"  \n# no\n\r\n" + line("git.example.org", kEd), pinned},
      {line("git.example.org", kOther), changed},
      {line("git.example.org", kEcdsa), unknown},
      {line("git.example.org", kOther) + line("git.example.org", kEd), pinned},
      {line("git.example.org", kEd) + line("git.example.org", kOther), pinned},
      {line("a.example.org,git.example.org", kEd), pinned},
      {line("*.example.org", kEd), pinned},
      {line("g?t.example.org", kEd), pinned},
      {line("*.example.org,!git.example.org", kEd), unknown},
      {line("!git.example.org,*", kEd), unknown},
      {line("example.org", kEd), unknown},
      {line("git.example.org.evil.net", kEd), unknown},
      {line("[git.example.org]:22", kEd), unknown},
      {line("[git.example.org]:2222", kEd), unknown},
      {"@cert-authority " + line("*", kEd), unknown},
      {"@unheard-of " + line("*", kEd), unknown},
      {"@revoked " + line("git.example.org", kEd) + line("git.example.org", kEd), revoked},
      {line("git.example.org", kEd) + "@revoked " + line("*", kEd), revoked},
      {"@revoked " + line("*", kOther) + line("git.example.org", kEd), pinned},
      {"git.example.org ssh-ed25519\n", unknown},
      {"git.example.org ssh-ed25519 not*base64\n", unknown},
      {"git.example.org\n", unknown},
      // The type that a line claims is not what counts.
      {fmt::format("git.example.org ssh-ed25519 {}\n", base64(kEcdsa)), unknown},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(trust(one.file), one.trust) << one.file;
  }
}

TEST(KnownHosts, AnotherPortIsAnotherHost) {
  EXPECT_EQ(trust(line("[git.example.org]:2222", kEd), "git.example.org", 2222),
            HostKeyTrust::pinned);
  EXPECT_EQ(trust(line("git.example.org", kEd), "git.example.org", 2222), HostKeyTrust::unknown);
}

TEST(KnownHosts, WhatTheFileHasIsNamed) {
  const auto verdict =
      judge_host_key(line("git.example.org", kOther) + line("git.example.org", kEcdsa),
                     {.name = "git.example.org"}, kEd);
  EXPECT_EQ(verdict.known,
            (std::vector<std::string>{"ssh-ed25519 " + fingerprint(kOther),
                                      "ecdsa-sha2-nistp256 " + fingerprint(kEcdsa)}));
}

TEST(KnownHosts, BytesThatAreNoKeyAreNeverTrusted) {
  for (const std::string& shown :
       {std::string(), std::string("abc"), std::string(200, '\xFF'), std::string("\0\0\0\0", 4)}) {
    EXPECT_EQ(key_type(shown), "");
    EXPECT_EQ(
        trust(fmt::format("git.example.org x {}\n", base64(shown)), "git.example.org", 22, shown),
        HostKeyTrust::unknown);
  }
}

TEST(KnownHosts, AHashedNameIsFound) {
  // printf git.example.org | openssl dgst -sha1 -mac HMAC -macopt key:0123456789abcdefghij -binary
  const std::string salt = base64("0123456789abcdefghij");
  const std::string hashed = fmt::format("|1|{}|{}", salt, "lOC5SAaY2UvX5N9xj8eX48CxSzc=");
  EXPECT_EQ(trust(line(hashed, kEd)), HostKeyTrust::pinned);
  EXPECT_EQ(trust(line(hashed, kEd), "git.example.net"), HostKeyTrust::unknown);
  EXPECT_EQ(trust(line("|1|" + salt, kEd)), HostKeyTrust::unknown);
}

TEST(SshRemote, EveryFormOfAUrlIsTakenApart) {
  struct Case {
    std::string url;
    std::string user;
    std::string host;
    int port;
  };
  const std::vector<Case> cases = {
      {"ssh://git@git.example.org/a.git", "git", "git.example.org", 22},
      {"ssh://git@git.example.org:2222/a.git", "git", "git.example.org", 2222},
      {"ssh://git.example.org/a.git", "", "git.example.org", 22},
      {"ssh://git@[::1]:2222/a.git", "git", "::1", 2222},
      {"git@git.example.org:a/b.git", "git", "git.example.org", 22},
      {"git.example.org:a.git", "", "git.example.org", 22},
      {"https://git.example.org/a.git", "", "", 22},
      {"git://git.example.org/a.git", "", "", 22},
      {"/srv/a.git", "", "", 22},
      {"/srv/a:b.git", "", "", 22},
      {"file:///srv/a.git", "", "", 22},
  };
  for (const Case& one : cases) {
    const SshRemote remote = parse_ssh_remote(one.url);
    EXPECT_EQ(remote.user, one.user) << one.url;
    EXPECT_EQ(remote.host.name, one.host) << one.url;
    EXPECT_EQ(remote.host.port, one.port) << one.url;
    EXPECT_EQ(is_ssh(one.url), !one.host.empty()) << one.url;
  }
}

TEST(Base64, GoesThereAndBack) {
  for (const std::string& text :
       {std::string("a"), std::string("ab"), std::string("abc"), std::string("\0\xFF\x80", 3)}) {
    EXPECT_EQ(from_base64(base64(text)), text);
  }
  EXPECT_EQ(from_base64("a"), "");
  EXPECT_EQ(from_base64("****"), "");
}

}  // namespace
}  // namespace worktrees
