#include "worktrees/record.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/safe_fs.h"

namespace worktrees {
namespace {

constexpr std::string_view kSuffix = ".record";
constexpr std::string_view kFirstLine = "runner-worktree 1";

std::string file_of(std::string_view slot) {
  return fmt::format("{}{}", slot, kSuffix);
}

}  // namespace

std::string record_text(const Record& record) {
  std::string text = fmt::format(
      "{}\nslot {}\nrepo {}\nrun {}\nbranch {}\nbase {}\nsetup {}\nbytes {}\n"
      "given_back {}\nignored {}\ntrust {}\n",
      kFirstLine, record.slot, record.repo, record.run, record.branch, record.base.str(),
      record.setup, record.bytes, record.given_back, record.ignored, record.trust);
  if (!record.smudge.empty()) {
    text += fmt::format("smudge {}\n", record.smudge);
  }
  for (const std::string& folder : record.sparse) {
    text += fmt::format("sparse {}\n", folder);
  }
  text += fmt::format("ready {}\n", record.ready ? 1 : 0);
  return text;
}

std::optional<Record> parse_record(std::string_view text) {
  Record record;
  int line_number = 0;
  bool complete = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line_number++ == 0) {
      if (line != kFirstLine) {
        return std::nullopt;
      }
      continue;
    }
    const std::size_t space = line.find(' ');
    const std::string_view key = line.substr(0, space);
    const std::string value(space == std::string_view::npos ? std::string_view()
                                                            : line.substr(space + 1));
    if (key == "slot") {
      record.slot = value;
    } else if (key == "repo") {
      record.repo = value;
    } else if (key == "run") {
      record.run = value;
    } else if (key == "branch") {
      record.branch = value;
    } else if (key == "base") {
      record.base = jobs::Oid(value);
    } else if (key == "setup") {
      record.setup = value;
    } else if (key == "smudge") {
      record.smudge = value;
    } else if (key == "trust") {
      record.trust = value;
    } else if (key == "sparse") {
      record.sparse.push_back(value);
    } else if (key == "bytes" || key == "given_back" || key == "ignored") {
      std::int64_t& number = key == "bytes"     ? record.bytes
                             : key == "ignored" ? record.ignored
                                                : record.given_back;
      const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
      if (read.ec != std::errc{} || read.ptr != value.data() + value.size() || number < 0) {
        return std::nullopt;
      }
    } else if (key == "ready") {
      record.ready = value == "1";
      complete = true;
    } else {
      return std::nullopt;
    }
  }
  if (!complete || !jobs::is_safe_component(record.slot)) {
    return std::nullopt;
  }
  return record;
}

std::string trust_of(const jobs::Repo& repo, const jobs::Run& run) {
  return std::ranges::find(repo.trusted, run.requested_by) != repo.trusted.end() ? "name"
                                                                                 : "permission";
}

jobs::Result<std::optional<Record>> read_record(const Layout& layout, const jobs::RepoName& repo,
                                                std::string_view slot) {
  RUNNER_ASSIGN(const auto text, read_below(layout.pool(repo), file_of(slot), 65536));
  auto record = text ? parse_record(*text) : std::nullopt;
  if (record && record->slot != slot) {
    record.reset();
  }
  return record;
}

jobs::Status write_record(const Layout& layout, const jobs::RepoName& repo, const Record& record) {
  std::vector<const std::string*> values = {&record.slot,   &record.repo,  &record.run,
                                            &record.branch, &record.setup, &record.smudge,
                                            &record.trust};
  for (const std::string& folder : record.sparse) {
    values.push_back(&folder);
  }
  for (const std::string* value : values) {
    if (value->find('\n') != std::string::npos) {
      return jobs::fail(jobs::ErrorKind::usage, fmt::format("a worktree record cannot hold '{}'",
                                                            jobs::one_line(*value, 80)));
    }
  }
  return write_below(layout.pool(repo), file_of(record.slot), record_text(record),
                     Durability::synced);
}

jobs::Status remove_record(const Layout& layout, const jobs::RepoName& repo,
                           std::string_view slot) {
  return remove_below(layout.pool(repo), file_of(slot));
}

std::vector<Record> records(const Layout& layout, const jobs::RepoName& repo) {
  std::vector<Record> found;
  for (const std::string& name : names_in(layout.pool(repo))) {
    if (name.ends_with(kSuffix)) {
      auto record =
          read_record(layout, repo, std::string_view(name).substr(0, name.size() - kSuffix.size()));
      if (record && *record) {
        found.push_back(std::move(**record));
      }
    }
  }
  return found;
}

std::optional<Record> record_of(const Layout& layout, const jobs::RepoName& repo,
                                const jobs::RunId& run) {
  if (run.empty()) {
    return std::nullopt;
  }
  for (Record& record : records(layout, repo)) {
    if (record.run == run.str()) {
      return std::move(record);
    }
  }
  return std::nullopt;
}

Idle idle_worktrees(const Layout& layout) {
  Idle idle;
  const std::string top = layout.root + "/worktrees";
  for (const std::string& pool : names_in(top)) {
    for (const std::string& name : names_in(top + "/" + pool)) {
      if (name.ends_with(kSuffix)) {
        const auto text = read_below(top + "/" + pool, name, 65536);
        const auto record = text && *text ? parse_record(**text) : std::nullopt;
        if (record && record->run.empty()) {
          idle.bytes += record->bytes;
          ++idle.count;
        }
      }
    }
  }
  return idle;
}

bool owns_branch(const Layout& layout, const jobs::RepoName& repo, const jobs::RunId& run,
                 const std::string& branch) {
  if (branch.empty()) {
    return false;
  }
  const auto known = records(layout, repo);
  return std::ranges::none_of(known, [&](const Record& record) {
    return record.run == run.str() ? record.branch != branch : record.branch == branch;
  });
}

}  // namespace worktrees
