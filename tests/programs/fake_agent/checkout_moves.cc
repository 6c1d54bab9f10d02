#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

/// Reaching through the worktree into the checkout that it belongs to: configuration, hooks, refs,
/// locks and borrowed objects.
namespace fake_agent {

namespace {

namespace fs = std::filesystem;

bool append_to(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::app);
  out << text;
  return static_cast<bool>(out.flush());
}

/// Touched by whatever hook, filter or helper of ours is ever run.
std::string trap() {
  const std::string loot = variable("FAKE_AGENT_LOOT");
  return "touch " + (loot.empty() ? variable("TMPDIR") : loot) + "/trap-sprung";
}

std::string evil_config() {
  const std::string quoted = "\"!" + trap() + "\"";
  return fmt::format(
      "[core]\n\tfsmonitor = \"{0}\"\n\thooksPath = {1}/evil-hooks\n\tsshCommand = \"{0}\"\n"
      "\tpager = \"{0}\"\n\teditor = \"{0}\"\n"
      "[filter \"evil\"]\n\tclean = \"{0}\"\n\tsmudge = \"{0}\"\n\trequired = true\n"
      "[diff \"evil\"]\n\ttextconv = \"{0}\"\n\tcommand = \"{0}\"\n"
      "[merge \"evil\"]\n\tdriver = \"{0}\"\n"
      "[credential]\n\thelper = {2}\n"
      "[uploadpack]\n\tpackObjectsHook = \"{0}\"\n"
      "[gpg]\n\tprogram = \"{0}\"\n[commit]\n\tgpgsign = true\n",
      trap(), common_folder(), quoted);
}

bool plant_hooks() {
  std::error_code error;
  bool done = true;
  for (const char* folder : {"/hooks", "/evil-hooks"}) {
    fs::create_directories(common_folder() + folder, error);
    for (const char* name :
         {"pre-commit", "post-commit", "pre-push", "post-checkout", "post-merge", "pre-receive",
          "update", "post-update", "reference-transaction", "fsmonitor-watchman", "pre-auto-gc",
          "post-index-change", "prepare-commit-msg", "commit-msg", "post-rewrite", "pre-rebase"}) {
      const std::string path = fmt::format("{}{}/{}", common_folder(), folder, name);
      done =
          put_file(path, "#!/bin/sh\n" + trap() + "\n") && ::chmod(path.c_str(), 0755) == 0 && done;
    }
  }
  return done;
}

bool redirect_remote() {
  const std::string evil = variable("TMPDIR") + "/evil.git";
  return git({"init", "-q", "--bare", evil}) &&
         append_to(common_folder() + "/config",
                   fmt::format("[remote \"origin\"]\n\turl = {0}\n\tpushurl = {0}\n\tfetch = "
                               "+refs/*:refs/*\n\tmirror = true\n\tvcs = evil\n"
                               "[url \"{0}\"]\n\tinsteadOf = /\n\tpushInsteadOf = /\n"
                               "[http]\n\tproxy = http://127.0.0.1:1\n",
                               evil));
}

bool plant_locks() {
  bool done = put_file(worktree_folder() + "/index.lock", "");
  done = put_file(worktree_folder() + "/HEAD.lock", "") && done;
  done = put_file(common_folder() + "/config.lock", "") && done;
  done = put_file(common_folder() + "/packed-refs.lock", "") && done;
  done = put_file(common_folder() + "/shallow.lock", "") && done;
  return put_file(common_folder() + "/refs/heads/main.lock", "") && done;
}

/// As if the base branch already had the work, or as if it had never been what it was.
bool move_base() {
  const std::string own = git_output({"commit-tree", "HEAD^{tree}", "-m", "A base of its own"});
  bool done = !own.empty();
  for (const char* ref : {"refs/heads/main", "refs/remotes/origin/main", "refs/runner/base",
                          "refs/runner/rescue/00000000000000000000000000"}) {
    done = git({"update-ref", ref, own}) && done;
  }
  return done;
}

bool poison_alternates() {
  const std::string evil = variable("TMPDIR") + "/evil-objects.git";
  const std::string path = common_folder() + "/objects/info/alternates";
  std::error_code error;
  fs::create_directories(common_folder() + "/objects/info", error);
  return git({"init", "-q", "--bare", evil}) &&
         append_to(path, evil + "/objects\n/proc/self/root\n\"\\777\n-x\n") &&
         append_to(common_folder() + "/objects/info/http-alternates", "http://127.0.0.1:1/\n");
}

bool edit_packed_refs() {
  const std::string head = git_output({"rev-parse", "HEAD"});
  return append_to(common_folder() + "/packed-refs",
                   fmt::format("{0} refs/heads/../../../evil\n{0} refs/remotes/origin/main\n"
                               "^{0}\nnot a line of refs\n{0} refs/heads/a b\n",
                               head));
}

bool ref_links() {
  // A ref that is a link or a chain that never ends.
  std::error_code error;
  const std::string heads = common_folder() + "/refs/heads/";
  bool done = put_file(heads + "round", "ref: refs/heads/about\n");
  done = put_file(heads + "about", "ref: refs/heads/round\n") && done;
  done = ::symlink("/etc/passwd", (heads + "linked").c_str()) == 0 && done;
  return put_file(heads + "long", std::string(1U << 20, 'a')) && done;
}

}  // namespace

void add_checkout_moves(Moves& moves) {
  moves["config-checkout"] = [] { return append_to(common_folder() + "/config", evil_config()); };
  moves["config-worktree"] = [] {
    return append_to(common_folder() + "/config", "[extensions]\n\tworktreeConfig = true\n") &&
           append_to(worktree_folder() + "/config.worktree", evil_config());
  };
  moves["config-broken"] = [] {
    return append_to(common_folder() + "/config", "[core\n\tbare = maybe\n\x01\n");
  };
  moves["attributes"] = [] {
    return append_to(".gitattributes", "* filter=evil diff=evil merge=evil -text ident\n") &&
           append_to(common_folder() + "/info/attributes", "* filter=evil\n");
  };
  moves["hooks"] = plant_hooks;
  moves["redirect-remote"] = redirect_remote;
  moves["locks"] = plant_locks;
  moves["move-base"] = move_base;
  moves["alternates"] = poison_alternates;
  moves["packed-refs"] = edit_packed_refs;
  moves["ref-links"] = ref_links;
  moves["shallow"] = [] {
    const std::string head = git_output({"rev-parse", "HEAD"});
    return put_file(common_folder() + "/shallow", head + "\n") &&
           append_to(common_folder() + "/info/grafts", head + "\n");
  };
  moves["lose-objects"] = [] {
    std::error_code error;
    return fs::remove_all(common_folder() + "/objects", error) > 0 && !error;
  };
  moves["lose-checkout"] = [] {
    std::error_code error;
    return fs::remove_all(common_folder(), error) > 0 && !error;
  };
  moves["commondir"] = [] {
    return put_file(worktree_folder() + "/commondir", "../../../../../../../..\n") &&
           put_file(worktree_folder() + "/gitdir", "/etc/passwd\n");
  };
}

}  // namespace fake_agent
