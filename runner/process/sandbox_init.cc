#include "runner/process/sandbox_init.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "runner/process/container.h"
#include "runner/process/container_init.h"

namespace runner::process {

namespace {

// Neither a path, nor a word, nor a variable can hold one.
constexpr char kEnd = '\0';

class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}
  std::string next() {
    const auto end = rest_.find(kEnd);
    std::string word(rest_.substr(0, end));
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return word;
  }
  std::int64_t number() { return std::strtoll(next().c_str(), nullptr, 10); }

 private:
  std::string_view rest_;
};

std::string read_whole(int fd) {
  std::string text;
  char buffer[16 << 10];
  ::lseek(fd, 0, SEEK_SET);
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

std::string pack(const Launch& what) {
  std::string text;
  const auto put = [&](std::string_view word) { text.append(word).push_back(kEnd); };
  put(what.program);
  put(what.cwd);
  put(what.input);
  put(what.marker);
  put(std::to_string(what.memory_bytes));
  put(std::to_string(what.processes));
  put(std::to_string(what.file_bytes));
  put(std::to_string(what.argv.size()));
  for (const std::string& word : what.argv) {
    put(word);
  }
  put(std::to_string(what.env.size()));
  for (const auto& [name, value] : what.env) {
    put(name);
    put(value);
  }
  return text;
}

Launch unpack(std::string_view text) {
  Words words(text);
  Launch what;
  what.program = words.next();
  what.cwd = words.next();
  what.input = words.next();
  what.marker = words.next();
  what.memory_bytes = words.number();
  what.processes = words.number();
  what.file_bytes = words.number();
  for (auto left = words.number(); left > 0; --left) {
    what.argv.push_back(words.next());
  }
  for (auto left = words.number(); left > 0; --left) {
    std::string name = words.next();
    what.env[std::move(name)] = words.next();
  }
  return what;
}

bool is_sandbox_call(int argc, char** argv) {
  return argc == 6 && argv[1] == kSandboxInit && ::getpid() == 1;
}

void sandbox_main(char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "runner-init");
  ::prctl(PR_SET_DUMPABLE, 0);
  const int socket = std::atoi(argv[2]);
  const int packed = std::atoi(argv[3]);
  Launch what = unpack(read_whole(packed));
  what.output = std::atoi(argv[4]);
  what.errors = std::atoi(argv[5]);
  close_all_but({socket, what.output, what.errors});
  for (const int fd : {socket, what.output, what.errors}) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  wipe_environment();
  tell(socket, InitMessage::Kind::ready, 0, {});
  await_go(socket);
  run_as_init(socket, what, {});
}

}  // namespace runner::process
