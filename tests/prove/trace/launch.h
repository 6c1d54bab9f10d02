#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace prove::trace {

/// A program to be started in a place of its own.
struct Launch {
  std::vector<std::string> argv;  ///< argv[0] is the path of the program
  std::vector<std::string> environment;
  std::string folder;     ///< where it starts
  int most_seconds = 20;  ///< after this it hangs, and is killed
};

struct End {
  int code = -1;   ///< exit code, or 128 + signal
  int signal = 0;  ///< by which it died
  bool hung = false;
  std::string out;
  std::string error;
};

/// Starts it, waits for its end. What it leaves running is not waited for.
[[nodiscard]] End run(const Launch& launch);

/// A seccomp filter that a child puts on itself; the number of its listener is told in memory that
/// both see, -1 if there is none. The child waits at its gate then.
struct Filter {
  const sock_fprog* program = nullptr;
  int* listener = nullptr;
};

/// A child that is not waited for yet: `release` lets it go on to its program.
class Child {
 public:
  /// With `held`, the child waits before it becomes the program, so that somebody can attach to it;
  /// only then can it put a filter on itself.
  Child(const Launch& launch, bool held, const Filter& filter = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  void release();
  /// What it wrote, and how it ended, from a wait status.
  [[nodiscard]] End end(int status) const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Nobody has to kill it any more.
  void reaped();

 private:
  void fork_to_a_gate(const Launch& launch, const Filter& filter);

  pid_t pid_ = -1;
  int gate_ = -1;
  int out_ = -1;
  int error_ = -1;
};

}  // namespace prove::trace
