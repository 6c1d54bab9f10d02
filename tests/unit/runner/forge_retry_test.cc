// When a request is sent again: the whole table.
#include <string>

#include <gtest/gtest.h>

#include "runner/forge/retry.h"

namespace runner::forge {
namespace {

using jobs::Duration;
using jobs::ErrorKind;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const jobs::TimePoint kNow{std::chrono::hours(500'000)};

struct Case {
  const char* name;
  Failure failure;
  std::uint64_t random;
  Retry expected;
};

RateHeaders after(Duration wait) {
  return {.retry_after = kNow + wait, .remaining = {}, .reset = {}};
}

RateHeaders used_up(Duration until_reset) {
  return {.retry_after = {}, .remaining = 0, .reset = kNow + until_reset};
}

class DecideRetry : public testing::TestWithParam<Case> {};

TEST_P(DecideRetry, SaysWhenAndWhether) {
  const Case& c = GetParam();
  EXPECT_EQ(decide_retry(c.failure, kNow, c.random), c.expected) << c.name;
}

constexpr auto kLimited = ErrorKind::rate_limited;
constexpr auto kTransient = ErrorKind::transient;

INSTANTIATE_TEST_SUITE_P(
    Table, DecideRetry,
    testing::Values(
        Case{"first trouble", {1, kTransient, true, {}}, 0, {milliseconds(250), {}}},
        Case{"second trouble waits longer", {2, kTransient, true, {}}, 0, {milliseconds(500), {}}},
        Case{"chance adds a quarter at most",
             {1, kTransient, true, {}},
             62,
             {milliseconds(312), {}}},
        Case{"chance begins again at its end",
             {1, kTransient, true, {}},
             63,
             {milliseconds(250), {}}},
        Case{"third trouble is the last", {3, kTransient, true, {}}, 0, {}},
        Case{"what must not be sent twice is not", {1, kTransient, false, {}}, 0, {}},
        Case{"Retry-After is waited for",
             {1, kTransient, true, after(seconds(3))},
             0,
             {seconds(3), {}}},
        Case{"a long Retry-After is left to a later tick",
             {1, kTransient, true, after(seconds(6))},
             0,
             {}},
        Case{"Retry-After in the past",
             {1, kTransient, true, after(seconds(-9))},
             0,
             {milliseconds(250), {}}},
        Case{"a short limit is sat out",
             {1, kLimited, true, after(seconds(2))},
             9,
             {seconds(2), kNow + seconds(2)}},
        Case{"a limit did nothing, so a write is sent again too",
             {1, kLimited, false, after(seconds(2))},
             9,
             {seconds(2), kNow + seconds(2)}},
        Case{"not for ever", {3, kLimited, true, after(seconds(2))}, 9, {{}, kNow + seconds(2)}},
        Case{"a long limit", {1, kLimited, true, after(minutes(3))}, 9, {{}, kNow + minutes(3)}},
        Case{"used up until its reset",
             {1, kLimited, true, used_up(minutes(40))},
             9,
             {{}, kNow + minutes(40)}},
        Case{"Retry-After goes before reset",
             {1, kLimited, true, {kNow + minutes(2), 0, kNow + minutes(40)}},
             9,
             {{}, kNow + minutes(2)}},
        Case{"a reset counts only at remaining 0",
             {1, kLimited, true, {{}, 17, kNow + minutes(40)}},
             0,
             {{}, kNow + minutes(1)}},
        Case{"a reset that is over",
             {1, kLimited, true, used_up(seconds(-1))},
             9,
             {seconds(0), kNow}},
        Case{"no time named: a minute", {1, kLimited, true, {}}, 0, {{}, kNow + minutes(1)}},
        Case{"again: two", {2, kLimited, true, {}}, 0, {{}, kNow + minutes(2)}},
        Case{"and with chance on top", {1, kLimited, true, {}}, 15'000, {{}, kNow + seconds(75)}},
        Case{"an hour at most", {50, kLimited, true, {}}, 0, {{}, kNow + minutes(60)}},
        Case{"denied is not asked again", {1, ErrorKind::denied, true, after(seconds(1))}, 0, {}},
        Case{"not found is not asked again", {1, ErrorKind::not_found, true, {}}, 0, {}},
        Case{"conflict is not asked again", {1, ErrorKind::conflict, true, {}}, 0, {}},
        Case{"usage is not asked again", {1, ErrorKind::usage, true, {}}, 0, {}}));

}  // namespace
}  // namespace runner::forge
