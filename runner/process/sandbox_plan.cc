#include "runner/process/sandbox_plan.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "runner/process/files.h"

namespace runner::process {

using Access = SandboxPlan::Access;
using jobs::ErrorKind;
using jobs::Result;

namespace {

constexpr std::array<std::string_view, 6> kSystemFolders = {"/bin",   "/sbin",  "/lib",
                                                            "/lib32", "/lib64", "/libx32"};

/// What programs need of /etc. No keys, no shadow, no configuration that may hold a credential
/// (gitconfig, npmrc, ...).
constexpr std::array<std::string_view, 31> kEtc = {
    "/etc/alternatives",    "/etc/bash.bashrc",
    "/etc/ca-certificates", "/etc/ca-certificates.conf",
    "/etc/debian_version",  "/etc/fonts",
    "/etc/gai.conf",        "/etc/group",
    "/etc/host.conf",       "/etc/hosts",
    "/etc/inputrc",         "/etc/ld.so.cache",
    "/etc/ld.so.conf",      "/etc/ld.so.conf.d",
    "/etc/locale.alias",    "/etc/localtime",
    "/etc/magic",           "/etc/mime.types",
    "/etc/nsswitch.conf",   "/etc/os-release",
    "/etc/passwd",          "/etc/perl",
    "/etc/profile",         "/etc/protocols",
    "/etc/resolv.conf",     "/etc/services",
    "/etc/shells",          "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf", "/etc/terminfo",
    "/etc/timezone"};

/// The kernel's own switches. It asks only who owns them, so that root could turn them without any
/// capability; bubblewrap covers some, and not all where it is root itself.
constexpr std::array<const char*, 7> kKernel = {
    "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus",
    "/proc/fs",  "/proc/acpi",          "/proc/scsi"};

bool is_below(std::string_view path, std::string_view folder) {
  return folder == "/" || path == folder ||
         (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/');
}

bool is_of_the_system(std::string_view path) {
  return is_below(path, "/usr") || std::ranges::any_of(kSystemFolders, [&](std::string_view each) {
           return is_below(path, each);
         });
}

std::optional<mode_t> type_of(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? std::optional(status.st_mode & S_IFMT) : std::nullopt;
}

std::string real_path(const std::string& path) {
  char buffer[PATH_MAX];
  return ::realpath(path.c_str(), buffer) == nullptr ? path : std::string(buffer);
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') {
    path.pop_back();
  }
  return path;
}

class Planner {
 public:
  explicit Planner(const TurnPaths& paths) : paths_(paths) {
    plan_.temporary = paths.temporary;
    if (const passwd* user = ::getpwuid(::geteuid()); user != nullptr) {
      home_ = user->pw_dir;
    }
  }

  void system() {
    plan_.system.emplace_back("/usr");
    for (const std::string_view folder : kSystemFolders) {
      const std::string path(folder);
      char target[PATH_MAX] = {};
      if (::readlink(path.c_str(), target, sizeof target - 1) > 0) {
        plan_.links.emplace_back(target, path);
      } else {
        plan_.system.push_back(path);
      }
    }
    plan_.system.insert(plan_.system.end(), kEtc.begin(), kEtc.end());
  }

  /// A turn writes below agent/ and reads its prompt; of the rest it learns nothing.
  void turn(const std::string& cwd) {
    add(cwd, Access::write);
    add(paths_.agent, Access::write);
    if (type_of(paths_.prompt)) {
      add(paths_.prompt, Access::read);
    }
  }

  /// The folder of a program with what lies beside it. A home, or a folder above the state, is not
  /// shown for that: then the file alone.
  void program(const std::string& path) {
    for (const std::string& each : {path, real_path(path)}) {
      folder_or(folder_of(each), each);
      // A package of npm finds what it needs in the outermost of these.
      constexpr std::string_view kModules = "/node_modules/";
      if (const auto at = each.find(kModules); at != std::string::npos) {
        folder_or(each.substr(0, at + kModules.size() - 1), {});
      }
    }
  }

  void search_path(std::string_view path, const std::string& own_folder) {
    while (!path.empty()) {
      const auto colon = path.find(':');
      const std::string folder = without_slash(std::string(path.substr(0, colon)));
      path.remove_prefix(colon == std::string_view::npos ? path.size() : colon + 1);
      if (folder.starts_with('/') && folder != own_folder && type_of(folder) == S_IFDIR) {
        folder_or(folder, {});
      }
    }
  }

