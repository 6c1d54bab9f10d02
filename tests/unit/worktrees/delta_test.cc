#include "worktrees/objects/delta.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace worktrees::objects {
namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) {
    out += static_cast<char>(value);
  }
  return out;
}

/// The result, or "damaged".
std::string result_of(const std::string& base, const std::string& delta) {
  const auto header = delta_header(delta);
  if (!header) {
    return "damaged";
  }
  std::string out(header->result_size, '?');
  return apply_delta(base, delta, out.data()) ? out : "damaged";
}

TEST(Delta, CopiesAndInserts) {
  // 11 bytes become 8: copy 5 from 6, then insert "!!!".
  EXPECT_EQ(result_of("hello world", bytes({11, 8, 0x91, 6, 5, 3, '!', '!', '!'})), "world!!!");
  EXPECT_EQ(result_of("", bytes({0, 2, 2, 'o', 'k'})), "ok");
  EXPECT_EQ(result_of("x", bytes({1, 0})), "");
}

TEST(Delta, ALengthOfNoneIsTheLargest) {
  const std::string base(0x10000, 'a');
  EXPECT_EQ(result_of(base, bytes({0x80, 0x80, 0x04, 0x80, 0x80, 0x04, 0x80})), base);
}

TEST(Delta, WhatIsDamagedIsNotApplied) {
  const std::string base = "hello";
  const std::vector<std::string> deltas = {
      std::string(),               // no header
      bytes({0x85}),               // a size that does not end
      bytes({5}),                  // no second size
      bytes({4, 1, 1, 'x'}),       // another base
      bytes({5, 2, 1, 'x'}),       // too little
      bytes({5, 1, 2, 'x', 'y'}),  // too much
      bytes({5, 5, 0x91, 1, 5}),   // beyond the end of the base
      bytes({5, 5, 0x91, 9, 1}),   // begins beyond it
      bytes({5, 1, 0, 'x'}),       // a command that is none
      bytes({5, 3, 3, 'x'}),       // an insertion that is cut short
      bytes({5, 5, 0x91, 0}),      // a copy that is cut short
      bytes({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1}),
  };
  for (const std::string& delta : deltas) {
    EXPECT_EQ(result_of(base, delta), "damaged") << ::testing::PrintToString(delta);
  }
}

}  // namespace
}  // namespace worktrees::objects
