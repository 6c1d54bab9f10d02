#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

/// Lies in the turn directory and traps for whoever collects what an agent leaves there.
namespace fake_agent {

namespace {

namespace fs = std::filesystem;

std::string agent_folder() {
  return variable("RUNNER_TURN_DIR");
}
std::string turn_folder() {
  return fs::path(agent_folder()).parent_path().string();
}

/// Something that must not be read or overwritten through a link.
bool replace_by_link(const std::string& path, const std::string& target) {
  std::error_code error;
  fs::remove_all(path, error);
  return ::symlink(target.c_str(), path.c_str()) == 0;
}
bool replace_by_fifo(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return ::mkfifo(path.c_str(), 0644) == 0;
}

bool replace_whole(const std::string& path, const std::string& content) {
  const std::string draft = path + ".draft";
  return put_file(draft, content) && std::rename(draft.c_str(), path.c_str()) == 0;
}

/// A success that never was.
bool false_exit() {
  const std::string content =
      R"({"schema":1,"end":"exited","exit_code":0,"signal":0,"detail":"exit code 0",)"
      R"("at":1,"last":{"at":1,"output_bytes":1}})";
  const bool in_place = put_file(turn_folder() + "/exit.json", content);
  const bool renamed = replace_whole(turn_folder() + "/exit.json", content);
  return in_place || renamed;
}

/// Words that only the supervisor may say, lines without an end, controls and far too many.
bool spoof_reports() {
  std::string lines;
  for (const char* type : {"ended", "started", "usage", "stopping", "containment", "note\\u0000"}) {
    lines += fmt::format("{{\"t\":1,\"type\":\"{}\",\"text\":\"999 USD, 1 tokens\"}}\n", type);
  }
  lines += "{\"t\":1,\"type\":\"phase\",\"text\":\"deployed-by-magic\"}\n";
  lines += "{\"t\":1,\"type\":\"note\",\"text\":\"\\u001b]0;owned\\u0007\\u202egnp\"}\n";
  lines += "{\"t\":1,\"type\":\"note\",\"text\":\"" + std::string(100'000, 'A') + "\"}\n";
  lines += "[[[[[[[[[[[[[[[[\n{\"t\":1e999,\"type\":{},\"text\":[]}\nnull\n\n";
  for (int line = 0; line < 5000; ++line) {
    lines += fmt::format("{{\"t\":{},\"type\":\"note\",\"text\":\"n{}\"}}\n", line, line);
  }
  append(agent_folder() + "/reports.ndjson", lines);
  return true;
}

bool device(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return ::mknod(path.c_str(), S_IFCHR | 0666, makedev(1, 5)) == 0;  // /dev/zero: never ends
}

void add_lies(Moves& moves) {
  moves["false-exit"] = false_exit;
  moves["false-heartbeat"] = [] {
    return put_file(turn_folder() + "/heartbeat", R"({"at":9999999999999,"output_bytes":1})");
  };
  moves["false-supervisor"] = [] {
    return replace_whole(turn_folder() + "/supervisor.json",
                         R"({"schema":1,"pid":1,"start_time":1,"boot_id":"x","host":"x"})");
  };
  moves["false-events"] = [] {
    const int fd =
        ::open((turn_folder() + "/events.ndjson").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    const std::string line = "{\"t\":1,\"type\":\"phase\",\"text\":\"done\"}\n";
    const bool done = fd >= 0 && ::write(fd, line.data(), line.size()) > 0;
    ::close(fd);
    return done;
  };
  moves["false-usage"] = [] {
    return replace_whole(turn_folder() + "/usage.json", R"({"usd":"0","tokens":0})");
  };
  moves["stop-itself"] = [] { return put_file(turn_folder() + "/stop", "by the agent"); };
  moves["remove-turn"] = [] {
    std::error_code error;
    return fs::remove(turn_folder() + "/spec.json", error);
  };
  moves["spoof-reports"] = spoof_reports;
}

}  // namespace

void add_turn_moves(Moves& moves) {
  add_lies(moves);
  const auto usage = [] { return agent_folder() + "/usage.json"; };
  const auto reports = [] { return agent_folder() + "/reports.ndjson"; };
  moves["usage-link"] = [=] { return replace_by_link(usage(), treasure()); };
  moves["usage-fifo"] = [=] { return replace_by_fifo(usage()); };
  moves["usage-folder"] = [=] { return ::mkdir(usage().c_str(), 0755) == 0; };
  moves["usage-device"] = [=] { return device(usage()); };
  moves["usage-huge"] = [=] { return put_file(usage(), std::string(8U << 20, '9')); };
  moves["reports-link"] = [=] { return replace_by_link(reports(), treasure()); };
  moves["reports-fifo"] = [=] { return replace_by_fifo(reports()); };
  moves["reports-device"] = [=] { return device(reports()); };
  // The folders of the turn themselves, so that whoever cleans up follows them out.
  moves["home-link"] = [] {
    return replace_by_link(agent_folder() + "/home", fs::path(treasure()).parent_path().string());
  };
  moves["deep-folder"] = [] {
    // Deeper than a path can be long: who removes it must not use whole paths.
    const std::string name(200, 'd');
    const int here = ::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = ::chdir(variable("TMPDIR").c_str()) == 0;
    for (int level = 0; done && level < 40; ++level) {
      done = ::mkdir(name.c_str(), 0755) == 0 && ::chdir(name.c_str()) == 0;
    }
    done = ::fchdir(here) == 0 && done;
    ::close(here);
    return done;
  };
  moves["locked-folder"] = [] {
    const std::string path = variable("TMPDIR") + "/locked";
    return ::mkdir(path.c_str(), 0755) == 0 && put_file(path + "/inside", "x") &&
           ::chmod(path.c_str(), 0) == 0;
  };
}

}  // namespace fake_agent
