#include "jobs/base/money.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace jobs {
namespace {

TEST(Money, ReadsDecimalDollarsExactly) {
  EXPECT_EQ(Usd::parse("12.5"), Usd{12'500'000});
  EXPECT_EQ(Usd::parse("0"), Usd{0});
  EXPECT_EQ(Usd::parse("0.000001"), Usd{1});
  EXPECT_EQ(Usd::parse("0.1").value() + Usd::parse("0.2").value(), Usd::parse("0.3"));
  EXPECT_EQ(Usd::parse("1000000000"), Usd{1'000'000'000'000'000});
}

TEST(Money, RefusesEverythingElse) {
  for (const char* text : {"", "-1", "+1", "1e3", "1.", ".5", "1,5", " 1", "1 ", "0.0000001",
                           "1000000001", "nan", "99999999999999999999"}) {
    EXPECT_FALSE(Usd::parse(text).has_value()) << text;
  }
}

TEST(Money, WritesWhatItReads) {
  EXPECT_EQ(Usd{12'500'000}.str(), "12.50");
  EXPECT_EQ(Usd{0}.str(), "0.00");
  EXPECT_EQ(Usd{1}.str(), "0.000001");
  EXPECT_EQ(Usd{1'230'000}.str(), "1.23");
  EXPECT_EQ(Usd{-1'500'000}.str(), "-1.50");
  EXPECT_EQ(Usd{std::numeric_limits<std::int64_t>::min()}.str(), "-9223372036854.775808");
  for (std::int64_t micros : {1LL, 10LL, 999'999LL, 1'000'001LL, 123'456'789LL}) {
    EXPECT_EQ(Usd::parse(Usd{micros}.str()), Usd{micros});
  }
}

TEST(Money, UsageAddsEveryField) {
  const Usage a{Usd{1}, 2, 3, 4};
  const Usage b{Usd{10}, 20, 30, 40};
  EXPECT_EQ(a + b, (Usage{Usd{11}, 22, 33, 44}));
  EXPECT_EQ(b - a, (Usage{Usd{9}, 18, 27, 36}));
}

}  // namespace
}  // namespace jobs
