#include "worktrees/gitmodules.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace worktrees {
namespace {

std::string with(const std::string& lines) {
  return "[submodule \"lib\"]\n" + lines;
}

TEST(Gitmodules, OrdinaryOnesAreFine) {
  for (const std::string& text :
       {std::string(), with("\tpath = lib\n\turl = https://example.com/lib.git\n\tbranch = main\n"),
        with("path=lib\nurl=../lib.git\nupdate=rebase\n"), with("url = ./lib.git\n"),
        with("url = git@example.com:acme/lib.git\n"), with("url = \"https://example.com/a b\"\n"),
        with("; url = -x\n# update = !x\npath = lib ; -x\n"), with("path = a\\\n-b\n"),
        std::string("[other \"../x\"]\n\turl = -x\n\tupdate = !x\n"),
        std::string("[submodule \"a/b..c/..d\"]\n\tpath = x\n"),
        std::string("\xff\xfe not a configuration at all")}) {
    EXPECT_EQ(gitmodules_problem(text), "") << text;
  }
}

TEST(Gitmodules, WhatGitRefusesIsRefusedWithItsRule) {
  struct Case {
    std::string text;
    const char* rule;
  };
  for (const Case& each : {
           Case{with("url = -u./payload\n"), "gitmodulesUrl"},
           Case{with("url = \"-u./payload\"\n"), "gitmodulesUrl"},
           Case{with("URL = -u./payload\n"), "gitmodulesUrl"},
           Case{with("url = \\\n-u./payload\n"), "gitmodulesUrl"},
           Case{with("url = \"a\\nb\"\n"), "gitmodulesUrl"},
           Case{with("url = https://example.com/%0Ahost=x\n"), "gitmodulesUrl"},
           Case{with("url = ../../../:x.git\n"), "gitmodulesUrl"},
           Case{with("url = ..//x.git\n"), "gitmodulesUrl"},
           Case{with("url = https:///x.git\n"), "gitmodulesUrl"},
           Case{with("url = http://\n"), "gitmodulesUrl"},
           Case{with("path = -x\n"), "gitmodulesPath"},
           Case{with("update = !touch owned\n"), "gitmodulesUpdate"},
           Case{with("path = lib\nurl = https://example.com\nupdate=\"!x\"\n"), "gitmodulesUpdate"},
           Case{"[submodule \"../../hooks\"]\npath = sub\n", "gitmodulesName"},
           Case{"[submodule \"a/../b\"]\npath = sub\n", "gitmodulesName"},
           Case{"[submodule \"a\\\\..\\\\b\"]\npath = sub\n", "gitmodulesName"},
           Case{"[submodule \"..\"]\npath = sub\n", "gitmodulesName"},
           Case{"[submodule]\npath = sub\n", "gitmodulesName"},
           Case{"[SubModule \"..\"]\npath = sub\n", "gitmodulesName"},
           Case{"[submodule.x]\nupdate = !x\n", "gitmodulesUpdate"},
       }) {
    const std::string problem = gitmodules_problem(each.text);
    EXPECT_NE(problem.find(each.rule), std::string::npos) << each.text << " -> " << problem;
  }
}

RC_GTEST_PROP(Gitmodules, AnythingIsReadToItsEnd, (const std::string& text)) {
  (void)gitmodules_problem(text);
  (void)gitmodules_problem("[submodule \"" + text + "\"]\nurl = " + text);
}

}  // namespace
}  // namespace worktrees
