#include "tests/prove/errors/fault.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/prove/frame/harness.h"
#include "tests/prove/trace/calls.h"
#include "tests/prove/trace/scenario.h"

namespace prove {

namespace {

using trace::Call;
using trace::Effect;

struct Named {
  int error;
  std::string_view name;
};
constexpr Named kErrors[] = {
    {ENOSPC, "ENOSPC"}, {EIO, "EIO"}, {EINTR, "EINTR"}, {EMFILE, "EMFILE"}, {EACCES, "EACCES"}};

/// Frees space or changes only what a folder knows: possible on a full disk.
bool takes_no_space(int number) {
  switch (number) {
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_rmdir:
    case SYS_chmod:
    case SYS_fchmod:
    case SYS_fchmodat:
    case SYS_fchown:
    case SYS_chown:
    case SYS_utimensat: return true;
    default: return false;
  }
}

bool opens(int number) {
  return number == SYS_openat || number == SYS_open || number == SYS_creat;
}

/// Asks for the permission of a folder or file by name; what is open already is not asked again.
bool asks_by_name(const Call& call) {
  switch (call.number) {
    case SYS_write:
    case SYS_pwrite64:
    case SYS_writev:
    case SYS_pwritev:
    case SYS_ftruncate:
    case SYS_fallocate:
    case SYS_sendfile:
    case SYS_copy_file_range:
    case SYS_mmap: return false;
    default: return trace::effect_of(call) == Effect::file;
  }
}

/// Says something to a person. Where that goes is not the disk in trouble.
bool speaks(const Call& call) {
  const bool writes = call.number == SYS_write || call.number == SYS_writev;
  return writes && (call.arguments[0] == STDOUT_FILENO || call.arguments[0] == STDERR_FILENO);
}

}  // namespace

std::string Fault::name() const {
  const auto* found = std::ranges::find(kErrors, error, &Named::error);
  return fmt::format("{}:{}:{}:{}:{}", scenario, trace::name_of(number), ordinal, found->name,
                     sticky ? "sticky" : "once");
}

Fault parse_fault(const std::string& text) {
  std::istringstream words(text);
  std::string scenario;
  std::string call;
  std::string ordinal;
  std::string error;
  std::string mode;
  std::getline(words, scenario, ':');
  std::getline(words, call, ':');
  std::getline(words, ordinal, ':');
  std::getline(words, error, ':');
  std::getline(words, mode);
  const auto* found = std::ranges::find(kErrors, error, &Named::name);
  const int number = trace::number_of(call);
  if (found == std::end(kErrors) || number < 0 || (mode != "once" && mode != "sticky")) {
    throw std::runtime_error("--only takes SCENARIO:CALL:ORDINAL:ERROR:once or :sticky");
  }
  return {.scenario = trace::scenario(scenario).name,
          .number = number,
          .ordinal = std::atoll(ordinal.c_str()),
          .error = found->error,
          .sticky = mode == "sticky"};
}

const std::vector<int>& injected_errors() {
  static const std::vector<int> all = {ENOSPC, EIO, EINTR, EMFILE, EACCES};
  return all;
}

bool strikes(int error, const Call& call) {
  const Effect effect = trace::effect_of(call);
  switch (error) {
    case ENOSPC:
      return (effect == Effect::file && !takes_no_space(call.number)) || effect == Effect::sync;
    case EIO: return effect == Effect::file || effect == Effect::sync;
    case EMFILE: return opens(call.number) || effect == Effect::handle;
    case EACCES: return asks_by_name(call) || effect == Effect::process;
    default: return effect != Effect::none;
  }
}

trace::Verdict Injector::operator()(const Call& call) {
  const trace::Verdict fail{.act = trace::Verdict::Act::fail, .error = fault_.error};
  const bool counts = call.number == fault_.number && trace::effect_of(call) != Effect::none;
  seen_ += counts ? 1 : 0;
  const bool first = counts && injected_ == 0 && seen_ == fault_.ordinal;
  if (first) {
    silenced_ = speaks(call);
    ++injected_;
    return fail;
  }
  const bool again =
      fault_.sticky && injected_ > 0 && !speaks(call) && (counts || strikes(fault_.error, call));
  if (!again) {
    return {};
  }
  // An interrupted call is made again: were it interrupted for ever, nobody could end. One in three
  // is, in no order, so that no loop meets it at each round.
  ++struck_;
  if (fault_.error == EINTR && mix(struck_, "EINTR") % 3 != 0) {
    return {};
  }
  ++injected_;
  return fail;
}

}  // namespace prove
