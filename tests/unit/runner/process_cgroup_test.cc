#include <gtest/gtest.h>

#include "runner/process/cgroup.h"

namespace runner::process {
namespace {

constexpr const char* kUnified =
    "24 30 0:22 / /proc rw,nosuid - proc proc rw\n"
    "29 23 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kHybrid =
    "29 23 0:25 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755\n"
    "30 29 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "31 29 0:27 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

struct Case {
  const char* what;
  const char* mountinfo;
  const char* self;
  const char* expected;  ///< "" = none
};

TEST(OwnCgroup, IsFoundInTheTreeOfVersionTwoAlone) {
  const Case cases[] = {
      {"unified", kUnified, "0::/user.slice/session-1.scope\n",
       "/sys/fs/cgroup/user.slice/session-1.scope"},
      {"the root", kUnified, "0::/\n", "/sys/fs/cgroup"},
      {"hybrid", kHybrid, "4:memory:/x\n0::/y\n", "/sys/fs/cgroup/unified/y"},
      {"version one alone", "30 29 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
       "4:memory:/x\n", ""},
      {"mounted from somewhere within", "29 23 0:25 /docker/1 /sys/fs/cgroup rw - cgroup2 c rw\n",
       "0::/docker/1\n", ""},
      {"outside of our namespace", kUnified, "0::\n", ""},
      {"nothing", "", "", ""},
      {"no mount information", "garbage\n-\n- cgroup2\n", "0::/\n", ""}};
  for (const Case& each : cases) {
    EXPECT_EQ(own_cgroup(each.mountinfo, each.self).value_or(""), each.expected) << each.what;
  }
}

TEST(CgroupName, IsOnePathComponentForEachTurn) {
  const std::string name = cgroup_name("RUNNER_TURN_DIR=/state/turns/r1/1/agent");
  EXPECT_TRUE(name.starts_with("runner-"));
  EXPECT_EQ(name.find('/'), std::string::npos);
  EXPECT_NE(name, cgroup_name("RUNNER_TURN_DIR=/state/turns/r1/2/agent"));
}

}  // namespace
}  // namespace runner::process
