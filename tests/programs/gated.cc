// Waits until a file is there, then becomes another program: how a harness holds an agent, a test
// command or CI back until it wants it to go on. Gives up after a minute.
//
//   gated FILE PROGRAM [ARGUMENT...]

#include <unistd.h>

#include <cstdio>
#include <ctime>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: gated FILE PROGRAM [ARGUMENT...]\n", stderr);
    return 2;
  }
  for (int round = 0; round < 30'000; ++round) {
    if (::access(argv[1], F_OK) == 0) {
      ::execvp(argv[2], argv + 2);
      std::perror(argv[2]);
      return 127;
    }
    const timespec pause{0, 2'000'000};
    ::nanosleep(&pause, nullptr);
  }
  std::fputs("gated: nobody opened the gate\n", stderr);
  return 98;
}