  /// As the manifest says it: folders to write, and with ":ro" behind them files and folders to
  /// read.
  jobs::Status declared(const std::vector<std::string>& all) {
    constexpr std::string_view kReadOnly = ":ro";
    for (const std::string& each : all) {
      const bool only_read = each.ends_with(kReadOnly);
      const std::string path =
          without_slash(only_read ? each.substr(0, each.size() - kReadOnly.size()) : each);
      if (!type_of(path) || path.front() != '/') {
        return jobs::fail(ErrorKind::not_found,
                          fmt::format("{} is not there, but declared as {}", path,
                                      only_read ? "`read`" : "`caches`"),
                          "make it, or take it out of the manifest");
      }
      if (is_below(paths_.directory, path) || is_below(paths_.directory, real_path(path))) {
        return jobs::fail(ErrorKind::usage,
                          fmt::format("{} is declared, but holds the runner's own state", path),
                          "declare a folder that has nothing but what the turn needs");
      }
      add(path, only_read ? Access::read : Access::write);
    }
    return jobs::ok();
  }

  void git(const TurnView& view) {
    for (const std::string& path : view.writable) {
      plan_.own[path] = Access::write;
    }
    for (const std::string& path : view.readable) {
      plan_.own[path] = Access::read;
    }
    for (const std::string& path : view.hidden) {
      plan_.own[path] = Access::hide;
    }
  }

  /// Of a command such as ["python3", "-u", "/srv/agent.py", ...] the script. Nothing behind other
  /// words: there may stand what an issue says.
  void script(const std::vector<std::string>& argv) {
    for (std::size_t word = 1; word < argv.size() && argv[word].size() > 1; ++word) {
      if (argv[word].front() == '/') {
        file(argv[word]);
        return;
      }
      if (argv[word].front() != '-') {
        return;
      }
    }
  }

  void file(const std::string& path) {
    if (type_of(path) == S_IFREG && !is_of_the_system(path)) {
      add(path, Access::read);
    }
  }

  SandboxPlan take() { return std::move(plan_); }

 private:
  void add(const std::string& path, Access access) {
    const auto [found, fresh] = plan_.own.emplace(without_slash(path), access);
    if (!fresh && access == Access::write) {
      found->second = access;
    }
  }

  void folder_or(const std::string& folder, const std::string& file) {
    if (is_of_the_system(folder)) {
      return;
    }
    const bool too_much = is_below(paths_.directory, folder) ||
                          (!home_.empty() && is_below(home_, folder)) ||
                          std::ranges::count(folder, '/') < 2;
    if (!too_much) {
      add(folder, Access::read);
    } else if (!file.empty()) {
      add(file, Access::read);
    }
  }

  const TurnPaths& paths_;
  std::string home_;
  SandboxPlan plan_;
};

}  // namespace

Result<SandboxPlan> plan_sandbox(const Launch& what, const SandboxNeeds& needs,
                                 const TurnPaths& paths, const std::string& runner) {
  Planner planner(paths);
  planner.system();
  RUNNER_TRY(planner.declared(needs.declared));
  planner.turn(what.cwd);
  planner.program(what.program);
  if (const auto path = what.env.find("PATH"); path != what.env.end()) {
    planner.search_path(path->second, folder_of(runner));
  }
  planner.script(what.argv);
  planner.file(runner);
  planner.git(needs.git);
  return planner.take();
}

std::vector<std::string> bubblewrap_arguments(const SandboxPlan& plan, jobs::Network network) {
  std::vector<std::string> words = {"bwrap",         "--unshare-pid", "--unshare-ipc",
                                    "--unshare-uts", "--new-session", "--die-with-parent",
                                    "--as-pid-1",    "--cap-drop",    "ALL"};
  const auto add = [&](std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
  };
  switch (network) {
    case jobs::Network::loopback: add({"--unshare-net"}); break;
    case jobs::Network::all:
    case jobs::Network::none: break;  // none: made before, where no loopback is up
  }
  for (const std::string& path : plan.system) {
    add({"--ro-bind-try", path, path});
  }
  for (const auto& [target, path] : plan.links) {
    add({"--symlink", target, path});
  }
  add({"--proc", "/proc", "--dev", "/dev"});
  for (const std::string path : kKernel) {
    add({"--ro-bind-try", path, path});
  }
  add({"--bind", plan.temporary, "/tmp"});
  add({"--dir", "/var", "--symlink", "/tmp", "/var/tmp"});
  for (const auto& [path, access] : plan.own) {
    switch (access) {
      case Access::read: add({"--ro-bind", path, path}); break;
      case Access::write: add({"--bind", path, path}); break;
      case Access::hide: add({"--tmpfs", path}); break;
    }
  }
  for (const auto& [path, access] : plan.own) {
    if (access == Access::hide) {
      add({"--remount-ro", path});
    }
  }
  add({"--remount-ro", "/", "--"});
  return words;
}

}  // namespace runner::process
