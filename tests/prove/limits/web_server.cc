#include "tests/prove/limits/web_server.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

namespace prove::limits {

WebServer::WebServer(const std::string& programs, const std::string& git_root) {
  int input[2] = {-1, -1};
  int output[2] = {-1, -1};
  if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe for a server");
  }
  std::vector<std::string> words = {programs + "/fault_stub", "--git", git_root};
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  const int failed = ::posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(input[0]);
  ::close(output[1]);
  its_input_ = input[1];
  char byte = 0;
  while (failed == 0 && ::read(output[0], &byte, 1) == 1 && byte != '\n') {
    url_ += byte;
  }
  ::close(output[0]);
  if (url_.empty()) {
    throw std::runtime_error("cannot start " + words.front());
  }
  url_ += "/git";
}

WebServer::~WebServer() {
  ::close(its_input_);
  ::waitpid(process_, nullptr, 0);
}

}  // namespace prove::limits
