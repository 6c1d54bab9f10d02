#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"

/// Trees that an agent, or a remote that somebody broke into, could make. Each is one tree; `%` in
/// a content stands for nothing, an entry without content names an object by its id.
namespace worktrees::test {

struct OddEntry {
  std::string mode;
  std::string name;
  std::string content = "x\n";  ///< of the blob, or of what a link points to
  std::string id;               ///< instead of a content: forty hex digits, as they are
  std::vector<OddEntry> below;  ///< of a directory
};

enum class Fate : std::uint8_t {
  refused,  ///< must not be written and must not land
  written,  ///< must be written, so that git finds nothing to say, and must land
  visited,  ///< must be written as that, and must not land
  either,   ///< no harm may come of it, whatever becomes of it
};

struct OddTree {
  std::string name;
  Fate fate = Fate::either;
  std::vector<OddEntry> entries;      ///< in the order in which they stand in the tree
  std::string says = {};              ///< in what a refusal says: the path and the rule
  std::string rule = "hostile-tree";  ///< of a landing that is rejected
};

/// What is said of the entry at `path`, ".git" or "a/b/.git".
inline std::string about(std::string_view path, std::string_view problem) {
  const std::size_t slash = path.rfind('/');
  const std::size_t name = slash == std::string_view::npos ? 0 : slash + 1;
  return fmt::format("the tree entry '{}{}' {}", path.substr(0, name),
                     jobs::one_line(path.substr(name), 80), problem);
}

inline OddEntry file(std::string name, std::string content = "x\n") {
  return {.mode = "100644", .name = std::move(name), .content = std::move(content)};
}
inline OddEntry link(std::string name, std::string target) {
  return {.mode = "120000", .name = std::move(name), .content = std::move(target)};
}
inline OddEntry folder(std::string name, std::vector<OddEntry> below) {
  return {.mode = "40000", .name = std::move(name), .below = std::move(below)};
}
inline OddEntry named(std::string mode, std::string name, std::string id) {
  return {.mode = std::move(mode), .name = std::move(name), .id = std::move(id)};
}

/// Everything that some file system takes for ".git".
inline void add_git_names(std::vector<OddTree>& all) {
  constexpr const char* kIsGit = "is a name for .git";
  std::vector<std::string> names = {
      ".git",   ".GIT",    ".Git",    ".gIt",        ".giT",
      ".GIt",   "git~1",   "GIT~1",   "Git~1",       ".git.",
      ".git..", ".git ",   ".git  ",  ".git. .",     ".git::$INDEX_ALLOCATION",
      ".git:x", ".git\\x", "git~1 .", "GIT~1::$DATA"};
  // Code points that HFS+ leaves out of account.
  for (const char* ignored :
       {"\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
        "\u206a", "\u206b", "\u206c", "\u206d", "\u206e", "\u206f", "\ufeff"}) {
    names.push_back(std::string(".g") + ignored + "it");
    names.push_back(std::string(".GI") + ignored + "T");
  }
  for (const std::string& name : names) {
    all.push_back({"a file " + name, Fate::refused, {file(name)}, about(name, kIsGit)});
  }
  for (const std::string& name : {std::string(".git"), std::string(".GIT"), std::string("git~1")}) {
    all.push_back({"a folder " + name + " with a hook",
                   Fate::refused,
                   {folder(name, {folder("hooks", {file("post-checkout", "touch RAN\n")})})},
                   about(name, kIsGit)});
    all.push_back({"a link " + name, Fate::refused, {link(name, "..")}, about(name, kIsGit)});
    all.push_back({"a folder " + name + " further down",
                   Fate::refused,
                   {folder("a", {folder("b", {folder(name, {file("config")})})})},
                   about("a/b/" + name, kIsGit)});
  }
}

inline void add_paths(std::vector<OddTree>& all) {
  const auto quoted = [](const std::string& name, std::string_view problem) {
    return fmt::format("the tree entry '{}' {}", name, problem);
  };
  for (const std::string name :
       {"a/b", "/etc", "../outside", "../../outside", "a/../../outside", "./a", "a//b"}) {
    all.push_back({"a file '" + name + "'",
                   Fate::refused,
                   {file(name)},
                   quoted(name, "has a separator in its name")});
  }
  for (const std::string name : {".", ".."}) {
    all.push_back({"a file '" + name + "'",
                   Fate::refused,
                   {file(name)},
                   quoted(name, "would leave its directory")});
  }
  all.push_back({"a file ''", Fate::refused, {file("")}});  // nobody reads such a tree
  all.push_back({"a folder '..'",
                 Fate::refused,
                 {folder("..", {file("outside")})},
                 quoted("..", "would leave its directory")});
}

inline void add_modes(std::vector<OddTree>& all) {
  for (const std::string mode :
       {"104755", "102755", "101644", "106755", "60000", "20000", "10000", "140000", "0", "40755",
        "120777", "777", "100000000644", "1", "160755"}) {
    // Some are not to be read at all, and one says that it is a folder, which it is not.
    const bool readable = mode.size() <= 7 && mode != "40755";
    all.push_back({"mode " + mode,
                   Fate::refused,
                   {{.mode = mode, .name = "a"}},
                   readable ? about("a", fmt::format("has the mode {:0>6}", mode)) : ""});
  }
  for (const std::string mode :
       {"x", "10064x", "-100644", "", " 100644", "0x81a4", "99999999999999"}) {
    all.push_back({"no mode: '" + mode + "'", Fate::refused, {{.mode = mode, .name = "a"}}});
  }
  for (const std::string mode : {"100664", "100755"}) {
    all.push_back({"mode " + mode, Fate::either, {{.mode = mode, .name = "a"}}});
  }
}

inline void add_conflicts(std::vector<OddTree>& all) {
  const OddEntry below = folder("a", {file("inside")});
  const auto twice = [](std::string_view name) {
    return about(name, "stands twice or out of order");
  };
  const auto both = [](std::string_view name) { return about(name, "is a file and a directory"); };
  all.push_back({"a file twice", Fate::refused, {file("a"), file("a", "y\n")}, twice("a")});
  all.push_back({"a folder twice", Fate::refused, {below, below}, twice("a")});
  all.push_back({"a file and a folder", Fate::refused, {file("a"), below}, both("a")});
  all.push_back(
      {"a link and a folder", Fate::refused, {link("a", "../outside"), below}, both("a")});
  all.push_back(
      {"a folder and a link", Fate::refused, {below, link("a", "../outside")}, twice("a")});
  all.push_back({"a link and a folder apart",
                 Fate::refused,
                 {link("a", "../outside"), file("a.b"), below},
                 both("a")});
  all.push_back({"out of order", Fate::refused, {file("b"), file("a")}, twice("a")});
  all.push_back({"a submodule and a folder",
                 Fate::refused,
                 {named("160000", "a", std::string(40, '1')), below},
                 both("a")});
  all.push_back({"names that differ in case", Fate::written, {file("A"), file("a")}});
  all.push_back({"names that one Unicode form makes equal",
                 Fate::written,
                 {file("e\u0301"), file("\u00e9")}});
}

inline void add_links(std::vector<OddTree>& all) {
  for (const std::string target :
       {"../outside", "../../outside", "/etc/passwd", "/", ".", "a", "b", ".git/config", ".git",
        "/proc/self/environ", "/dev/zero", "with\nline", "\x1b[31m"}) {
    all.push_back({"a link to '" + target + "'", Fate::written, {link("a", target)}});
  }
  all.push_back({"links in a circle", Fate::written, {link("a", "b"), link("b", "a")}});
  for (const auto& [what, target] : std::vector<std::pair<std::string, std::string>>{
           {"with a NUL", std::string("../outside\0x", 12)},
           {"of nothing", ""},
           {"that is too long", std::string(5000, 'x')}}) {
    all.push_back(
        {"a link to a path " + what, Fate::refused, {link("a", target)}, "leads to no path"});
  }
  for (const std::string name : {".gitmodules", ".gitattributes", ".gitignore"}) {
    all.push_back({name + " that is a link",
                   Fate::either,
                   {link(name, "/dev/zero")},
                   "",
                   name == ".gitmodules" ? "hostile-submodule" : "hostile-tree"});
    all.push_back({name + " that is a folder", Fate::either, {folder(name, {file("x")})}});
  }
}

inline void add_submodules(std::vector<OddTree>& all) {
  constexpr const char* kModules = "hostile-submodule";
  const std::string commit(40, '1');
  const auto modules = [](const std::string& name, const std::string& path,
                          const std::string& url) {
    return file(".gitmodules",
                fmt::format("[submodule \"{}\"]\n\tpath = {}\n\turl = {}\n", name, path, url));
  };
  for (const std::string url : {"ext::sh -c touch% RAN", "--upload-pack=touch RAN", "-u./RAN",
                                "file:///outside", "../../outside", "https://a\nb"}) {
    all.push_back({"a submodule from " + url,
                   url.starts_with('-') ? Fate::visited : Fate::written,
                   {modules("a", "a", url), named("160000", "a", commit)},
                   "",
                   kModules});
  }
  for (const std::string name : {"../../outside", "..", "/abs", "a/../../../hooks"}) {
    all.push_back({"a submodule called " + name,
                   name == "/abs" ? Fate::written : Fate::visited,
                   {modules(name, "a", "https://example.org/a"), named("160000", "a", commit)},
                   "",
                   kModules});
    all.push_back({"a submodule at " + name,
                   Fate::written,
                   {modules("a", name, "https://example.org/a"), named("160000", "a", commit)}});
  }
  all.push_back(
      {"a submodule of no commit", Fate::either, {named("160000", "a", std::string(40, '0'))}});
}

inline void add_attributes(std::vector<OddTree>& all) {
  for (const std::string what :
       {"filter=evil", "diff=evil", "merge=evil", "filter=lfs", "working-tree-encoding=evil",
        "eol=evil", "ident filter=evil", "-text -diff -merge", "binary"}) {
    all.push_back({"attributes " + what,
                   Fate::either,
                   {file(".gitattributes", "* " + what + "\n"), file("a")}});
  }
  all.push_back({"attributes of a macro",
                 Fate::either,
                 {file(".gitattributes", "[attr]evil filter=evil\n* evil\n"), file("a")}});
  std::string many;
  while (many.size() < (std::size_t{2} << 20U)) {
    many += fmt::format("{}/*.txt text eol=crlf\n", many.size());
  }
  all.push_back({"attributes of two megabytes",
                 Fate::refused,
                 {folder("a", {file(".gitattributes", many), file("a.txt")})},
                 "the .gitattributes files up to 'a/.gitattributes' have ",
                 "size"});
  const OddEntry half = file(".gitattributes", many.substr(0, std::size_t{600} << 10U));
  all.push_back({"attributes of half a megabyte, twice",
                 Fate::refused,
                 {folder("a", {half}), folder("b", {half})},
                 "the .gitattributes files up to 'b",
                 "size"});
  all.push_back({"attributes with a very long line",
                 Fate::either,
                 {file(".gitattributes", "* " + std::string(70'000, 'x') + "\n"), file("a")}});
  all.push_back(
      {"rules that ignore everything", Fate::written, {file(".gitignore", "*\n"), file("a")}});
}

inline void add_names(std::vector<OddTree>& all) {
  std::vector<std::string> names = {
      "new\nline", "tab\t",   "\x1b[31mred", "-rf",          "--help",       " ",
      "a ",        "...",     "~",           "$(touch RAN)", "`touch RAN`",  ";touch RAN",
      "|x",        "*",       "?",           "[a]",          "\\",           "\"",
      "'",         "%s%n",    "\xff\xfe",    "\xc0\xae",     "\xed\xa0\x80", "\u202egpj.exe",
      "con",       "nul.txt", "a:b",         "\x7f",         "\x01\x02",     std::string(255, 'n')};
  for (const std::string& name : names) {
    all.push_back({"a file called '" + name + "'", Fate::written, {file(name)}});
  }
  all.push_back({"a name that is too long", Fate::either, {file(std::string(256, 'n'))}});
  all.push_back({"a name that is far too long", Fate::either, {file(std::string(70'000, 'n'))}});
}

inline void add_depths(std::vector<OddTree>& all) {
  for (const int depth : {40, 600, 3000}) {
    OddEntry deep = file("f");
    for (int i = 0; i < depth; ++i) {
      deep = folder("d", {std::move(deep)});
    }
    all.push_back({fmt::format("{} folders deep", depth),
                   depth < 512 ? Fate::written : Fate::refused,
                   {std::move(deep)},
                   depth < 512 ? "" : "directories nested more than 512 deep"});
  }
  OddEntry long_path = file("f");
  for (int i = 0; i < 30; ++i) {
    long_path = folder(std::string(200, 'p'), {std::move(long_path)});
  }
  all.push_back({"a path longer than the kernel's", Fate::either, {std::move(long_path)}});
}

inline void add_broken(std::vector<OddTree>& all) {
  const std::string missing(40, '7');
  all.push_back({"a file that is missing", Fate::refused, {named("100644", "a", missing)}});
  all.push_back({"a folder that is missing", Fate::refused, {named("40000", "a", missing)}});
  all.push_back({"a link that is missing", Fate::refused, {named("120000", "a", missing)}});
  all.push_back(
      {"the object of no object", Fate::refused, {named("100644", "a", std::string(40, '0'))}});
  all.push_back({"a folder that is a file", Fate::refused, {{.mode = "40000", .name = "a"}}});
  OddEntry tree_as_file = folder("a", {file("x")});
  tree_as_file.mode = "100644";
  all.push_back({"a file that is a folder", Fate::refused, {tree_as_file}});
  tree_as_file.mode = "120000";
  all.push_back({"a link that is a folder", Fate::refused, {tree_as_file}});
  all.push_back({"an id that is cut", Fate::refused, {named("100644", "a", std::string(30, '7'))}});
  all.push_back({"no entry at all", Fate::either, {}});
}

inline std::vector<OddTree> hostile_trees() {
  std::vector<OddTree> all;
  add_git_names(all);
  add_paths(all);
  add_modes(all);
  add_conflicts(all);
  add_links(all);
  add_submodules(all);
  add_attributes(all);
  add_names(all);
  add_depths(all);
  add_broken(all);
  return all;
}

}  // namespace worktrees::test
