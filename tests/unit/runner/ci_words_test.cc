// What the words of each forge mean, and what a log becomes before it is shown to an agent.
#include <array>
#include <string>

#include <gtest/gtest.h>

#include "runner/ci/forge_words.h"
#include "runner/ci/log_text.h"

namespace runner::ci {
namespace {

using enum jobs::CheckState;

struct Word {
  const char* word;
  jobs::CheckState means;
};

TEST(CiWords, CheckRuns) {
  for (const char* status : {"queued", "in_progress", "requested", "pending", "", "COMPLETED"}) {
    EXPECT_EQ(check_run_state(status, "success"), running) << status;
  }
  EXPECT_EQ(check_run_state("waiting", ""), held);
  for (const auto& [word, means] : std::to_array<Word>({{"success", success},
                                                        {"neutral", neutral},
                                                        {"skipped", neutral},
                                                        {"failure", failed},
                                                        {"timed_out", failed},
                                                        {"startup_failure", failed},
                                                        {"cancelled", stopped},
                                                        {"action_required", stopped},
                                                        {"stale", stopped},
                                                        {"", running},
                                                        {"Success", running},
                                                        {"a_word_of_next_year", running}})) {
    EXPECT_EQ(check_run_state("completed", word), means) << word;
  }
}

TEST(CiWords, CommitStatuses) {
  for (const auto& [word, means] : std::to_array<Word>({{"success", success},
                                                        {"warning", neutral},
                                                        {"skipped", neutral},
                                                        {"failure", failed},
                                                        {"error", failed},
                                                        {"pending", running},
                                                        {"errored", running},
                                                        {"", running}})) {
    EXPECT_EQ(commit_status_state(word), means) << word;
  }
}

TEST(CiWords, ForgejoRuns) {
  for (const auto& [word, means] : std::to_array<Word>({{"success", success},
                                                        {"skipped", neutral},
                                                        {"failure", failed},
                                                        {"cancelled", stopped},
                                                        {"unknown", running},
                                                        {"waiting", running},
                                                        {"running", running},
                                                        {"blocked", running},
                                                        {"completed", running}})) {
    EXPECT_EQ(forgejo_run_state(word), means) << word;
  }
}

TEST(CiWords, Woodpecker) {
  for (const auto& [word, means] : std::to_array<Word>({{"success", success},
                                                        {"skipped", neutral},
                                                        {"failure", failed},
                                                        {"error", failed},
                                                        {"killed", stopped},
                                                        {"canceled", stopped},
                                                        {"declined", stopped},
                                                        {"blocked", held},
                                                        {"pending", running},
                                                        {"running", running},
                                                        {"started", running},
                                                        {"created", running},
                                                        {"", running},
                                                        {"succeeded", running}})) {
    EXPECT_EQ(woodpecker_state(word), means) << word;
  }
}

TEST(CiLog, Invariant11_KeepsNoTerminalSequenceAndNoBrokenText) {
  EXPECT_EQ(log_tail("\x1b[31mred\x1b[0m\n"), "red\n");
  EXPECT_EQ(log_tail("\x1b]0;title\atext\n"), "text\n");
  EXPECT_EQ(log_tail("\x1b]8;;http://x\x1b\\link\n"), "link\n");
  EXPECT_EQ(log_tail("cut \x1b[3"), "cut \n");
  EXPECT_EQ(log_tail(std::string("a\0b\xff\n", 5)).find('\0'), std::string::npos);
  EXPECT_EQ(log_tail("a\x08\x07 b\n").find_first_of("\x07\x08"), std::string::npos);
}

TEST(CiLog, IsWhatAPersonWouldHaveSeen) {
  EXPECT_EQ(log_tail("2026-11-20T08:00:00.1234567Z error: no\r\n"), "error: no\n");
  EXPECT_EQ(log_tail("2026-11-20T08:00:00Z a\n2026-11-20 b\n"), "a\n2026-11-20 b\n");
  EXPECT_EQ(log_tail(" 10%\r 50%\rdone\n"), "done\n");
  EXPECT_EQ(log_tail(""), "");
}

TEST(CiLog, IsBounded) {
  std::string many;
  for (int i = 0; i < 5000; ++i) {
    many += "line " + std::to_string(i) + "\n";
  }
  const std::string tail = log_tail(many);
  EXPECT_LE(tail.size(), kLogBytes);
  EXPECT_NE(tail.find("line 4999\n"), std::string::npos);
  EXPECT_EQ(tail.find("line 4000\n"), std::string::npos);
  EXPECT_LE(log_tail(std::string(3U << 20U, 'x')).size(), kLogBytes);
}

TEST(CiLog, Base64) {
  EXPECT_EQ(from_base64("Zm9vYmFy"), "foobar");
  EXPECT_EQ(from_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(from_base64("Zm9vYmE="), "fooba");
  EXPECT_EQ(from_base64("Zm9vYg"), "foob");
  EXPECT_EQ(from_base64(""), "");
  EXPECT_EQ(from_base64("/+8="), "\xff\xef");
  for (const char* wrong : {"a", "Zm9v!", "Zm 9v", "====", "Zg==="}) {
    EXPECT_FALSE(from_base64(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace runner::ci
