#include "runner/process/turn_environment.h"

#include <unistd.h>

#include <cstdlib>

#include "jobs/base/planted.h"

namespace runner::process {

namespace {

bool is_variable_name(const std::string& name) {
  return !name.empty() && name.find('=') == std::string::npos &&
         name.find('\0') == std::string::npos && name != "RUNNER_TURN" &&
         name != "RUNNER_TURN_DIR" && name != "RUNNER_RUN";
}

std::string folder_of_this_program() {
  char buffer[4096];
  const ssize_t got = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  const std::string path(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? std::string() : path.substr(0, slash);
}

}  // namespace

Lookup process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::map<std::string, std::string> agent_environment(const jobs::TurnSpec& spec,
                                                     const TurnPaths& paths, const Lookup& lookup) {
  std::map<std::string, std::string> env = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"LANG", "C.UTF-8"},
      {"HOME", spec.home.empty() ? paths.home : spec.home},
      {"TMPDIR", paths.temporary},
  };
  for (const auto& name : spec.pass_env) {
    if (const auto value = lookup(name); value && is_variable_name(name)) {
      env[name] = *value;
    }
  }
  for (const auto& [name, value] : spec.env) {
    if (is_variable_name(name) && value.find('\0') == std::string::npos) {
      env[name] = value;
    }
  }
  if (!spec.proxy.empty()) {
    for (const char* name : {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"}) {
      env.emplace(name, spec.proxy);
    }
    for (const char* name : {"NO_PROXY", "no_proxy"}) {
      env.emplace(name, "localhost,127.0.0.1,::1");
    }
  }
  for (char** entry = ::environ; RUNNER_PLANTED(environment_not_scrubbed) && *entry != nullptr;
       ++entry) {
    const std::string text(*entry);
    env.emplace(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
  }
  // Last on PATH, so that the agent finds `runner report` and nothing else changes.
  if (const auto folder = folder_of_this_program(); !folder.empty()) {
    env["PATH"] += ":" + folder;
  }
  env["RUNNER_TURN_DIR"] = paths.agent;
  env["RUNNER_RUN"] = spec.run.str();
  env["RUNNER_TURN"] = spec.run.str() + "/" + std::to_string(spec.number);
  return env;
}

Redactor make_redactor(const jobs::TurnSpec& spec, const Lookup& lookup) {
  Redactor redactor;
  const auto add = [&](const std::string& name) {
    if (const auto value = lookup(name)) {
      redactor.add_secret(*value);
    }
  };
  for (const auto& name : spec.redact_env) {
    add(name);
  }
  for (const auto& name : spec.pass_env) {
    if (looks_secret(name)) {
      add(name);
    }
  }
  for (const auto& [name, value] : spec.env) {
    if (looks_secret(name)) {
      redactor.add_secret(value);
    }
  }
  return redactor;
}

}  // namespace runner::process
