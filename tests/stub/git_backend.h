#pragma once

#include <map>
#include <string>

#include "tests/stub/message.h"

namespace stub {

/// Git's smart HTTP by `git http-backend`, started for each request as a web server would: protocol
/// 0 and 2, bare repositories below `root`.
class GitBackend {
 public:
  explicit GitBackend(std::string root) : root_(std::move(root)) {}

  /// `inside` is the path below the root ("/acme/shop.git/info/refs"). `user`: who authenticated;
  /// empty: nobody, and git pushes only where the repository's http.receivepack allows it.
  [[nodiscard]] Answer answer(const Request& request, const std::string& inside,
                              const std::string& user) const;
  /// Name -> commit of every ref of the repository that `inside` lies in.
  [[nodiscard]] std::map<std::string, std::string> refs(const std::string& inside) const;

 private:
  std::string root_;
};

/// What a program wrote to standard output; empty if it could not be started. Killed after a
/// minute.
[[nodiscard]] std::string output_of(const std::vector<std::string>& argv,
                                    const std::vector<std::string>& environment,
                                    const std::string& input);

}  // namespace stub
