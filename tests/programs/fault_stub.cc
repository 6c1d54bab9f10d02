// The loopback server of tests/stub as a program of its own, for harnesses that drive whole
// binaries.
//
//   fault_stub [--git DIR] [--git-credential USER:PASSWORD] [--token TOKEN] [--login NAME]
//              [--faults FILE] [--log FILE] [--port N] [--repo OWNER/NAME]...
//
// Prints its URL on one line and serves until standard input ends.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/stub/stub.h"

namespace {

[[noreturn]] void die(const std::string& why) {
  fmt::print(stderr, "fault_stub: {}\n", why);
  std::exit(2);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    die("cannot read " + path);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  stub::Stub::Options options;
  std::string faults;
  std::vector<std::string> repos;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) {
      die(name + " needs a value");
    }
    const std::string value = argv[i + 1];
    if (name == "--git") {
      options.git_root = value;
    } else if (name == "--git-credential") {
      options.git_user = value.substr(0, value.find(':'));
      options.git_password = value.substr(std::min(value.size(), options.git_user.size() + 1));
    } else if (name == "--token") {
      options.forge.token = value;
    } else if (name == "--login") {
      options.forge.login = value;
    } else if (name == "--faults") {
      faults = content_of(value);
    } else if (name == "--log") {
      options.log_file = value;
    } else if (name == "--port") {
      options.port = std::atoi(value.c_str());
    } else if (name == "--repo") {
      repos.push_back(value);
    } else {
      die("unknown option " + name);
    }
  }
  stub::Stub stub(options);
  if (!faults.empty()) {
    try {
      stub.faults.load(faults);
    } catch (const std::exception& error) {
      die(error.what());
    }
  }
  for (const std::string& repo : repos) {
    stub.forge.add_repo(repo);
  }
  fmt::print("{}\n", stub.url());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}
