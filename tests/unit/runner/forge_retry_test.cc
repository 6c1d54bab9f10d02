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

const jobs::TimePoint kAsked{std::chrono::hours(500'000)};

struct RetryCase {
  const char* name;
  Failure failure;
  std::uint64_t random;
  Retry expected;
};

RateHeaders after(Duration wait) {
  return {.retry_after = kAsked + wait, .remaining = {}, .reset = {}};
}

RateHeaders used_up(Duration until_reset) {
  return {.retry_after = {}, .remaining = 0, .reset = kAsked + until_reset};
}

class DecideRetry : public testing::TestWithParam<RetryCase> {};

TEST_P(DecideRetry, SaysWhenAndWhether) {
  const RetryCase& c = GetParam();
  EXPECT_EQ(decide_retry(c.failure, kAsked, c.random), c.expected) << c.name;
}

constexpr auto kLimited = ErrorKind::rate_limited;
constexpr auto kTransient = ErrorKind::transient;

INSTANTIATE_TEST_SUITE_P(
    Table, DecideRetry,
    testing::Values(
        RetryCase{"first trouble", {1, kTransient, true, {}}, 0, {milliseconds(250), {}}},
        RetryCase{
            "second trouble waits longer", {2, kTransient, true, {}}, 0, {milliseconds(500), {}}},
        RetryCase{"chance adds a quarter at most",
                  {1, kTransient, true, {}},
                  62,
                  {milliseconds(312), {}}},
        RetryCase{"chance begins again at its end",
                  {1, kTransient, true, {}},
                  63,
                  {milliseconds(250), {}}},
        RetryCase{"third trouble is the last", {3, kTransient, true, {}}, 0, {}},
        RetryCase{"what must not be sent twice is not", {1, kTransient, false, {}}, 0, {}},
        RetryCase{"Retry-After is waited for",
                  {1, kTransient, true, after(seconds(3))},
                  0,
                  {seconds(3), {}}},
        RetryCase{"a long Retry-After is left to a later tick",
                  {1, kTransient, true, after(seconds(6))},
                  0,
                  {}},
        RetryCase{"Retry-After in the past",
                  {1, kTransient, true, after(seconds(-9))},
                  0,
                  {milliseconds(250), {}}},
        RetryCase{"a short limit is sat out",
                  {1, kLimited, true, after(seconds(2))},
                  9,
                  {seconds(2), kAsked + seconds(2)}},
        RetryCase{"a limit did nothing, so a write is sent again too",
                  {1, kLimited, false, after(seconds(2))},
                  9,
                  {seconds(2), kAsked + seconds(2)}},
        RetryCase{
            "not for ever", {3, kLimited, true, after(seconds(2))}, 9, {{}, kAsked + seconds(2)}},
        RetryCase{
            "a long limit", {1, kLimited, true, after(minutes(3))}, 9, {{}, kAsked + minutes(3)}},
        RetryCase{"used up until its reset",
                  {1, kLimited, true, used_up(minutes(40))},
                  9,
                  {{}, kAsked + minutes(40)}},
        RetryCase{"Retry-After goes before reset",
                  {1, kLimited, true, {kAsked + minutes(2), 0, kAsked + minutes(40)}},
                  9,
                  {{}, kAsked + minutes(2)}},
        RetryCase{"a reset counts only at remaining 0",
                  {1, kLimited, true, {{}, 17, kAsked + minutes(40)}},
                  0,
                  {{}, kAsked + minutes(1)}},
        RetryCase{"a reset that is over",
                  {1, kLimited, true, used_up(seconds(-1))},
                  9,
                  {seconds(0), kAsked}},
        RetryCase{"no time named: a minute", {1, kLimited, true, {}}, 0, {{}, kAsked + minutes(1)}},
        RetryCase{"again: two", {2, kLimited, true, {}}, 0, {{}, kAsked + minutes(2)}},
        RetryCase{
            "and with chance on top", {1, kLimited, true, {}}, 15'000, {{}, kAsked + seconds(75)}},
        RetryCase{"an hour at most", {50, kLimited, true, {}}, 0, {{}, kAsked + minutes(60)}},
        RetryCase{
            "denied is not asked again", {1, ErrorKind::denied, true, after(seconds(1))}, 0, {}},
        RetryCase{"not found is not asked again", {1, ErrorKind::not_found, true, {}}, 0, {}},
        RetryCase{"conflict is not asked again", {1, ErrorKind::conflict, true, {}}, 0, {}},
        RetryCase{"usage is not asked again", {1, ErrorKind::usage, true, {}}, 0, {}}));

}  // namespace
}  // namespace runner::forge
