#pragma once

#include <sys/types.h>

#include <string>

namespace prove::limits {

/// `fault_stub` serving the bare repositories below a folder, until this object goes. A process of
/// its own: what it holds in memory would count as that of the programs started beside it.
class WebServer {
 public:
  /// Throws std::runtime_error if it does not start.
  WebServer(const std::string& programs, const std::string& git_root);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;
  /// Of the folder: "http://127.0.0.1:PORT/git".
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  pid_t process_ = -1;
  int its_input_ = -1;
  std::string url_;
};

}  // namespace prove::limits
