#include "manifests/effective.h"

#include <fmt/format.h>

#include "manifests/checks.h"
#include "manifests/fields.h"
#include "manifests/value_of.h"

namespace manifests {

namespace {

/// Collects one table. Texts that are not set are left out: TOML has no word for nothing.
class Writer {
 public:
  Writer(std::string header, std::string path, std::string below = {})
      : table_{.header = std::move(header), .below = std::move(below), .values = {}},
        path_(std::move(path)) {}

  void put(std::string_view key, Value value) {
    table_.values.push_back({.key = std::string(key),
                             .path = fmt::format("{}.{}", path_, key),
                             .value = std::move(value)});
  }
  void put_text(std::string_view key, const std::string& text) {
    if (!text.empty()) {
      put(key, of(text));
    }
  }
  /// Where a secret lies, never the secret.
  void put_secret(const std::string& prefix, const std::optional<jobs::SecretRef>& secret) {
    if (secret) {
      const bool env = secret->source == jobs::SecretRef::Source::env;
      put_text(prefix + (env ? "token_env" : "token_file"), secret->name);
    }
  }
  EffectiveTable take() { return std::move(table_); }

 private:
  EffectiveTable table_;
  std::string path_;
};

/// Some services put the secret into the address, so that only the host is shown.
std::string without_path(const std::string& url) {
  const std::size_t host = url.find("://");
  const std::size_t path = host == std::string::npos ? host : url.find_first_of("/?#", host + 3);
  return path == std::string::npos || path + 1 == url.size() ? url : url.substr(0, path) + "/...";
}

EffectiveTable fleet_table(const jobs::Fleet& fleet) {
  Writer out("fleet", "fleet");
  out.put("kill_switch", of(fleet.kill_switch));
  std::vector<std::string> allow;
  for (const jobs::RepoName& name : fleet.allow) {
    allow.push_back(name.str());
  }
  out.put("allow", of(allow));
  out.put_text("state_dir", fleet.state_dir);
  out.put("containment", of(std::string(jobs::to_string(fleet.containment))));
  out.put_text("bot", fleet.bot);
  out.put_text("metrics_textfile", fleet.metrics_textfile);
  return out.take();
}

EffectiveTable labels_table(const jobs::Labels& labels) {
  Writer out("fleet.labels", "fleet.labels");
  out.put_text("ready", labels.ready);
  out.put_text("in_progress", labels.in_progress);
  out.put_text("human", labels.human);
  return out.take();
}

EffectiveTable limits_table(const jobs::Limits& limits) {
  Writer out("limits", "limits");
  for (const LimitField& field : limit_fields()) {
    std::visit(Overloaded{[&](int jobs::Limits::* member) {
                            out.put(field.key, of(std::int64_t{limits.*member}));
                          },
                          [&](jobs::Duration jobs::Limits::* member) {
                            out.put(field.key, of(format_exact(limits.*member)));
                          },
                          [&](std::int64_t jobs::Limits::* member) {
                            out.put(field.key, field.key.ends_with("_bytes")
                                                   ? of(format_size(limits.*member))
                                                   : of(limits.*member));
                          }},
               field.member);
  }
  return out.take();
}

EffectiveTable budget_table(const jobs::Budget& budget) {
  Writer out("budget", "budget");
  out.put("per_turn_usd", of(budget.per_turn.usd.str()));
  out.put("per_turn_tokens", of(budget.per_turn.tokens));
  for (const CapField& field : cap_fields()) {
    std::visit(Overloaded{[&](std::optional<jobs::Usd> jobs::Budget::* member) {
                            const std::optional<jobs::Usd>& cap = budget.*member;
                            out.put(field.key, of(cap ? cap->str() : std::string("none")));
                          },
                          [&](std::optional<std::int64_t> jobs::Budget::* member) {
                            out.put(field.key, budget.*member ? of(*(budget.*member))
                                                              : of(std::string("none")));
                          }},
               field.member);
  }
  out.put("time_zone", of(budget.time_zone.name));
  return out.take();
}

EffectiveTable retention_table(const jobs::Retention& retention) {
  Writer out("retention", "retention");
  for (const RetentionField& field : retention_fields()) {
    std::visit(Overloaded{[&](jobs::Duration jobs::Retention::* member) {
                            out.put(field.key, of(format_exact(retention.*member)));
                          },
                          [&](int jobs::Retention::* member) {
                            out.put(field.key, of(std::int64_t{retention.*member}));
                          },
                          [&](std::int64_t jobs::Retention::* member) {
                            out.put(field.key, of(format_size(retention.*member)));
                          }},
               field.member);
  }
  return out.take();
}

EffectiveTable ci_table(const std::string& path, const jobs::CiConfig& ci) {
  Writer out(path, path);
  out.put("kind", of(std::string(to_string(ci.kind))));
  if (ci.kind == jobs::CiKind::command) {
    out.put("command", of(ci.command));
    out.put("deadline", of(format_exact(ci.deadline)));
    return out.take();
  }
  out.put("deadline", of(format_exact(ci.deadline)));
  out.put_text("tracker", ci.tracker);
  out.put_text("url", ci.url);
  if (ci.token) {
    out.put_text(ci.token->source == jobs::SecretRef::Source::env ? "token_env" : "token_file",
                 ci.token->name);
  }
  out.put("expect", of(ci.expect));
  out.put("succeed", of(ci.succeed));
  out.put("settle", of(format_exact(ci.settle)));
  if (ci.kind == jobs::CiKind::woodpecker) {
    out.put("events", of(ci.events));
  }
  return out.take();
}

void named_tables(const jobs::Fleet& fleet, std::vector<EffectiveTable>& tables) {
  for (const auto& [name, tracker] : fleet.trackers) {
    Writer out("tracker." + name, "tracker." + name);
    out.put("kind", of(std::string(jobs::to_string(tracker.kind))));
    out.put_text("path", tracker.path);
    out.put_text("url", tracker.url);
    out.put_secret("", tracker.token);
    if (tracker.kind == jobs::TrackerKind::github) {
      out.put("api", of(std::string(jobs::to_string(tracker.api))));
    }
    out.put_text("workspace", tracker.workspace);
    tables.push_back(out.take());
    if (!tracker.states.empty()) {
      Writer states("tracker." + name, "tracker." + name + ".states", "states");
      for (const auto& [word, state] : tracker.states) {
        states.put_text(word, state);
      }
      tables.push_back(states.take());
    }
    if (tracker.app) {
      Writer app("tracker." + name, "tracker." + name + ".app", "app");
      app.put_text("id", tracker.app->id);
      if (tracker.app->installation != 0) {
        app.put("installation", of(tracker.app->installation));
      }
      const bool env = tracker.app->key.source == jobs::SecretRef::Source::env;
      app.put_text(env ? "key_env" : "key_file", tracker.app->key.name);
      tables.push_back(app.take());
    }
  }
  for (const auto& [name, agent] : fleet.agents) {
    Writer out("agent." + name, "agent." + name);
    out.put("kind", of(std::string(jobs::to_string(agent.kind))));
    if (!agent.command.empty()) {
      out.put("command", of(agent.command));
    }
    if (agent.kind != jobs::AgentKind::command) {
      out.put("args", of(agent.args));
    }
    out.put("env", of(agent.env));
    out.put("pass_env", of(agent.pass_env));
    out.put_text("usage_file", agent.usage_file);
    out.put_text("model", agent.model);
    out.put("network", of(std::string(jobs::to_string(agent.network))));
    out.put_text("proxy", agent.proxy);
    std::vector<std::string> caches;
    std::vector<std::string> read;
    for (const std::string& path : agent.caches) {
      if (path.ends_with(kReadOnly)) {
        read.push_back(path.substr(0, path.size() - kReadOnly.size()));
      } else {
        caches.push_back(path);
      }
    }
    out.put("caches", of(caches));
    out.put("read", of(read));
    if (agent.price) {
      out.put("price_input_usd", of(agent.price->input.str()));
      out.put("price_cached_usd", of(agent.price->cached_input.str()));
      out.put("price_output_usd", of(agent.price->output.str()));
    }
    if (agent.kind != jobs::AgentKind::command) {
      out.put("after_result", of(format_exact(agent.after_result)));
      out.put("repo_settings", of(agent.repo_settings));
    }
    tables.push_back(out.take());
  }
  for (const auto& [name, ci] : fleet.ci) {
    tables.push_back(ci_table("ci." + name, ci));
  }
  for (const auto& [name, notify] : fleet.notify) {
    Writer out("notify." + name, "notify." + name);
    const bool webhook = notify.kind == jobs::NotifyKind::webhook;
    out.put("kind", of(std::string(webhook ? "webhook" : "file")));
    out.put_text("path", notify.path);
    out.put_text("url", without_path(notify.url));
    out.put_secret("", notify.token);
    tables.push_back(out.take());
  }
}

EffectiveTable pipeline_table(const jobs::Pipeline& pipeline) {
  Writer out("pipeline." + pipeline.name, "pipeline." + pipeline.name);
  Value stages;
  stages.kind = Value::Kind::array;
  for (const jobs::Stage& stage : pipeline.stages) {
    Value row;
    row.table.push_back({.key = "name", .value = of(stage.name)});
    row.table.push_back({.key = "kind", .value = of(std::string(jobs::to_string(stage.kind)))});
    if (!stage.agent.empty()) {
      row.table.push_back({.key = "agent", .value = of(stage.agent)});
    }
    if (!stage.prompt.empty()) {
      row.table.push_back({.key = "prompt", .value = of(stage.prompt)});
    }
    if (!stage.command.empty()) {
      row.table.push_back({.key = "command", .value = of(stage.command)});
    }
    stages.array.push_back(std::move(row));
  }
  out.put("stages", std::move(stages));
  return out.take();
}

EffectiveTable repo_table(const jobs::Repo& repo) {
  Writer out("repo", "repo." + repo.name.str());
  out.put_text("name", repo.name.str());
  out.put_text("remote", repo.remote);
  out.put_text("base", repo.base);
  out.put("sparse", of(repo.sparse));
  out.put_text("remote_user", repo.auth.user);
  out.put_secret("remote_", repo.auth.token);
  if (repo.auth.as_tracker) {
    out.put("remote_as_tracker", of(true));
  }
  out.put_text("ssh_key", repo.auth.ssh_key);
  out.put_text("ssh_known_hosts", repo.auth.known_hosts);
  out.put_text("landing", std::string(to_string(repo.landing)));
  out.put("merge_when_green", of(repo.merge_when_green));
  out.put_text("tracker", repo.tracker);
  out.put_text("tracker_path", repo.tracker_path);
  out.put_text("agent", repo.agent);
  out.put_text("ci", repo.ci);
  out.put_text("pipeline", repo.pipeline);
  out.put("notify", of(repo.notify));
  if (!repo.test.empty()) {
    out.put("test", of(repo.test));
  }
  out.put("setup", of(repo.setup));
  out.put("setup_locks", of(repo.setup_locks));
  out.put_text("setup_toolchain", repo.setup_toolchain);
  out.put("cold", of(repo.cold));
  out.put("smudge", of(repo.smudge));
  out.put_text("prompt", repo.prompt);
  out.put_text("prompt_in_repo", repo.prompt_in_repo);
  out.put("protected_paths", of(repo.protected_paths));
  out.put("trusted", of(repo.trusted));
  out.put("env", of(repo.env));
  EffectiveTable table = out.take();
  table.element = true;
  return table;
}

}  // namespace

std::vector<EffectiveTable> effective(const jobs::Fleet& fleet) {
  std::vector<EffectiveTable> tables = {fleet_table(fleet), labels_table(fleet.labels),
                                        limits_table(fleet.limits), budget_table(fleet.budget),
                                        retention_table(fleet.retention)};
  named_tables(fleet, tables);
  for (const auto& [name, pipeline] : fleet.pipelines) {
    tables.push_back(pipeline_table(pipeline));
  }
  for (const jobs::Repo& repo : fleet.repos) {
    tables.push_back(repo_table(repo));
  }
  return tables;
}

}  // namespace manifests
