// Worlds with tight caps in which everything happens to usage records that can: the books must
// hold.
#include "tests/sim_support/prove.h"

int main(int argc, char** argv) {
  return prove::main(argc, argv, "money", [](const prove::Options& options, prove::Record& record) {
    sim::prove_worlds(options, record, sim::Profile::money, "turns",
                      options.count(20'000, 100'000));
  });
}
