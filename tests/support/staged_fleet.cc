#include "tests/support/staged_fleet.h"

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>

#include "tests/support/signals.h"

namespace test_support {

namespace {

namespace fs = std::filesystem;

constexpr const char* kKept = "state issues remotes pager.jsonl agent.log meter.log metrics.prom";

bool at_work(const fs::path& turn) {
  if (fs::exists(turn / "exit.json")) {
    return false;
  }
  const auto supervisor = nlohmann::json::parse(content_of((turn / "supervisor.json").string()),
                                                nullptr, /*allow_exceptions=*/false);
  return supervisor.is_object() && supervisor.contains("pid") &&
         fs::exists("/proc/" + std::to_string(supervisor["pid"].get<int>()));
}

bool any_at_work(const SmallFleet& fleet) {
  std::error_code error;
  for (const char* kind : {"/state/turns", "/state/ci-turns", "/state/setup-turns"}) {
    for (const auto& run : fs::directory_iterator(fleet.folder() + kind, error)) {
      std::error_code gone;
      for (const auto& turn : fs::directory_iterator(run.path(), gone)) {
        if (at_work(turn.path())) {
          return true;
        }
      }
    }
  }
  return false;
}

}  // namespace

std::string gate_of(const SmallFleet& fleet) {
  return fleet.folder() + "/gate";
}

void open_gate(const SmallFleet& fleet) {
  write_file(gate_of(fleet), "open");
}

void close_gate(const SmallFleet& fleet) {
  fs::remove(gate_of(fleet));
}

bool wait_for_turns(const SmallFleet& fleet, int milliseconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  while (any_at_work(fleet)) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

const Scene& scene_called(const std::string& name) {
  for (const Scene& scene : scenes()) {
    if (scene.name == name) {
      return scene;
    }
  }
  throw std::runtime_error("there is no scene called " + name);
}

Stage::Stage(const Scene& scene, const std::vector<std::string>& environment) : scene_(scene) {
  fleet.play.environment = environment;
  if (scene.forge) {
    forge_ = std::make_unique<StagedForge>(fleet);
    fleet.after_tick = [this] { forge_->write_issues(fleet); };
  }
  scene.declare(fleet);
  fleet.write();
  if (forge_) {
    forge_->ready_issue("acme/shop");
  }
  scene.prepare(fleet);
  open_gate(fleet);
  if (!wait_for_turns(fleet)) {
    throw std::runtime_error("the turns of scene " + scene.name + " do not end");
  }
  (void)fleet.shell_output(std::string("mkdir kept; for f in ") + kKept +
                           "; do test ! -e $f || cp -a $f kept/; done");
  if (forge_) {
    forge_->keep();
  }
}

void Stage::end_processes() const {
  for (int round = 0; round < 50; ++round) {
    const std::string left = fleet.processes();
    if (left.empty()) {
      return;
    }
    std::istringstream lines(left);
    for (std::string line; std::getline(lines, line);) {
      (void)send_signal(std::atoi(line.c_str()), SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void Stage::put_back() {
  end_processes();
  (void)fleet.shell_output(std::string("chmod -R u+rwX state 2>/dev/null; rm -rf points.log ") +
                           kKept + "; cp -a kept/. .");
  if (forge_) {
    forge_->put_back();
  }
  close_gate(fleet);
  if (scene_.before) {
    scene_.before(fleet);
  }
}

}  // namespace test_support
