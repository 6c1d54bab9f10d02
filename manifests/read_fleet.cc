#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "manifests/fields.h"
#include "manifests/read.h"
#include "manifests/time_zones.h"

namespace manifests {

namespace {

constexpr int kMany = 1'000'000;

void read_labels(Reading& reading, const Layer& fleet, jobs::Labels& labels) {
  const Value* table = fleet.table->get("labels");
  if (table == nullptr) {
    return;
  }
  if (!table->is(Value::Kind::table)) {
    reading.report.error({fleet.source->file, table->line, table->column},
                         fmt::format("labels has the wrong type: {}", describe(table->kind)),
                         {.expected = "a table such as { ready = \"ready-for-agent\" }",
                          .suggestion = {},
                          .hint = {}});
    return;
  }
  TableReader reader(reading, "fleet.labels", "fleet.labels", {{fleet.source, table}});
  reader.text("ready", labels.ready, check_label);
  reader.text("in_progress", labels.in_progress, check_label);
  reader.text("human", labels.human, check_label);
  reader.unknown_keys();
  if (labels.ready == labels.in_progress || labels.ready == labels.human ||
      labels.in_progress == labels.human) {
    reader.error(reader.begins(), "two labels have the same name",
                 {.expected = "three different labels", .suggestion = {}, .hint = {}});
  }
}

/// An unset limit gives way to a tighter one that was set; two that were set must agree.
template <typename T>
void at_most(TableReader& reader, std::string_view key, T& value, std::string_view bound_key,
             const T& bound) {
  if (value <= bound) {
    return;
  }
  if (const auto found = reader.find(key)) {
    reader.error(found->at(), fmt::format("{} is greater than {}", key, bound_key),
                 {.expected = fmt::format("at most the value of {}", bound_key),
                  .suggestion = {},
                  .hint = {}});
  } else {
    value = bound;
  }
}

void read_time_zone(TableReader& reader, jobs::TimeZone& zone) {
  std::string name;
  if (!reader.text("time_zone", name, check_plain)) {
    return;
  }
  if (auto known = time_zone(name)) {
    zone = *std::move(known);
  } else if (const auto found = reader.find("time_zone")) {
    reader.error(
        found->at(), fmt::format("time_zone: this machine knows no \"{}\"", name),
        {.expected = "\"UTC\" or a name such as \"Europe/Berlin\"",
         .suggestion = {},
         .hint = "`timedatectl list-timezones` lists them; the package tzdata brings them"});
  }
}

}  // namespace

void read_fleet(Reading& reading, const Layer& layer, jobs::Fleet& fleet) {
  if (!layer) {
    return;
  }
  TableReader reader(reading, "fleet", "fleet", {layer});
  reader.boolean("kill_switch", fleet.kill_switch);
  std::vector<std::string> allow;
  reader.names("allow", allow, [](std::string_view name) -> Fault {
    if (name == "*") {
      return "is a pattern: the allowlist takes names only, one for each repository";
    }
    return check_repo_name(name);
  });
  for (std::string& name : allow) {
    fleet.allow.emplace_back(std::move(name));
  }
  reader.path("state_dir", fleet.state_dir);
  std::string containment;
  if (reader.choice("containment", containment)) {
    using enum jobs::Containment;
    for (const auto kind : {automatic, strong, sandbox, pid_namespace, cgroup, group}) {
      if (containment == jobs::to_string(kind)) {
        fleet.containment = kind;
      }
    }
  }
  reader.text("bot", fleet.bot, check_actor);
  reader.path("metrics_textfile", fleet.metrics_textfile);
  read_labels(reading, layer, fleet.labels);
  reader.unknown_keys();
}

void read_limits(Reading& reading, const Layer& layer, jobs::Limits& limits) {
  if (!layer) {
    return;
  }
  TableReader reader(reading, "limits", "limits", {layer});
  for (const LimitField& field : limit_fields()) {
    const int least = field.zero_allowed ? 0 : 1;
    std::visit(Overloaded{[&](int jobs::Limits::* member) {
                            reader.count(field.key, limits.*member, least, kMany);
                          },
                          [&](jobs::Duration jobs::Limits::* member) {
                            reader.duration(field.key, limits.*member, field.zero_allowed);
                          },
                          [&](std::int64_t jobs::Limits::* member) {
                            if (field.key.ends_with("_bytes")) {
                              reader.size(field.key, limits.*member, field.zero_allowed);
                            } else {
                              reader.count(field.key, limits.*member, least, 1'000'000'000);
                            }
                          }},
               field.member);
  }
  reader.unknown_keys();
  at_most(reader, "turn_silence", limits.turn_silence, "turn_deadline", limits.turn_deadline);
  at_most(reader, "turn_first_byte", limits.turn_first_byte, "turn_deadline", limits.turn_deadline);
  at_most(reader, "turn_grace", limits.turn_grace, "turn_deadline", limits.turn_deadline);
  at_most(reader, "max_starts_per_tick", limits.max_starts_per_tick, "max_live_runs",
          limits.max_live_runs);
}

void read_budget(Reading& reading, const Layer& layer, jobs::Budget& budget) {
  if (!layer) {
    return;
  }
  TableReader reader(reading, "budget", "budget", {layer});
  reader.usd("per_turn_usd", budget.per_turn.usd);
  reader.count("per_turn_tokens", budget.per_turn.tokens, 1, 1'000'000'000'000);
  for (const CapField& field : cap_fields()) {
    std::visit([&](auto member) { reader.cap(field.key, budget.*member); }, field.member);
  }
  read_time_zone(reader, budget.time_zone);
  reader.unknown_keys();

  // A cap below one turn's reservation would refuse every turn for ever.
  for (const CapField& field : cap_fields()) {
    const std::string_view per_turn =
        field.key.ends_with("_usd") ? "per_turn_usd" : "per_turn_tokens";
    const bool below = std::visit(
        Overloaded{[&](std::optional<jobs::Usd> jobs::Budget::* member) {
                     return (budget.*member).has_value() && *(budget.*member) < budget.per_turn.usd;
                   },
                   [&](std::optional<std::int64_t> jobs::Budget::* member) {
                     return field.key.ends_with("_tokens") && (budget.*member).has_value() &&
                            *(budget.*member) < budget.per_turn.tokens;
                   }},
        field.member);
    if (!below) {
      continue;
    }
    const auto own = reader.find(field.key);
    const auto turn = reader.find(per_turn);
    reader.error(own ? own->at() : (turn ? turn->at() : reader.begins()),
                 fmt::format("{} is less than {}: nothing could ever start", field.key, per_turn),
                 {.expected = {},
                  .suggestion = {},
                  .hint = fmt::format("lower {} (default {}) or raise {}", per_turn,
                                      per_turn == "per_turn_usd" ? "5.00" : "2000000", field.key)});
  }
}

void read_retention(Reading& reading, const Layer& layer, jobs::Retention& retention) {
  if (!layer) {
    return;
  }
  TableReader reader(reading, "retention", "retention", {layer});
  for (const RetentionField& field : retention_fields()) {
    std::visit(Overloaded{[&](jobs::Duration jobs::Retention::* member) {
                            reader.duration(field.key, retention.*member, false);
                          },
                          [&](int jobs::Retention::* member) {
                            reader.count(field.key, retention.*member, 0, 100);
                          },
                          [&](std::int64_t jobs::Retention::* member) {
                            reader.size(field.key, retention.*member, false);
                          }},
               field.member);
  }
  reader.unknown_keys();
}

}  // namespace manifests
