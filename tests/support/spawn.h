#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/types.h>

#include <cerrno>
#include <string>
#include <vector>

namespace test_support {

/// What exec takes: it points into `texts`, and ends with a null pointer.
inline std::vector<char*> exec_pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    result.push_back(const_cast<char*>(text.c_str()));
  }
  result.push_back(nullptr);
  return result;
}

/// Starts argv[0] in `folder` with these descriptors as its standard ones and no signal blocked.
/// Unlike fork, it copies nothing of this process, which for one with many threads is most of what
/// a start costs. -1, and errno says why, if it cannot be started; the descriptors stay open here.
inline pid_t spawn(const std::vector<std::string>& argv,
                   const std::vector<std::string>& environment, const std::string& folder, int in,
                   int out, int error) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addchdir_np(&files, folder.c_str());
  posix_spawn_file_actions_adddup2(&files, in, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_adddup2(&files, error, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = -1;
  const int failure = ::posix_spawn(&child, argv.at(0).c_str(), &files, &attributes,
                                    exec_pointers(argv).data(), exec_pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  errno = failure;
  return failure == 0 ? child : -1;
}

}  // namespace test_support
