#include "worktrees/workers.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

namespace worktrees {
namespace {

/// What counts for each task how often it was done.
class Counted {
 public:
  explicit Counted(std::size_t tasks) : times_(tasks) {}

  std::function<DoTask()> start() {
    return [this]() -> DoTask {
      return [this](std::size_t task) {
        ++times_[task];
        return jobs::ok();
      };
    };
  }
  [[nodiscard]] std::size_t once() const {
    return static_cast<std::size_t>(std::ranges::count_if(times_, [](int n) { return n == 1; }));
  }

 private:
  std::vector<std::atomic<int>> times_;
};

jobs::Error broken() {
  return jobs::fail(jobs::ErrorKind::conflict, "broken");
}

TEST(Workers, EachTaskIsDoneOnce) {
  for (const unsigned workers : {0U, 1U, 2U, 7U}) {
    for (const std::size_t tasks : {0U, 1U, 63U, 5000U}) {
      Counted counted(tasks);
      ASSERT_TRUE(do_tasks(tasks, workers, counted.start()));
      EXPECT_EQ(counted.once(), tasks) << workers << " workers";
    }
  }
}

TEST(Workers, FewLargeTasksAreWorthThreadsToo) {
  const unsigned most = workers_for(1'000'000);
  EXPECT_EQ(workers_for(0), 1U);
  EXPECT_EQ(workers_for(40), 1U);
  EXPECT_EQ(workers_for(40, std::uint64_t{300} << 20U), most);
  EXPECT_EQ(workers_for(1, std::uint64_t{300} << 20U), 1U) << "one file is written by one";
  EXPECT_EQ(workers_for(40, 1000), 1U);
}

TEST(Workers, TheFirstFailureEndsIt) {
  std::atomic<int> done = 0;
  const jobs::Status status = do_tasks(100'000, 3, [&]() -> DoTask {
    return [&](std::size_t) -> jobs::Status { return ++done < 10 ? jobs::ok() : broken(); };
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "broken");
  EXPECT_LT(done, 20);
}

TEST(Workers, ACrewBeginsBeforeItsCallerTakesPart) {
  std::atomic<bool> begun = false;
  Crew crew(1, 2, [&]() -> DoTask {
    return [&](std::size_t) {
      begun = true;
      return jobs::ok();
    };
  });
  while (!begun) {  // the caller is still here
  }
  EXPECT_TRUE(crew.finish());
}

TEST(Workers, ACrewOfOneWaitsForItsCaller) {
  Counted counted(100);
  Crew crew(100, 1, counted.start());
  EXPECT_EQ(counted.once(), 0U);
  EXPECT_TRUE(crew.finish());
  EXPECT_EQ(counted.once(), 100U);
}

TEST(Workers, ACrewThatIsNotWantedAnyMoreEnds) {
  std::atomic<int> done = 0;
  {
    const Crew crew(1'000'000'000, 2, [&]() -> DoTask {
      return [&](std::size_t) {
        ++done;
        return jobs::ok();
      };
    });
  }
  EXPECT_LT(done, 1'000'000'000);
}

TEST(Workers, BothPartsAreDone) {
  std::atomic<int> done = 0;
  const auto part = [&] {
    ++done;
    return jobs::ok();
  };
  EXPECT_TRUE(do_both(part, part));
  EXPECT_EQ(done, 2);
}

TEST(Workers, EitherPartMayFail) {
  const auto good = [] { return jobs::ok(); };
  const auto bad = []() -> jobs::Status { return broken(); };
  EXPECT_FALSE(do_both(bad, good));
  EXPECT_FALSE(do_both(good, bad));
}

}  // namespace
}  // namespace worktrees
