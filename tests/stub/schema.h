#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace stub {

/// A server's published description (Swagger 2.0), to which a double of it and what we send are
/// held: a field that it does not have, or of another type, is a fault. Only what the descriptions
/// in tests/stub/specs use is understood.
class Schema {
 public:
  /// `file`: name below tests/stub/specs, "" = nothing is known and nothing is a fault; `prefix`:
  /// what stands before its paths on the server.
  Schema(const std::string& file, std::string prefix);

  /// What is wrong with an answer; empty if nothing is. Errors (400 and above) are taken as they
  /// are: the descriptions say little about them.
  [[nodiscard]] std::vector<std::string> faults_of_answer(const std::string& method,
                                                          const std::string& path, int status,
                                                          const std::string& body) const;
  /// The same for a request: the path, names in the query, the body.
  [[nodiscard]] std::vector<std::string> faults_of_request(const std::string& method,
                                                           const std::string& path,
                                                           const std::vector<std::string>& query,
                                                           const std::string& body) const;

 private:
  using Json = nlohmann::json;
  [[nodiscard]] const Json* operation(const std::string& method, const std::string& path) const;
  [[nodiscard]] const Json& resolved(const Json& schema) const;
  void check(const Json& schema, const Json& value, const std::string& at, bool sent,
             std::vector<std::string>& faults) const;

  Json spec_;
  std::string prefix_;
};

}  // namespace stub
