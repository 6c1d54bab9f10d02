#include "tests/stub/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <stdexcept>

namespace stub {

namespace {

constexpr std::size_t kMostHead = 64U << 10U;
constexpr std::size_t kMostBody = 256U << 20U;
constexpr int kSlice = 20;  // ms between two looks at the stop flag

/// Reads from a client; remembers what came beyond the part that was asked for.
class Reader {
 public:
  Reader(int socket, const std::atomic<bool>& stop) : socket_(socket), stop_(stop) {}

  /// Up to and with `mark`; nothing when the client has gone or sends without end.
  std::optional<std::string> until(std::string_view mark, std::size_t most) {
    std::size_t at = 0;
    while ((at = buffer_.find(mark)) == std::string::npos) {
      if (buffer_.size() > most || !more()) {
        return std::nullopt;
      }
    }
    return take(at + mark.size());
  }

  std::optional<std::string> exactly(std::size_t size) {
    while (buffer_.size() < size) {
      if (size > kMostBody || !more()) {
        return std::nullopt;
      }
    }
    return take(size);
  }

 private:
  std::string take(std::size_t size) {
    std::string out = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return out;
  }

  bool more() {
    while (!stop_) {
      pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, kSlice) <= 0) {
        continue;
      }
      char bytes[16384];
      const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
      if (got <= 0) {
        return false;
      }
      buffer_.append(bytes, static_cast<std::size_t>(got));
      return true;
    }
    return false;
  }

  int socket_;
  const std::atomic<bool>& stop_;
  std::string buffer_;
};

std::optional<std::size_t> number_in(std::string_view text, int base) {
  std::size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return parsed.ec == std::errc{} && parsed.ptr != text.data() ? std::optional(value)
                                                               : std::nullopt;
}

std::optional<std::string> read_chunks(Reader& reader) {
  std::string body;
  while (body.size() <= kMostBody) {
    const auto line = reader.until("\r\n", 1024);
    const auto size = line ? number_in(*line, 16) : std::nullopt;
    if (!size) {
      return std::nullopt;
    }
    const auto chunk = reader.exactly(*size + 2);
    if (!chunk) {
      return std::nullopt;
    }
    if (*size == 0) {
      return body;
    }
    body.append(*chunk, 0, *size);
  }
  return std::nullopt;
}

std::optional<std::string> read_body(const Request& request, Reader& reader, Connection& client) {
  const auto expect = header(request.headers, "Expect");
  if (expect && expect->starts_with("100")) {
    client.send("HTTP/1.1 100 Continue\r\n\r\n");
  }
  const auto coding = header(request.headers, "Transfer-Encoding");
  if (coding && coding->find("chunked") != std::string::npos) {
    return read_chunks(reader);
  }
  const auto length = header(request.headers, "Content-Length");
  const auto size = length ? number_in(*length, 10) : std::optional<std::size_t>(0);
  return size ? reader.exactly(*size) : std::nullopt;
}

}  // namespace

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put <= 0) {
      open_ = false;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

void Connection::cut() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  open_ = false;
}

void Connection::wait(int milliseconds) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  while (!stop_ && std::chrono::steady_clock::now() < end) {
    pollfd gone{.fd = socket_, .events = POLLRDHUP, .revents = 0};
    if (::poll(&gone, 1, kSlice) > 0) {
      return;
    }
  }
}

Server::Server(Handler handler, int port) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, generic, &size) != 0) {
    ::close(listener_);
    throw std::runtime_error("no port on 127.0.0.1 to listen at");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { accept_clients(); });
}

Server::~Server() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
  for (Client& client : clients_) {
    client.thread.join();
  }
}

void Server::accept_clients() {
  while (!stop_) {
    forget_ended();
    pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, kSlice) <= 0) {
      continue;
    }
    const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) {
      continue;
    }
    const int yes = 1;
    ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    Client& client = clients_.emplace_back();
    client.socket = peer;
    client.thread = std::thread([this, &client] { talk(client); });
  }
}

void Server::forget_ended() {
  for (auto client = clients_.begin(); client != clients_.end();) {
    if (client->done) {
      client->thread.join();
      client = clients_.erase(client);
    } else {
      ++client;
    }
  }
}

void Server::talk(Client& client) {
  Connection connection(client.socket, stop_);
  Reader reader(client.socket, stop_);
  while (connection.open() && !stop_) {
    const auto head = reader.until("\r\n\r\n", kMostHead);
    auto request = head ? parse_head(*head) : std::nullopt;
    auto body = request ? read_body(*request, reader, connection) : std::nullopt;
    if (!body) {
      break;
    }
    request->body = std::move(*body);
    const auto keep = header(request->headers, "Connection");
    handler_(connection, std::move(*request));
    if (keep && *keep == "close") {
      break;
    }
  }
  ::close(client.socket);
  client.done = true;
}

}  // namespace stub
