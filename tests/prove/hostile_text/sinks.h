#pragma once

#include <string>

#include "jobs/model/fleet.h"
#include "jobs/ports/store.h"
#include "jobs/ticks/plan.h"
#include "tests/prove/frame/record.h"
#include "tests/prove/hostile_text/decoders.h"

/// Where texts come out of the product: real functions on one side, our own decoders on the other.
namespace prove::hostile_text {

/// One string in one field.
class Case {
 public:
  Case(Record& record, std::string field, std::string string)
      : record_(record), where_(std::move(field) + ":" + std::move(string)) {}

  /// Counts one decoded sink and records what is wrong with it.
  void sink(const std::string& name, const Fault& fault) {
    record_.count("sink " + name);
    // One broken sink breaks for many strings: three of a kind tell enough.
    if (fault && record_.counted("broken " + name + ": " + fault->substr(0, 40)) < 3) {
      record_.count("broken " + name + ": " + fault->substr(0, 40));
      record_.violation({.what = "invariant 11: " + name + ": " + *fault, .where = where_});
    }
  }
  void sink(const std::string& name, bool good, const std::string& fault) {
    sink(name, good ? Fault() : Fault(fault));
  }

 private:
  Record& record_;
  std::string where_;
};

/// Everything that a plan shows, records and says: decisions, steps, the change.
void check_plan(Case& at, const jobs::Plan& plan, const jobs::Fleet& fleet);
/// Runs, turns, events and effects as they are recorded: ref, prompt, argv, comment, notification,
/// terminal, JSON.
void check_change(Case& at, const jobs::Change& change, const jobs::Fleet& fleet);
/// The text as a person or a collector gets it elsewhere: table cells, log lines, names of folders,
/// a commit's subject, a report of an agent.
void check_encoders(Case& at, const std::string& text);

}  // namespace prove::hostile_text
