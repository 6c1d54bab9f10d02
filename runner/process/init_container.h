#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "runner/process/container.h"
#include "runner/process/fd.h"

namespace runner::process {

/// A container with an init of ours in it: the supervisor's end of container_init.h. `child` is our
/// child, with whose end everything in the container has ended; `init`, where that is another
/// process, is the one to kill for it.
class InitContainer final : public Container {
 public:
  InitContainer(std::string name, pid_t child, Fd socket)
      : name_(std::move(name)), child_(child), socket_(std::move(socket)) {}
  ~InitContainer() override { kill_all(); }

  std::string_view name() const override { return name_; }
  const std::string& lacks() const override { return lacks_; }
  int wake_fd() const override { return end_ ? -1 : socket_.get(); }
  std::optional<ProgramEnd> poll() override;
  void terminate() override { (void)say('T'); }
  void kill_all() override;

  /// Waits until init says that it waits: false if it ended instead, and then nothing was started.
  [[nodiscard]] bool await_ready();
  /// Lets init go on, and waits until it has started the program.
  [[nodiscard]] jobs::Status let_go();
  /// Adds to what could not be had.
  void lacks_also(const std::string& what);

 private:
  bool say(char command) const;
  jobs::Status await_start();

  std::string name_;
  pid_t child_;
  Fd init_;  ///< pidfd; none: `child_` is init
  Fd socket_;
  std::string lacks_;
  std::optional<ProgramEnd> end_;
};

}  // namespace runner::process
