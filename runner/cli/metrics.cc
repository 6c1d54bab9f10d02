#include <string>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "metrics/collect.h"
#include "metrics/textfile.h"
#include "runner/cli/commands.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_out.h"
#include "runner/cli/kill_switch.h"
#include "runner/cli/screen.h"
#include "runner/cli/state.h"

namespace runner::cli {

namespace {

jobs::Result<std::vector<metrics::Family>> collect(const Globals& global) {
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(global));
  RUNNER_ASSIGN(const auto store, open_reader(fleet));
  RUNNER_ASSIGN(const SwitchState state, kill_switch(fleet, *store));
  return metrics::collect(*store, fleet, state.on(), present());
}

Json document(const std::vector<metrics::Family>& families) {
  Json list = Json::array();
  for (const metrics::Family& family : families) {
    const metrics::Metric& known = metrics::metric(family.name);
    Json samples = Json::array();
    for (const metrics::Sample& sample : family.samples) {
      Json labels = Json::object();
      for (std::size_t i = 0; i < sample.labels.size(); ++i) {
        labels.set(std::string(known.labels.at(i)), sample.labels[i]);
      }
      samples.push(Json::object().set("labels", labels).set("value", sample.value));
    }
    Json item = Json::object();
    item.set("name", known.name).set("help", known.help);
    item.set("type", known.type == metrics::Type::counter ? "counter" : "gauge");
    list.push(item.set("samples", samples));
  }
  return json_root().set("metrics", list);
}

}  // namespace

int run_metrics(const MetricsCommand& command) {
  const auto families = collect(command.global);
  if (!families) {
    return report_error(command.global, families.error());
  }
  if (!command.textfile.empty()) {
    if (auto written = metrics::write_textfile(command.textfile, metrics::to_text(*families));
        !written) {
      return report_error(command.global, written.error());
    }
  }
  if (command.global.json) {
    print_json(document(*families));
  } else if (command.textfile.empty()) {
    put(metrics::to_text(*families));
  } else {
    put(fmt::format("wrote {} metrics to {}\n", families->size(),
                    jobs::one_line(command.textfile, 4000)));
  }
  return 0;
}

}  // namespace runner::cli
