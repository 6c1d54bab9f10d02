// Every encoder of ours against a decoder that is not ours, or is written here anew: what comes
// out says exactly what went in, or is harmless where it is made for the eye only.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <git2.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "jobs/model/run_id.h"
#include "jobs/pipelines/checklist.h"
#include "jobs/pipelines/prompt.h"
#include "manifests/toml_value.h"
#include "metrics/textfile.h"
#include "runner/cli/json_out.h"
#include "runner/cli/table.h"
#include "runner/notify/notify.h"
#include "runner/trackers/front_matter.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;

void check_for_the_eye(const std::string& text) {
  for (const std::size_t most :
       {std::size_t{0}, std::size_t{2}, std::size_t{20}, std::size_t{200}}) {
    const std::string line = jobs::one_line(text, most);
    require(line.size() <= most, "a line is as short as it was asked for");
    require(fuzz::is_safe_text(line, false), "a line is harmless");
  }
  require(fuzz::is_safe_text(jobs::printable(text), true), "printable text is harmless");
  const std::string valid = jobs::to_valid_utf8(text);
  require(jobs::to_valid_utf8(valid) == valid, "valid text stays as it is");
  require(valid.find('\0') == std::string::npos, "valid text holds no NUL");
  const std::string tail = jobs::tail(text, 3, 100);
  require(tail.size() <= 100 && text.ends_with(tail), "a tail is the end");
  const runner::cli::Screen screen{.terminal = true, .color = false, .width = 40};
  runner::cli::Table table({"A", "B"});
  table.add({text, text});
  require(fuzz::is_safe_text(table.str(screen), true), "a table is harmless");
}

void check_names(const std::string& text) {
  const std::string slug = jobs::slug(text);
  require(slug.size() <= 40 &&
              slug.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos,
          "a slug is letters, digits and '-'");
  const std::string path = jobs::path_component(text);
  require(jobs::is_safe_component(path) && path.find('/') == std::string::npos && path != "..",
          "a component is one");
  if (jobs::is_safe_component(text)) {
    require(text.find('/') == std::string::npos && text != "." && text != ".." && text[0] != '-',
            "what counts as safe is");
  }
  const std::string ref = "refs/heads/" + jobs::branch_name(1, text);
  int valid = 0;
  require(git_reference_name_is_valid(&valid, ref.c_str()) == 0 && valid == 1, "git takes the ref");
}

void check_toml(const std::string& a, const std::string& b) {
  const std::array<std::string, 2> list{a, b};
  const auto read = manifests::parse_toml("x = " + runner::trackers::toml_array(list), "x");
  require(read.has_value(), "an array of any texts is TOML");
  const manifests::Value* value = read->get("x");
  require(value != nullptr && value->array.size() == 2 &&
              value->array[0].string == jobs::to_valid_utf8(a) &&
              value->array[1].string == jobs::to_valid_utf8(b),
          "TOML comes back");
}

void check_json(const std::string& a, const std::string& b) {
  const auto document =
      runner::cli::json_root().set(a, b).set("list", runner::cli::Json::strings({a}));
  for (const std::string& text : {document.dump(), document.line()}) {
    const auto read = nlohmann::json::parse(text, nullptr, false);
    require(read.is_object(), "JSON is JSON");
    require(read.contains("list") &&
                (jobs::to_valid_utf8(a) == "list" || read["list"][0] == jobs::to_valid_utf8(a)),
            "JSON comes back");
    require(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }),
            "JSON is ASCII");
  }
  const jobs::Notification notification{
      .key = a, .repo = b, .issue = 1, .run = a, .outcome = b, .text = a, .url = b, .at = {}};
  const std::string line = runner::notify::to_json(notification);
  const auto read = nlohmann::json::parse(line, nullptr, false);
  require(read.is_object() && read["key"] == jobs::to_valid_utf8(a) &&
              read["repo"] == jobs::to_valid_utf8(b) && line.find('\n') == std::string::npos,
          "a notification comes back");
}

/// The value of a label in the text format of Prometheus, read by the book.
std::string label_value(const std::string& text, const std::string& name) {
  std::size_t at = text.find(name + "=\"");
  require(at != std::string::npos, "the label is there");
  std::string out;
  for (at += name.size() + 2; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') {
      ++at;
      out += text[at] == 'n' ? '\n' : text[at];
    } else {
      require(text[at] != '\n', "a sample is one line");
      out += text[at];
    }
  }
  return out;
}

void check_metrics(const std::string& text) {
  const metrics::Metric& known = metrics::metric(metrics::Name::build_info);
  const std::string page =
      metrics::to_text({{.name = metrics::Name::build_info, .samples = {{{text}, 1}}}});
  require(label_value(page, std::string(known.labels.at(0))) == text, "a label's value comes back");
}

void check_markdown(const std::string& a, const std::string& b) {
  jobs::Run run;
  run.id = jobs::RunId("r1");
  run.stage = "implement";
  run.branch = jobs::branch_name(1, a);
  run.reason = a;
  run.outcome = jobs::Outcome::needs_human;
  const std::string list = jobs::checklist(run);
  std::size_t markers = 0;
  std::istringstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    markers += jobs::trimmed(line) == jobs::kChecklistMarker ? 1U : 0U;
  }
  require(markers == 1 && list.starts_with(jobs::kChecklistMarker),
          "the marker stands once on a line of its own, in front");
  require(fuzz::is_safe_text(list, true), "a checklist is harmless");
  require(std::ranges::count(list, '`') % 2 == 0, "no code is left open");
  const std::string fence = jobs::fence_for(b);
  require(fence.size() >= 3 && b.find(fence) == std::string::npos, "data cannot end its fence");
  const auto filled = jobs::fill_template("{{a}}|{{b}}", "x", {{"a", a}, {"b", b}});
  require(filled && *filled == a + "|" + b, "values go in as they are");
  (void)jobs::fill_template(a, "x", {{"a", b}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int initialised = git_libgit2_init();
  (void)initialised;
  fuzz::Input input(data, size);
  const std::string a = input.part();
  const std::string b = input.rest();
  check_for_the_eye(a);
  check_names(a);
  check_toml(a, b);
  check_json(a, b);
  check_metrics(a);
  check_markdown(a, b);
  return 0;
}
