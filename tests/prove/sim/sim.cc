// Thousands of worlds in virtual time: the real engine and the real decisions, several ticks
// interleaved at every port call, some asleep, some killed, in a world that goes wrong.
#include "tests/sim_support/prove.h"

int main(int argc, char** argv) {
  return prove::main(argc, argv, "sim", [](const prove::Options& options, prove::Record& record) {
    sim::prove_worlds(options, record, sim::Profile::everything, "lifecycles",
                      options.count(100'000, 1'000'000));
  });
}
