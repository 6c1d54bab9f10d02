#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

/// Git servers as people run them, on the loopback: lighttpd with git's own http-backend, and
/// OpenSSH. Each lives in a folder of the test's and ends with the object.
namespace worktrees::test {

/// A program that serves until it is destroyed.
class ServerProcess {
 public:
  ServerProcess() = default;
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() { stop(); }
  /// True once somebody listens at `port`. `log` gets what it prints.
  [[nodiscard]] bool start(const std::vector<std::string>& argv, int port, const std::string& log);
  void stop();

 private:
  pid_t child_ = -1;
};

/// A port that was free a moment ago.
[[nodiscard]] int free_port();

/// Serves `folder`/*.git at http://127.0.0.1:port/git/..., to `user` with `password` alone.
class Lighttpd {
 public:
  /// Why it cannot be started here; "" = it can.
  [[nodiscard]] static std::string missing();
  Lighttpd(std::string folder, std::string user, const std::string& password);
  void set_password(const std::string& password) const;
  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] int port() const { return port_; }

 private:
  std::string folder_;
  std::string user_;
  int port_ = 0;
  bool running_ = false;
  ServerProcess process_;
};

/// Lets in, as the user who runs the test, whoever has the private key `client_key()`.
class Sshd {
 public:
  [[nodiscard]] static std::string missing();
  explicit Sshd(std::string folder);
  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string user() const;
  [[nodiscard]] std::string client_key() const { return folder_ + "/client"; }
  /// A line of known_hosts for this server as it is seen at `port`.
  [[nodiscard]] std::string host_line(int port) const;
  /// The same server with another host key.
  void change_host_key();

 private:
  void start();
  std::string folder_;
  std::string host_key_;
  int port_ = 0;
  bool running_ = false;
  std::unique_ptr<ServerProcess> process_;
};

/// Hands on what two sides say, and hangs up in the middle of it.
class CuttingProxy {
 public:
  explicit CuttingProxy(int to_port);
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;
  ~CuttingProxy();
  [[nodiscard]] int port() const { return port_; }

  static constexpr std::size_t kNever = static_cast<std::size_t>(-1);
  /// Counted over all connections since; what is said after so many bytes is lost.
  void cut_answers_after(std::size_t bytes);
  void cut_requests_after(std::size_t bytes);
  [[nodiscard]] std::size_t requests() const { return requests_; }
  [[nodiscard]] std::size_t answers() const { return answers_; }
  /// That came so far.
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void serve();
  void carry(int client);

  int to_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> over_ = false;
  std::atomic<int> connections_ = 0;
  std::atomic<std::size_t> answers_ = 0;
  std::atomic<std::size_t> requests_ = 0;
  std::atomic<std::size_t> most_answers_ = kNever;
  std::atomic<std::size_t> most_requests_ = kNever;
  std::thread thread_;
};

}  // namespace worktrees::test
