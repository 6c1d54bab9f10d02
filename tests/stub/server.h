#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "tests/stub/message.h"

namespace stub {

/// One client's connection, for the handler of a request.
class Connection {
 public:
  Connection(int socket, const std::atomic<bool>& stop) : socket_(socket), stop_(stop) {}
  /// False if the client is gone.
  bool send(std::string_view bytes);
  /// Ends the connection so that the client sees a reset, not an end.
  void cut();
  /// Waits, but not beyond the end of the server or of the client's patience.
  void wait(int milliseconds) const;
  /// No further request is read.
  void finish() { open_ = false; }
  [[nodiscard]] bool open() const { return open_; }

 private:
  int socket_;
  const std::atomic<bool>& stop_;
  bool open_ = true;
};

/// An HTTP/1.1 server on 127.0.0.1 with a thread for each connection: keep-alive, bodies by length
/// or in chunks, "Expect: 100-continue". What is answered is the handler's business.
class Server {
 public:
  using Handler = std::function<void(Connection&, Request)>;

  /// Listens at once; the handler is called from several threads. `port` 0: any that is free.
  explicit Server(Handler handler, int port = 0);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] int port() const { return port_; }

 private:
  struct Client {
    int socket = -1;
    std::atomic<bool> done = false;
    std::thread thread;
  };

  void accept_clients();
  void talk(Client& client);
  void forget_ended();

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  std::list<Client> clients_;  ///< only the accepting thread touches it
  std::thread thread_;
};

}  // namespace stub
