#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace test_support {

/// A tiny HTTP server on 127.0.0.1: it keeps every request as it came and gives the answers it was
/// told, the last one again and again. An empty answer closes the connection without a word.
class LoopbackHttp {
 public:
  LoopbackHttp() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) == 0 && ::listen(listener_, 16) == 0 &&
        ::getsockname(listener_, generic, &size) == 0) {
      port_ = ntohs(address.sin_port);
    }
    thread_ = std::thread([this] { serve(); });
  }
  ~LoopbackHttp() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  LoopbackHttp(const LoopbackHttp&) = delete;
  LoopbackHttp& operator=(const LoopbackHttp&) = delete;

  [[nodiscard]] std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

  /// The next answers, as status line, headers and body: answer("503 Busy", "", "try later").
  void answer(const std::string& status, const std::string& headers = "",
              const std::string& body = "") {
    raw_answer("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n" + headers + "Connection: close\r\n\r\n" + body);
  }
  void raw_answer(const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(bytes);
  }
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (!stop_) {
      pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, 20) > 0) {
        const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (peer >= 0) {
          talk(peer);
          ::close(peer);
        }
      }
    }
  }

  void talk(int peer) {
    std::string request;
    while (!stop_ && !is_complete(request)) {
      pollfd waiting{.fd = peer, .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, 20) <= 0) {
        continue;
      }
      char buffer[4096];
      const ssize_t got = ::recv(peer, buffer, sizeof buffer, 0);
      if (got <= 0) {
        return;
      }
      request.append(buffer, static_cast<std::size_t>(got));
    }
    std::string answer;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      if (!answers_.empty()) {
        answer = answers_.front();
        if (answers_.size() > 1) {
          answers_.pop_front();
        }
      }
    }
    for (std::size_t sent = 0; sent < answer.size();) {
      const ssize_t put = ::send(peer, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
      if (put <= 0) {
        return;
      }
      sent += static_cast<std::size_t>(put);
    }
  }

  static bool is_complete(const std::string& request) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end == std::string::npos) {
      return false;
    }
    const std::size_t length = request.find("Content-Length: ");
    const std::size_t body =
        length == std::string::npos || length > end ? 0 : std::stoul(request.substr(length + 16));
    return request.size() >= end + 4 + body;
  }

  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::deque<std::string> answers_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace test_support
