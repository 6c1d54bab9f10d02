#include "tests/integration/worktrees/real_servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "tests/support/signals.h"

namespace worktrees::test {

namespace fs = std::filesystem;

namespace {

constexpr const char* kLighttpd = "/usr/sbin/lighttpd";
constexpr const char* kSshd = "/usr/sbin/sshd";
constexpr const char* kBackend = "/usr/lib/git-core/git-http-backend";

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A socket that listens at a port of the kernel's choice, or -1.
int listen_anywhere(int& port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(socket, 16) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ::close(socket);
    return -1;
  }
  port = ntohs(address.sin_port);
  return socket;
}

int connect_to(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    return -1;
  }
  return socket;
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

pid_t spawn(const std::vector<std::string>& argv, const std::string& log) {
  std::vector<char*> words;
  for (const std::string& word : argv) {
    words.push_back(const_cast<char*>(word.c_str()));  // NOLINT: execv does not write
  }
  words.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int in = ::open("/dev/null", O_RDONLY);
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  return child;
}

int run_and_wait(const std::vector<std::string>& argv, const std::string& log) {
  int status = 0;
  ::waitpid(spawn(argv, log), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

std::string lacking(std::initializer_list<std::pair<const char*, const char*>> programs) {
  for (const auto& [path, package] : programs) {
    if (::access(path, X_OK) != 0) {
      return fmt::format("there is no {}: install the package {}", path, package);
    }
  }
  return {};
}

void make_key(const std::string& path, const std::string& log) {
  run_and_wait({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path}, log);
}

}  // namespace

bool ServerProcess::start(const std::vector<std::string>& argv, int port, const std::string& log) {
  child_ = spawn(argv, log);
  for (int tries = 0; tries < 1000; ++tries) {
    if (const int socket = connect_to(port); socket >= 0) {
      ::close(socket);
      return true;
    }
    if (::waitpid(child_, nullptr, WNOHANG) == child_) {
      child_ = -1;
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

void ServerProcess::stop() {
  if (child_ > 0) {
    test_support::send_signal(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }
}

int free_port() {
  int port = 0;
  ::close(listen_anywhere(port));
  return port;
}

std::string Lighttpd::missing() {
  return lacking({{kLighttpd, "lighttpd"}, {kBackend, "git"}});
}

Lighttpd::Lighttpd(std::string folder, std::string user, const std::string& password)
    : folder_(std::move(folder)), user_(std::move(user)) {
  fs::create_directories(folder_ + "/web");
  set_password(password);
  for (int tries = 0; tries < 5 && !running_; ++tries) {
    port_ = free_port();
    write_file(folder_ + "/web/lighttpd.conf", fmt::format(R"(server.document-root = "{0}/web"
server.bind = "127.0.0.1"
server.port = {1}
server.errorlog = "{0}/web/errors"
server.modules = ("mod_auth","mod_authn_file","mod_cgi","mod_alias","mod_setenv")
auth.backend = "plain"
auth.backend.plain.userfile = "{0}/web/passwords"
auth.require = ("" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
alias.url = ("/git" => "{2}")
cgi.assign = ("" => "")
setenv.add-environment = ("GIT_PROJECT_ROOT" => "{0}", "GIT_HTTP_EXPORT_ALL" => "1")
)",
                                                           folder_, port_, kBackend));
    running_ = process_.start({kLighttpd, "-D", "-f", folder_ + "/web/lighttpd.conf"}, port_,
                              folder_ + "/web/log");
  }
}

void Lighttpd::set_password(const std::string& password) const {
  write_file(folder_ + "/web/passwords", fmt::format("{}:{}\n", user_, password));
}

std::string Sshd::missing() {
  if (std::string lacks = lacking({{kSshd, "openssh-server"}}); !lacks.empty()) {
    return lacks;
  }
  struct stat found{};
  if (::geteuid() == 0 && ::stat("/run/sshd", &found) != 0 && ::mkdir("/run/sshd", 0755) != 0) {
    return "sshd needs the folder /run/sshd, which cannot be made";
  }
  return {};
}

Sshd::Sshd(std::string folder) : folder_(std::move(folder)) {
  fs::create_directories(folder_);
  make_key(client_key(), folder_ + "/log");
  fs::copy_file(client_key() + ".pub", folder_ + "/authorized");
  host_key_ = folder_ + "/host";
  make_key(host_key_, folder_ + "/log");
  for (int tries = 0; tries < 5 && !running_; ++tries) {
    port_ = free_port();
    start();
  }
}

void Sshd::start() {
  const std::string config = folder_ + "/config";
  write_file(config,
             fmt::format("ListenAddress 127.0.0.1:{0}\nHostKey {1}\n"
                         "AuthorizedKeysFile {2}/authorized\nPasswordAuthentication no\n"
                         "KbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\n"
                         "PidFile {2}/pid\nPrintMotd no\nKexAlgorithms "
                         "curve25519-sha256,ecdh-sha2-nistp256\nMaxAuthTries 3\nUseDNS no\n",
                         port_, host_key_, folder_));
  process_ = std::make_unique<ServerProcess>();
  running_ = process_->start({kSshd, "-D", "-e", "-f", config}, port_, folder_ + "/log");
}

std::string Sshd::user() const {
  const passwd* me = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): one thread asks
  return me == nullptr ? "" : me->pw_name;
}

std::string Sshd::host_line(int port) const {
  return fmt::format("[127.0.0.1]:{} {}", port, read_file(host_key_ + ".pub"));
}

void Sshd::change_host_key() {
  process_.reset();
  host_key_ += "-other";
  make_key(host_key_, folder_ + "/log");
  start();
}

CuttingProxy::CuttingProxy(int to_port) : to_port_(to_port) {
  listener_ = listen_anywhere(port_);
  thread_ = std::thread([this] { serve(); });
}

CuttingProxy::~CuttingProxy() {
  over_ = true;
  thread_.join();
  ::close(listener_);
}

void CuttingProxy::cut_answers_after(std::size_t bytes) {
  answers_ = 0;
  most_answers_ = bytes;
}

void CuttingProxy::cut_requests_after(std::size_t bytes) {
  requests_ = 0;
  most_requests_ = bytes;
}

void CuttingProxy::serve() {
  std::vector<std::thread> carriers;
  while (!over_) {
    pollfd wait{.fd = listener_, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, 20) == 1) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      ++connections_;
      carriers.emplace_back([this, client] { carry(client); });
    }
  }
  for (std::thread& carrier : carriers) {
    carrier.join();
  }
}

void CuttingProxy::carry(int client) {
  const int server = connect_to(to_port_);
  std::array<char, 4096> bytes{};
  std::array<pollfd, 2> ends{{{.fd = client, .events = POLLIN, .revents = 0},
                              {.fd = server, .events = POLLIN, .revents = 0}}};
  bool open = server >= 0;
  while (open && !over_) {
    ::poll(ends.data(), ends.size(), 20);
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
      if (ends[side].revents == 0) {
        continue;
      }
      const ssize_t got = ::recv(ends[side].fd, bytes.data(), bytes.size(), 0);
      std::atomic<std::size_t>& said = side == 0 ? requests_ : answers_;
      const std::size_t most = side == 0 ? most_requests_ : most_answers_;
      const std::size_t before = said;
      const std::size_t fits =
          got <= 0 ? 0 : std::min(static_cast<std::size_t>(got), before < most ? most - before : 0);
      said += fits;
      if (fits == 0 ||
          ::send(ends[1 - side].fd, bytes.data(), fits, MSG_NOSIGNAL) !=
              static_cast<ssize_t>(fits) ||
          fits < static_cast<std::size_t>(got)) {
        open = false;
        break;
      }
    }
  }
  ::close(client);
  if (server >= 0) {
    ::close(server);
  }
}

}  // namespace worktrees::test
