#include "worktrees/wire/ls_refs.h"

#include <algorithm>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/wire/pkt_line.h"

namespace worktrees::wire {
namespace {

using jobs::ErrorKind;

constexpr std::size_t kOid = 40;
constexpr std::string_view kHeads = "refs/heads/";

bool is_oid(std::string_view text) {
  return text.size() == kOid && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::string ls_refs_request(const std::string& prefix) {
  std::string body;
  put_line(body, "command=ls-refs\n");
  put_delimiter(body);
  put_line(body, fmt::format("ref-prefix {}\n", prefix));
  put_flush(body);
  return body;
}

jobs::Result<std::map<std::string, jobs::Oid>> read_branches(std::string_view body) {
  std::map<std::string, jobs::Oid> branches;
  bool ended = false;
  PacketReader reader([&](const Packet& packet) -> jobs::Status {
    if (ended || packet.kind == Packet::Kind::delimiter) {
      return jobs::fail(ErrorKind::transient, "the list of branches is of another form");
    }
    if (packet.kind != Packet::Kind::line) {
      ended = true;
      return jobs::ok();
    }
    RUNNER_TRY(refuse_error_line(packet.bytes));
    // "<id> <name>[ <attribute>...]"
    const std::string_view line = without_break(packet.bytes);
    const std::string_view id = line.substr(0, line.find(' '));
    if (!is_oid(id) || id.size() == line.size()) {
      return jobs::fail(ErrorKind::transient, fmt::format("'{}' is no line of a list of branches",
                                                          jobs::one_line(line, 80)));
    }
    const std::string_view rest = line.substr(kOid + 1);
    if (const std::string_view name = rest.substr(0, rest.find(' ')); name.starts_with(kHeads)) {
      branches.emplace(name.substr(kHeads.size()), std::string(id));
    }
    return jobs::ok();
  });
  RUNNER_TRY(reader.feed(body));
  RUNNER_TRY(reader.end());
  if (!ended) {
    return jobs::fail(ErrorKind::transient, "the list of branches has no end");
  }
  return branches;
}

}  // namespace worktrees::wire
