// What git says over the wire, as bytes.
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "worktrees/wire/fetch.h"
#include "worktrees/wire/ls_refs.h"
#include "worktrees/wire/pkt_line.h"

namespace worktrees::wire {
namespace {

using jobs::Oid;

const std::string kA(40, 'a');
const std::string kB(40, 'b');

std::string lines(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    text == "0000" ? put_flush(out) : text == "0001" ? put_delimiter(out) : put_line(out, text);
  }
  return out;
}

TEST(PktLine, LinesCarryTheirLength) {
  EXPECT_EQ(lines({"hello\n", "", "0001", "0000"}), "000ahello\n000400010000");
}

TEST(PktLine, PacketsComeOutWholeHoweverTheyWereCut) {
  const std::string bytes = lines({"one\n", "0001", "", std::string(65516, 'x'), "0000"}) + "0002";
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, bytes.size()}) {
    std::vector<std::pair<Packet::Kind, std::size_t>> seen;
    PacketReader reader([&](const Packet& packet) {
      seen.emplace_back(packet.kind, packet.bytes.size());
      return jobs::ok();
    });
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      ASSERT_TRUE(reader.feed(std::string_view(bytes).substr(at, step)).has_value());
    }
    EXPECT_TRUE(reader.end().has_value());
    const std::vector<std::pair<Packet::Kind, std::size_t>> right = {
        {Packet::Kind::line, 4},     {Packet::Kind::delimiter, 0}, {Packet::Kind::line, 0},
        {Packet::Kind::line, 65516}, {Packet::Kind::flush, 0},     {Packet::Kind::response_end, 0}};
    EXPECT_EQ(seen, right) << "in steps of " << step;
  }
}

TEST(PktLine, WhatIsNoPacketIsRefused) {
  for (const char* bytes : {"<html>", "0003", "fff1xxxx", "00g0", "-001", "+00a", " 00a", "000"}) {
    PacketReader reader([](const Packet&) { return jobs::ok(); });
    const auto fed = reader.feed(bytes);
    EXPECT_FALSE(fed && reader.end()) << bytes;
  }
}

TEST(LsRefs, AsksForWhatBeginsWithAPrefix) {
  EXPECT_EQ(ls_refs_request("refs/heads/main"),
            "0014command=ls-refs\n0001001fref-prefix refs/heads/main\n0000");
}

TEST(LsRefs, BranchesAreReadAndNothingElse) {
  const std::string answer = lines({kB + " refs/heads/main-old\n", kA + " refs/heads/main\n",
                                    kB + " refs/heads/main/x peeled:" + kA + "\n",
                                    kB + " refs/tags/main\n", kB + " HEAD\n", "0000"});
  const std::map<std::string, Oid> right = {
      {"main", Oid(kA)}, {"main-old", Oid(kB)}, {"main/x", Oid(kB)}};
  EXPECT_EQ(read_branches(answer).value(), right);
  EXPECT_TRUE(read_branches("0000").value().empty());
}

TEST(LsRefs, WhatIsNoWholeListIsAnError) {
  const std::vector<std::string> answers = {
      "",
      lines({kA + " refs/heads/main\n"}),
      lines({"ERR no such repository\n", "0000"}),
      lines({kA + "\n", "0000"}),
      lines({"unborn HEAD\n", "0000"}),
      lines({kA.substr(1) + " refs/heads/main\n", "0000"}),
      lines({std::string(40, 'A') + " refs/heads/main\n", "0000"}),
      lines({kA + " refs/heads/main\n", "0001", "0000"}),
      lines({"0000", kA + " refs/heads/main\n", "0000"}),
      "001e# service=git-upload-pack\n0000",
  };
  for (const std::string& answer : answers) {
    EXPECT_FALSE(read_branches(answer).has_value()) << answer;
  }
  const auto refused = read_branches(answers[2]);
  EXPECT_NE(refused.error().message.find("no such repository"), std::string::npos);
}

TEST(Fetch, AsksForAllAtOnce) {
  EXPECT_EQ(fetch_request({Oid(kA)}, {Oid(kB)}),
            lines({"command=fetch\n", "0001", "thin-pack\n", "no-progress\n", "ofs-delta\n",
                   "want " + kA + "\n", "have " + kB + "\n", "done\n", "0000"}));
}

/// What comes of an answer that arrives in pieces; "error: ..." where it is refused.
std::string pack_in(const std::string& answer, std::size_t step) {
  std::string pack;
  FetchReader reader([&](std::string_view bytes) {
    pack += bytes;
    return jobs::ok();
  });
  for (std::size_t at = 0; at < answer.size(); at += step) {
    if (auto fed = reader.feed(std::string_view(answer).substr(at, step)); !fed) {
      return "error: " + fed.error().message;
    }
  }
  const auto ended = reader.end();
  return ended ? pack : "error: " + ended.error().message;
}

TEST(Fetch, ThePackIsWhatComesInTheFirstBand) {
  const std::string answer =
      lines({"acknowledgments\n", "ACK " + kB + "\n", "ready\n", "0001", "packfile\n",
             "\2Counting objects\r", "\1PA", "\1", "\1CK", "0000"});
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, answer.size()}) {
    EXPECT_EQ(pack_in(answer, step), "PACK");
  }
}

TEST(Fetch, WhatIsNoWholePackIsAnError) {
  const std::pair<std::string, const char*> answers[] = {
      {"", "no end"},
      {lines({"packfile\n", "\1PACK"}), "no end"},
      {lines({"packfile\n", "\1PACK", "0000"}).substr(0, 24), "middle of a packet"},
      {lines({"packfile\n", "\3out of memory\x1b[1m", "0000"}), "out of memory"},
      {lines({"ERR upload-pack: not our ref " + kA}), "not our ref"},
      {lines({"acknowledgments\n", "ERR broken\n"}), "broken"},
      {lines({"packfile\n", "\4PACK", "0000"}), "unknown band"},
      {lines({"packfile\n", "", "0000"}), "unknown band"},
      {lines({"packfile\n", "\1PACK", "0001", "more\n", "0000"}), "behind the pack"},
      {lines({"packfile\n", "\1PACK", "0000", "more\n"}), "behind its end"},
      {lines({"acknowledgments\n", "NAK\n", "0000"}), "without a pack"},
      {lines({"0000"}), "without a name"},
  };
  for (const auto& [answer, why] : answers) {
    const std::string found = pack_in(answer, 5);
    EXPECT_TRUE(found.starts_with("error: ")) << found;
    EXPECT_NE(found.find(why), std::string::npos) << found;
    EXPECT_EQ(found.find('\x1b'), std::string::npos);
  }
}

TEST(Fetch, TheErrorOfWhoTakesThePackEndsIt) {
  FetchReader reader(
      [](std::string_view) { return jobs::fail(jobs::ErrorKind::denied, "too large"); });
  const auto fed = reader.feed(lines({"packfile\n", "\1PACK", "0000"}));
  ASSERT_FALSE(fed.has_value());
  EXPECT_EQ(fed.error().kind, jobs::ErrorKind::denied);
}

}  // namespace
}  // namespace worktrees::wire
