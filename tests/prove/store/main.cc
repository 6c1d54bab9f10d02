// The store under two ticks and under power cuts: what it allows is compared with a model of what
// it promises, and what is in the file is read from outside.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "tests/prove/store/store.h"

namespace {

using prove::Options;
using prove::Record;

/// Memory will do: the power is cut on a file layer of its own.
std::string quick_folder(const Options& options) {
  const bool memory = ::access("/dev/shm", W_OK | X_OK) == 0;
  return memory ? fmt::format("/dev/shm/prove-store-{}", ::getpid()) : options.scratch + "/state";
}

void harness(const Options& options, Record& record) {
  const std::string folder = quick_folder(options);
  record.expect("allowed");
  record.expect("refused");
  const std::string story = "story ";
  const std::string cut = "power cut ";
  if (options.only.starts_with(story)) {
    prove::store::story(options, record, std::atoll(options.only.c_str() + story.size()),
                        folder + "/only");
  } else if (options.only.starts_with(cut)) {
    prove::store::power_cut(options, record, std::atoll(options.only.c_str() + cut.size()),
                            folder + "/only");
  } else {
    // Cuts one at a time: each is a fork, which must find no second thread.
    for (std::int64_t i = 1; prove::store::power_cut(options, record, i, folder + "/cut"); ++i) {
      if (options.until_first && record.failed()) {
        break;
      }
    }
    prove::spread(options, record, options.count(60, 20'000), [&](std::int64_t number) {
      prove::store::story(options, record, number, fmt::format("{}/{}", folder, number));
    });
  }
  std::filesystem::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  return prove::main(argc, argv, "store", harness);
}
