#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/stub/faults.h"
#include "tests/stub/forge.h"
#include "tests/stub/git_backend.h"
#include "tests/stub/log.h"
#include "tests/stub/server.h"
#include "tests/stub/sinks.h"

namespace stub {

/// One server that is everything the runner talks to: what a path begins with says which part of
/// it answers. Any request can be made to fail before or after its effect.
///
///   /git/OWNER/NAME.git/...   smart HTTP of a bare repository below Options::git_root
///   /notify/...               notification sink
///   /metrics/job/...          metrics sink
///   /repos/..., /api/v3/...   forge and CI in GitHub's shape
class Stub {
 public:
  struct Options {
    std::string git_root;
    /// User and password that git must send; empty: everybody may read and write.
    std::string git_user;
    std::string git_password;
    Forge::Options forge;
    std::string log_file;  ///< one line of JSON for each event; empty: memory only
    int latency_ms = 0;    ///< every answer comes that much later, as from far away
    int port = 0;
  };

  explicit Stub(Options options);

  /// "http://127.0.0.1:PORT" + path. `host`: another name for this host, for the sake of clients
  /// that tell hosts apart by their names.
  [[nodiscard]] std::string url(const std::string& path = "",
                                const std::string& host = "127.0.0.1") const;

  /// Calls `act` right before the effect of the `nth` request that matches, as somebody else who
  /// comes in between.
  void meanwhile(const std::string& method, const std::string& path, int nth,
                 std::function<void()> act);

  Faults faults;
  Log log;
  NotificationSink notifications;
  MetricsSink metrics;
  Forge forge;
  /// Who answers what begins with /api/v1 or /api/forgejo, set before the first request; empty: the
  /// forge.
  std::function<Answer(const Request&)> forgejo;

 private:
  struct Meanwhile {
    std::string method;
    std::string path;
    int left = 0;
    std::function<void()> act;
  };

  void serve(Connection& client, Request request);
  Answer effect(const Request& request, const std::optional<Fault>& fault);
  Answer git(const Request& request);
  void call_others(const Request& request);
  void send_faulty(Connection& client, const Request& request, const Fault& fault, Answer answer);
  void send(Connection& client, const Request& request, const Answer& answer);

  Options options_;
  GitBackend git_;
  std::mutex mutex_;
  std::vector<Meanwhile> others_;
  Server server_;  // The last to be made and the first to go: its threads use the rest.
};

}  // namespace stub
