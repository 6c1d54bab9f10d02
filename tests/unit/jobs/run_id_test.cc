#include "jobs/model/run_id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::kNow;

TEST(RunIds, AreAPrefixAndTwentySixCharactersOfLowerCaseBase32) {
  const std::string id = make_run_id(kNow, {~0ULL, ~0ULL}, 0).str();
  EXPECT_EQ(id.size(), 27U);
  EXPECT_EQ(id.front(), 'r');
  EXPECT_EQ(id.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz", 1), std::string::npos);
  EXPECT_EQ(make_tick_id(kNow, {1, 2}).str().front(), 't');
}

TEST(RunIds, TheIndexKeepsThoseOfOneInstantApart) {
  const auto first = make_run_id(kNow, {5ULL << 40, 7}, 0);
  const auto second = make_run_id(kNow, {5ULL << 40, 7}, 1);
  EXPECT_LT(first, second);
}

RC_GTEST_PROP(RunIdProperty, SortByTime, ()) {
  const auto early = *rc::gen::inRange<std::int64_t>(0, 1LL << 45);
  const auto late = early + *rc::gen::inRange<std::int64_t>(1, 1LL << 44);
  const auto noise = *rc::gen::arbitrary<std::array<std::uint64_t, 4>>();
  RC_ASSERT(make_run_id(TimePoint(Duration(early)), {noise[0], noise[1]}, 0) <
            make_run_id(TimePoint(Duration(late)), {noise[2], noise[3]}, 0));
}

RC_GTEST_PROP(BranchProperty, Invariant11_AnyTitleGivesASafeRef, (const std::string& title)) {
  const std::string branch = branch_name(7, title);
  RC_ASSERT(branch.starts_with("runner/7-"));
  RC_ASSERT(branch.size() > 9);
  RC_ASSERT(branch.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", 7) ==
            std::string::npos);
  RC_ASSERT(!branch.ends_with("-"));
}

}  // namespace
}  // namespace jobs
