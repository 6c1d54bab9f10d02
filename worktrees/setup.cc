#include "worktrees/setup.h"

#include <chrono>

#include <fmt/core.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/key_text.h"
#include "worktrees/mirror.h"

namespace worktrees {
namespace {

using jobs::ErrorKind;
using jobs::Oid;

jobs::Result<std::string> setup_key(const Context& context, const jobs::Repo& repo,
                                    const Oid& base) {
  KeyText text;
  for (const auto& argv : repo.setup) {
    text.add(argv);
  }
  text.add(repo.setup_toolchain);
  RUNNER_ASSIGN(const Repository mirror, open_mirror(context.layout, repo.name));
  RUNNER_ASSIGN(const Oid tree_id, tree_of(mirror.get(), base));
  RUNNER_ASSIGN(const git_oid id, parse_oid(tree_id));
  Tree tree;
  if (const int code = git_tree_lookup(into(tree), mirror.get(), &id); code < 0) {
    return git_failure(code, "cannot read the base tree");
  }
  for (const std::string& path : repo.setup_locks) {
    TreeEntry entry;
    text.add(path);
    // The blob's id stands for its content.
    const int code = git_tree_entry_bypath(into(entry), tree.get(), path.c_str());
    text.add(code == 0 ? to_hex(*git_tree_entry_id(entry.get())) : "absent");
  }
  return text.key();
}

}  // namespace

jobs::Status run_setup(const Context& context, const jobs::Repo& repo, Record& record,
                       std::vector<std::string>& log) {
  if (repo.setup.empty()) {
    return jobs::ok();
  }
  RUNNER_ASSIGN(const std::string key, setup_key(context, repo, record.base));
  if (record.setup == key) {
    return jobs::ok();
  }
  const std::string folder = context.layout.slot(repo.name, record.slot);
  for (const auto& argv : repo.setup) {
    if (argv.empty()) {
      continue;
    }
    std::string shown;
    for (const std::string& word : argv) {
      shown += (shown.empty() ? "" : " ") + word;
    }
    shown = jobs::one_line(shown, 120);
    context.say(fmt::format("setup: {}", shown));
    RUNNER_ASSIGN(const auto outcome,
                  context.commands->run({.repo = repo.name,
                                         .argv = argv,
                                         .cwd = folder,
                                         .env = repo.env,
                                         .deadline = context.options.limits.setup_deadline}));
    if (outcome.exit_code != 0) {
      return jobs::fail(ErrorKind::transient,
                        fmt::format("setup command '{}' exited {}: {}", shown, outcome.exit_code,
                                    jobs::one_line(jobs::tail(outcome.output_tail, 5, 400), 400)),
                        fmt::format("run it by hand in {}", folder));
    }
    log.push_back(
        fmt::format("{} ({:.1f} s)", shown, std::chrono::duration<double>(outcome.took).count()));
  }
  RUNNER_POINT(setup_done);
  record.setup = key;
  return write_record(context.layout, repo.name, record);
}

}  // namespace worktrees
