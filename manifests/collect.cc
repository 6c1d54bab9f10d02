#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "manifests/read.h"

namespace manifests {

namespace {

Position key_position(const Source& source, const Entry& entry) {
  return {source.file, entry.line, entry.column};
}

class Collector {
 public:
  explicit Collector(Reading& reading) : reading_(reading) {}

  void add(const Source& source) {
    for (const Entry& entry : source.root.table) {
      if (Layer* single = single_table(entry.key)) {
        single_once(source, entry, *single);
      } else if (auto* named = named_tables(entry.key)) {
        each_named(source, entry, *named);
      } else if (entry.key == "repo") {
        each_repo(source, entry);
      } else {
        unknown(source, entry);
      }
    }
  }

  Tables take() { return std::move(tables_); }

 private:
  Layer* single_table(std::string_view key) {
    if (key == "fleet") {
      return &tables_.fleet;
    }
    if (key == "limits") {
      return &tables_.limits;
    }
    if (key == "budget") {
      return &tables_.budget;
    }
    if (key == "retention") {
      return &tables_.retention;
    }
    return key == "defaults" ? &tables_.defaults : nullptr;
  }

  std::map<std::string, Layer>* named_tables(std::string_view key) {
    if (key == "tracker") {
      return &tables_.trackers;
    }
    if (key == "agent") {
      return &tables_.agents;
    }
    if (key == "ci") {
      return &tables_.ci;
    }
    if (key == "notify") {
      return &tables_.notify;
    }
    return key == "pipeline" ? &tables_.pipelines : nullptr;
  }

  void wrong_shape(const Position& at, std::string_view key, std::string_view right,
                   Value::Kind found) {
    reading_.report.error(at, fmt::format("{} has the wrong type: {}", key, describe(found)),
                          {.expected = std::string(right), .suggestion = {}, .hint = {}});
  }

  void twice(const Position& at, const std::string& what, const Position& first) {
    reading_.report.error(
        at, fmt::format("{} is declared twice", what),
        {.expected = {}, .suggestion = {}, .hint = fmt::format("first at {}", first.str())});
  }

  void single_once(const Source& source, const Entry& entry, Layer& slot) {
    const Position at = key_position(source, entry);
    if (!entry.value.is(Value::Kind::table)) {
      return wrong_shape(at, entry.key, fmt::format("a table: [{}]", entry.key), entry.value.kind);
    }
    if (slot) {
      return twice(at, fmt::format("[{}]", entry.key),
                   {slot.source->file, slot.table->line, slot.table->column});
    }
    slot = {&source, &entry.value};
  }

  void each_named(const Source& source, const Entry& entry, std::map<std::string, Layer>& slots) {
    if (!entry.value.is(Value::Kind::table)) {
      return wrong_shape(key_position(source, entry), entry.key,
                         fmt::format("a named table: [{}.NAME]", entry.key), entry.value.kind);
    }
    for (const Entry& named : entry.value.table) {
      const Position at = key_position(source, named);
      const std::string title = fmt::format("[{}.{}]", entry.key, jobs::one_line(named.key, 60));
      if (!named.value.is(Value::Kind::table)) {
        wrong_shape(at, fmt::format("{}.{}", entry.key, jobs::one_line(named.key, 60)),
                    fmt::format("a named table: [{}.NAME] and below it its keys", entry.key),
                    named.value.kind);
      } else if (const Fault fault = check_name(named.key)) {
        reading_.report.error(at, fmt::format("the name of {} {}", title, *fault));
      } else if (const auto [slot, fresh] =
                     slots.try_emplace(named.key, Layer{&source, &named.value});
                 !fresh) {
        const Layer& first = slot->second;
        twice(at, title, {first.source->file, first.table->line, first.table->column});
      }
    }
  }

  void each_repo(const Source& source, const Entry& entry) {
    if (!entry.value.is(Value::Kind::array)) {
      return wrong_shape(key_position(source, entry), "repo", "[[repo]], with double brackets",
                         entry.value.kind);
    }
    for (const Value& repo : entry.value.array) {
      if (repo.is(Value::Kind::table)) {
        tables_.repos.push_back({&source, &repo});
      } else {
        wrong_shape({source.file, repo.line, repo.column}, "repo", "[[repo]]", repo.kind);
      }
    }
  }

  void unknown(const Source& source, const Entry& entry) {
    const Position at = key_position(source, entry);
    const std::string key = jobs::one_line(entry.key, 60);
    const std::vector<std::string> known = table_names();
    const bool table = entry.value.is(Value::Kind::table) || entry.value.is(Value::Kind::array);
    std::string hint;
    if (!table) {
      for (const KeySpec& spec : all_keys()) {
        if (spec.key == entry.key) {
          hint = fmt::format("it belongs below {}",
                             spec.table == "repo" ? "[[repo]]" : fmt::format("[{}]", spec.table));
          break;
        }
      }
    }
    reading_.report.error(
        at, fmt::format("unknown {} \"{}\"", table ? "table" : "key outside of any table", key),
        {.expected = hint.empty() ? fmt::format("one of {}", fmt::join(known, ", ")) : "",
         .suggestion = jobs::did_you_mean(entry.key, known),
         .hint = hint});
  }

  Reading& reading_;
  Tables tables_;
};

}  // namespace

Tables collect_tables(Reading& reading, const std::vector<Source>& sources) {
  Collector collector(reading);
  for (const Source& source : sources) {
    collector.add(source);
  }
  return collector.take();
}

}  // namespace manifests
