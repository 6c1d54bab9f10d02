#include "runner/process/turn_files.h"

#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/process/json_fields.h"
#include "runner/process/turn_json.h"

namespace runner::process {

using jobs::ErrorKind;
using jobs::Result;
using nlohmann::json;

namespace {

constexpr std::int64_t kMostNumber = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostExitCode = 255;
constexpr std::int64_t kMostSignal = 128;

std::int64_t millis(jobs::TimePoint time) {
  return time.time_since_epoch().count();
}

json heartbeat_json(const Heartbeat& heartbeat) {
  json value = {{"at_ms", millis(heartbeat.at)},
                {"output_bytes", heartbeat.output_bytes},
                {"containment", heartbeat.containment}};
  if (heartbeat.last_output_at) {
    value["last_output_ms"] = millis(*heartbeat.last_output_at);
  }
  return value;
}

std::optional<Heartbeat> heartbeat_of(const json& object) {
  const auto at = time_of(object, "at_ms");
  Numbers in(object);
  Heartbeat beat{.at = at.value_or(jobs::TimePoint{}),
                 .output_bytes = in.of("output_bytes", kMostNumber),
                 .last_output_at = time_of(object, "last_output_ms"),
                 .containment = text_of(object, "containment")};
  return at && in.fine() ? std::optional(std::move(beat)) : std::nullopt;
}

}  // namespace

TurnPaths::TurnPaths(std::string turn_directory) : directory(std::move(turn_directory)) {
  while (directory.size() > 1 && directory.back() == '/') {
    directory.pop_back();
  }
  const auto in = [&](const char* name) { return directory + "/" + name; };
  spec = in("spec.json");
  prompt = in("prompt.md");
  lock = in("lock");
  supervisor = in("supervisor.json");
  heartbeat = in("heartbeat");
  output = in("output.log");
  events = in("events.ndjson");
  usage = in("usage.json");
  stop = in("stop");
  reserve = in("exit.reserve");
  exit = in("exit.json");
  cgroup = in("cgroup");
  agent = in("agent");
  home = agent + "/home";
  temporary = agent + "/tmp";
  reports = agent + "/reports.ndjson";
  marker = "RUNNER_TURN_DIR=" + agent;
}

std::string to_json(const jobs::TurnSpec& spec, const TurnView& view) {
  json value = {{"schema", 1},
                {"run", spec.run.str()},
                {"repo", spec.issue.repo.str()},
                {"issue", spec.issue.number},
                {"number", spec.number},
                {"directory", spec.directory},
                {"cwd", spec.cwd},
                {"argv", spec.argv},
                {"env", spec.env},
                {"pass_env", spec.pass_env},
                {"usage_file", spec.usage_file},
                {"reserved", usage_json(spec.reserved)},
                {"deadline_ms", spec.deadline.count()},
                {"silence_ms", spec.silence.count()},
                {"first_byte_ms", spec.first_byte.count()},
                {"grace_ms", spec.grace.count()},
                {"output_bytes", spec.output_bytes},
                {"memory_bytes", spec.memory_bytes},
                {"processes", spec.processes},
                {"file_bytes", spec.file_bytes},
                {"containment", jobs::to_string(spec.containment)},
                {"network", jobs::to_string(spec.network)},
                {"proxy", spec.proxy},
                {"writable", spec.writable},
                {"git_writable", view.writable},
                {"git_readable", view.readable},
                {"git_hidden", view.hidden},
                {"redact_env", spec.redact_env}};
  add_agent(value, spec);
  return dump_line(value);
}

Result<jobs::TurnSpec> parse_spec(const std::string& text) {
  const json value = parse_object(text);
  Numbers in(value);
  if (in.of("schema", 1) != 1) {
    return jobs::fail(ErrorKind::corrupt, "spec.json is damaged or of another version");
  }
  jobs::TurnSpec spec;
  spec.run = jobs::RunId(text_of(value, "run"));
  spec.issue = {jobs::RepoName(text_of(value, "repo")), in.of("issue", kMostNumber)};
  spec.number = in.small("number");
  spec.directory = text_of(value, "directory");
  spec.cwd = text_of(value, "cwd");
  spec.argv = texts_of(value, "argv");
  if (const auto env = value.find("env"); env != value.end() && env->is_object()) {
    for (const auto& [name, item] : env->items()) {
      if (item.is_string()) {
        spec.env[name] = item.get<std::string>();
      }
    }
  }
  spec.pass_env = texts_of(value, "pass_env");
  spec.usage_file = text_of(value, "usage_file");
  if (const auto reserved = value.find("reserved");
      reserved != value.end() && reserved->is_object()) {
    const auto amount = usage_of(*reserved);
    if (!amount) {
      return jobs::fail(ErrorKind::corrupt, "spec.json reserves an amount that cannot be");
    }
    spec.reserved = *amount;
  }
  spec.deadline = jobs::Duration(in.of("deadline_ms", kMostMillis));
  spec.silence = jobs::Duration(in.of("silence_ms", kMostMillis));
  spec.first_byte = jobs::Duration(in.of("first_byte_ms", kMostMillis));
  spec.grace = jobs::Duration(in.of("grace_ms", kMostMillis));
  spec.output_bytes = in.of("output_bytes", kMostNumber);
  spec.memory_bytes = in.of("memory_bytes", kMostNumber);
  spec.processes = in.small("processes");
  spec.redact_env = texts_of(value, "redact_env");
  spec.file_bytes = in.of("file_bytes", kMostNumber);
  spec.proxy = text_of(value, "proxy");
  spec.writable = texts_of(value, "writable");
  // Written by an older version, it says nothing of the network: then nothing was held back.
  const std::string network = text_of(value, "network");
  const auto reach = enum_of(network.empty() ? "all" : network, jobs::Network::none);
  if (!read_agent(value, in, spec)) {
    return jobs::fail(ErrorKind::corrupt,
                      "spec.json names a kind of agent or amounts that are none");
  }
  const auto containment = enum_of(text_of(value, "containment"), jobs::Containment::group);
  if (!containment || !reach || spec.argv.empty() || spec.run.empty() || spec.number <= 0 ||
      !in.fine()) {
    return jobs::fail(ErrorKind::corrupt,
                      "spec.json lacks argv, run, number or containment, or a number is none");
  }
  spec.network = *reach;
  spec.containment = *containment;
  return spec;
}

TurnView parse_view(const std::string& text) {
  const json value = parse_object(text);
  return {.writable = texts_of(value, "git_writable"),
          .readable = texts_of(value, "git_readable"),
          .hidden = texts_of(value, "git_hidden")};
}

std::string to_json(const SupervisorFile& file) {
  return dump_line({{"schema", 1},
                    {"pid", file.identity.pid},
                    {"start_time", file.identity.start_time},
                    {"boot_id", file.identity.boot_id},
                    {"pid_namespace", file.identity.pid_namespace},
                    {"host", file.identity.host},
                    {"started_at", jobs::format_time(file.started_at)},
                    {"started_at_ms", millis(file.started_at)},
                    {"version", file.version}});
}

std::optional<SupervisorFile> parse_supervisor(const std::string& text) {
  const json value = parse_object(text);
  const auto started = time_of(value, "started_at_ms");
  Numbers in(value);
  const auto pid = static_cast<pid_t>(in.required("pid", std::numeric_limits<pid_t>::max(), 1));
  const auto start_time = static_cast<std::uint64_t>(in.of("start_time", kMostNumber));
  if (!in.fine() || !started) {
    return std::nullopt;
  }
  return SupervisorFile{.identity = {.pid = pid,
                                     .start_time = start_time,
                                     .boot_id = text_of(value, "boot_id"),
                                     .pid_namespace = text_of(value, "pid_namespace"),
                                     .host = text_of(value, "host")},
                        .started_at = *started,
                        .version = text_of(value, "version")};
}

std::string to_json(const Heartbeat& heartbeat) {
  return dump_line(heartbeat_json(heartbeat));
}

std::optional<Heartbeat> parse_heartbeat(const std::string& text) {
  return heartbeat_of(parse_object(text));
}

std::string to_json(const ExitFile& file) {
  json value = {{"schema", 1},
                {"end", jobs::to_string(file.exit.end)},
                {"exit_code", file.exit.exit_code},
                {"signal", file.exit.signal},
                {"detail", file.exit.detail},
                {"last", heartbeat_json(file.last)}};
  if (file.exit.agent != jobs::AgentEnd::none) {
    value["agent_end"] = jobs::to_string(file.exit.agent);
  }
  if (file.exit.until) {
    value["until"] = jobs::format_time(*file.exit.until);
    value["until_ms"] = millis(*file.exit.until);
  }
  if (file.exit.at) {
    value["at"] = jobs::format_time(*file.exit.at);
    value["at_ms"] = millis(*file.exit.at);
  }
  return dump_line(value);
}

std::optional<ExitFile> parse_exit(const std::string& text) {
  const json value = parse_object(text);
  const auto end = enum_of(text_of(value, "end"), jobs::TurnEnd::lost);
  Numbers in(value);
  // A code that is not there is not 0: that would be a success which nobody reported.
  const bool by_itself = end == jobs::TurnEnd::exited;
  const std::int64_t code =
      by_itself ? in.required("exit_code", kMostExitCode) : in.of("exit_code", kMostExitCode);
  const std::int64_t signal = in.of("signal", kMostSignal);
  if (!end || !in.fine()) {
    return std::nullopt;
  }
  ExitFile file;
  file.exit = {.end = *end,
               .exit_code = static_cast<int>(code),
               .signal = static_cast<int>(signal),
               .detail = text_of(value, "detail"),
               .at = time_of(value, "at_ms"),
               .agent = jobs::AgentEnd::none,
               .until = time_of(value, "until_ms")};
  if (value.contains("agent_end")) {
    // A word that is not known is not a success either.
    file.exit.agent =
        jobs::parse_agent_end(text_of(value, "agent_end")).value_or(jobs::AgentEnd::unfinished);
  }
  if (const auto last = value.find("last"); last != value.end() && last->is_object()) {
    file.last = heartbeat_of(*last).value_or(Heartbeat{});
  }
  return file;
}

}  // namespace runner::process
