#pragma once

#include <memory>
#include <set>
#include <string>

#include "jobs/model/fleet.h"
#include "runner/forge/credential.h"
#include "runner/forge/http_api.h"
#include "runner/forge/traffic.h"
#include "runner/http/client.h"

namespace runner::forge {

/// A JSON Web Token that says "I am App `id`", signed with its private key (RS256): valid from a
/// minute ago, for clocks that disagree, for nine minutes from now; GitHub takes ten at most.
/// denied: the key is no RSA key in PEM. The key stands in no error.
[[nodiscard]] jobs::Result<std::string> app_jwt(const std::string& id, const std::string& key_pem,
                                                jobs::TimePoint now);

/// What an App's credential works with; the client and the traffic outlive it.
struct AppWorld {
  http::Client& client;
  Traffic& traffic;
  http::Environment environment;
  std::set<std::string> repositories;  ///< "owner/name": what its token is narrowed to
};

/// The token of an App's installation, kept in memory and made anew a few minutes before it ends
/// (GitHub's live for an hour). All repositories must be of one owner, or the installation must be
/// named: a token is one installation's.
[[nodiscard]] std::unique_ptr<Credential> make_app_credential(const jobs::AppConfig& config,
                                                              const ApiOptions& options,
                                                              AppWorld world);

}  // namespace runner::forge
