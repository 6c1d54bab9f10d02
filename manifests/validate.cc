#include "manifests/validate.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace manifests {

namespace {

template <typename T>
std::vector<std::string> names_of(const std::map<std::string, T>& known) {
  std::vector<std::string> out;
  for (const auto& [name, value] : known) {
    out.push_back(name);
  }
  return out;
}

std::string listing(const std::vector<std::string>& known) {
  return known.empty() ? "" : fmt::format("one of {}", fmt::join(known, ", "));
}

class Validator {
 public:
  Validator(Reading& reading, const Tables& tables, jobs::Fleet& fleet)
      : reading_(reading), tables_(tables), fleet_(fleet) {}

  void run() {
    std::size_t index = 0;
    for (jobs::Repo& repo : fleet_.repos) {
      const Layer& layer = tables_.repos[index++];
      declared_ = {layer.source->file, layer.table->line, layer.table->column};
      path_ = "repo." + repo.name.str();
      references(repo);
      commands(repo);
      remote_auth(repo);
      landing(repo);
      project(repo);
    }
    shared_tokens();
    stage_agents();
    allowlist();
    report_twins(reading_, tables_, fleet_);
  }

 private:
  /// Where `key` of the current repository was set: in itself, in [defaults], or not at all.
  [[nodiscard]] Position place(std::string_view key) const {
    const auto found = reading_.origins.at.find(fmt::format("{}.{}", path_, key));
    return found == reading_.origins.at.end() ? declared_ : found->second;
  }

  void error(const Position& at, std::string message, Advice advice = {}) {
    reading_.report.error(at, std::move(message), std::move(advice));
  }

  template <typename T>
  void reference(const Position& at, std::string_view what, const std::string& name,
                 const std::map<std::string, T>& known) {
    if (known.contains(name) || tables_.named_incomplete) {
      return;
    }
    const std::vector<std::string> names = names_of(known);
    error(at, fmt::format("there is no {} \"{}\"", what, name),
          {.expected = listing(names),
           .suggestion = jobs::did_you_mean(name, names),
           .hint = names.empty() ? fmt::format("declare a [{}.{}]", what, name) : ""});
  }

  /// A tracker or agent that need not be named because there is only one.
  template <typename T>
  void the_only(std::string& name, std::string_view what, const std::map<std::string, T>& known) {
    const bool set = reading_.origins.at.contains(fmt::format("{}.{}", path_, what));
    if (set) {
      if (!name.empty()) {
        reference(place(what), what, name, known);
      }
    } else if (known.size() == 1) {
      name = known.begin()->first;
    } else if (!tables_.named_incomplete) {
      error(declared_, fmt::format("the repository names no {}", what),
            {.expected = listing(names_of(known)),
             .suggestion = {},
             .hint = known.empty() ? fmt::format("declare a [{}.NAME]", what)
                                   : fmt::format("set {} here or in [defaults]", what)});
    }
  }

  void references(jobs::Repo& repo) {
    the_only(repo.tracker, "tracker", fleet_.trackers);
    the_only(repo.agent, "agent", fleet_.agents);
    if (!repo.ci.empty()) {
      reference(place("ci"), "ci", repo.ci, fleet_.ci);
      forge_of_ci(repo);
    }
    reference(place("pipeline"), "pipeline", repo.pipeline, fleet_.pipelines);
    for (std::size_t i = 0; i < repo.notify.size(); ++i) {
      reference(place(fmt::format("notify[{}]", i)), "notify", repo.notify[i], fleet_.notify);
    }
  }

  /// A CI that asks a forge does so as the tracker of that forge.
  void forge_of_ci(const jobs::Repo& repo) {
    const auto ci = fleet_.ci.find(repo.ci);
    if (ci == fleet_.ci.end() ||
        (ci->second.kind != jobs::CiKind::checks && ci->second.kind != jobs::CiKind::forgejo)) {
      return;
    }
    const std::string& name = ci->second.tracker.empty() ? repo.tracker : ci->second.tracker;
    const auto wanted = ci->second.kind == jobs::CiKind::checks ? jobs::TrackerKind::github
                                                                : jobs::TrackerKind::forgejo;
    const auto tracker = fleet_.trackers.find(name);
    if (tracker == fleet_.trackers.end()) {
      if (!ci->second.tracker.empty()) {
        const auto at = reading_.origins.at.find(fmt::format("ci.{}.tracker", repo.ci));
        reference(at == reading_.origins.at.end() ? Position{} : at->second, "tracker", name,
                  fleet_.trackers);
      }
    } else if (tracker->second.kind != wanted) {
      error(place("ci"),
            fmt::format("[ci.{}] asks as [tracker.{}], which is of kind \"{}\"", repo.ci, name,
                        to_string(tracker->second.kind)),
            {.expected = fmt::format("a tracker of kind \"{}\"", to_string(wanted)),
             .suggestion = {},
             .hint = fmt::format("name one as tracker in [ci.{}]", repo.ci)});
    }
  }

  void landing(const jobs::Repo& repo) {
    const bool asks = repo.landing == jobs::LandingMode::pull_request;
    if (repo.merge_when_green && !asks) {
      error(place("merge_when_green"), "merge_when_green means nothing without a pull request",
            {.expected = {}, .suggestion = {}, .hint = "set landing = \"pull-request\""});
    }
    const auto tracker = fleet_.trackers.find(repo.tracker);
    if (!asks || tracker == fleet_.trackers.end()) {
      return;
    }
    const jobs::TrackerKind kind = tracker->second.kind;
    if (kind != jobs::TrackerKind::github && kind != jobs::TrackerKind::forgejo) {
      error(place("landing"),
            fmt::format("tracker \"{}\" is of kind \"{}\", which has no pull requests",
                        repo.tracker, to_string(kind)),
            {.expected = "a tracker of kind \"github\" or \"forgejo\"",
             .suggestion = {},
             .hint = "set landing = \"push\""});
    }
  }

  /// Plane writes identifiers in capitals and ids in small letters: so do we, or two repositories
  /// would have one project without sharing its name.
  void project(jobs::Repo& repo) {
    const auto tracker = fleet_.trackers.find(repo.tracker);
    if (tracker == fleet_.trackers.end() || tracker->second.kind != jobs::TrackerKind::plane) {
      return;
    }
    if (repo.tracker_path.find('/') != std::string::npos) {
      error(place("tracker_path"), fmt::format("\"{}\" is no project of Plane", repo.tracker_path),
            {.expected = "a project's identifier such as \"SHOP\", or its id",
             .suggestion = {},
             .hint = "set tracker_path in the [[repo]]"});
    }
    constexpr std::size_t kId = 36;
    const bool id = repo.tracker_path.size() == kId;
    for (char& c : repo.tracker_path) {
      const bool small = c >= 'a' && c <= 'z';
      const bool capital = c >= 'A' && c <= 'Z';
      c = static_cast<char>(!id && small ? c - 32 : id && capital ? c + 32 : c);
    }
  }

  void commands(const jobs::Repo& repo) {
    if (!repo.test.empty() || reading_.origins.at.contains(path_ + ".test")) {
      return;
    }
    const auto pipeline = fleet_.pipelines.find(repo.pipeline);
    if (pipeline != fleet_.pipelines.end()) {
      for (const jobs::Stage& stage : pipeline->second.stages) {
        if (stage.kind == jobs::StageKind::command && stage.command.empty()) {
          return needs_test(
              fmt::format("stage \"{}\" of pipeline \"{}\"", stage.name, repo.pipeline));
        }
      }
    }
    if (const auto ci = fleet_.ci.find(repo.ci); ci != fleet_.ci.end() &&
                                                 ci->second.kind == jobs::CiKind::command &&
                                                 ci->second.command.empty()) {
      needs_test(fmt::format("[ci.{}]", repo.ci));
    }
  }

  void needs_test(const std::string& who) {
    error(declared_, fmt::format("the repository has no test command, and {} needs one", who),
          {.expected = "test = [\"make\", \"test\"] or the like", .suggestion = {}, .hint = {}});
  }

  void remote_auth(const jobs::Repo& repo) {
    if (is_ssh_url(repo.remote)) {
      for (const auto& [key, value] : {std::pair("ssh_key", &repo.auth.ssh_key),
                                       std::pair("ssh_known_hosts", &repo.auth.known_hosts)}) {
        if (value->empty() && !reading_.origins.at.contains(fmt::format("{}.{}", path_, key))) {
          error(place("remote"), fmt::format("an ssh remote needs {}", key),
                {.expected = {},
                 .suggestion = {},
                 .hint = std::string_view(key) == "ssh_key"
                             ? "the file of a private key of the runner's own"
                             : "a file with the host keys of the server, as ssh-keyscan prints"});
        }
      }
    }
    const auto tracker = fleet_.trackers.find(repo.tracker);
    const bool known = tracker != fleet_.trackers.end();
    const bool folder = known && tracker->second.kind == jobs::TrackerKind::local;
    const bool no_forge = known && tracker->second.kind == jobs::TrackerKind::plane;
    if (repo.auth.as_tracker && (folder || no_forge)) {
      error(
          place("remote_as_tracker"),
          fmt::format("tracker \"{}\" {}", repo.tracker,
                      folder ? "is a folder and has no credential"
                             : "is no host of repositories: git must not get its credential"),
          {.expected = {}, .suggestion = {}, .hint = "set remote_token_env or remote_token_file"});
    }
  }

  /// One token of [defaults] goes to one host: no server is told what another one is told.
  void shared_tokens() {
    std::map<std::string, std::string> hosts;  // where the token is declared -> "https://host"
    for (const jobs::Repo& repo : fleet_.repos) {
      const std::string host = web_host(repo.remote);
      path_ = "repo." + repo.name.str();
      const std::string_view key =
          repo.auth.token && repo.auth.token->source == jobs::SecretRef::Source::file
              ? "remote_token_file"
              : "remote_token_env";
      const auto at = reading_.origins.at.find(fmt::format("{}.{}", path_, key));
      if (!repo.auth.token || host.empty() || at == reading_.origins.at.end()) {
        continue;
      }
      const auto [first, added] = hosts.emplace(at->second.str(), host);
      if (!added && first->second != host) {
        error(at->second,
              fmt::format("this token would go to two hosts: {} and {}", first->second, host),
              {.expected = {}, .suggestion = {}, .hint = "set it in each [[repo]] that needs it"});
      }
    }
  }

  void stage_agents() {
    for (const auto& [name, pipeline] : fleet_.pipelines) {
      for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
        if (!pipeline.stages[i].agent.empty()) {
          const auto at =
              reading_.origins.at.find(fmt::format("pipeline.{}.stages[{}].agent", name, i));
          reference(at == reading_.origins.at.end() ? Position{} : at->second, "agent",
                    pipeline.stages[i].agent, fleet_.agents);
        }
      }
    }
  }

  void allowlist() {
    std::vector<std::string> known;
    for (const jobs::Repo& repo : fleet_.repos) {
      known.push_back(repo.name.str());
    }
    const std::set<std::string_view> lookup(known.begin(), known.end());
    for (std::size_t i = 0; i < fleet_.allow.size(); ++i) {
      const std::string& name = fleet_.allow[i].str();
      if (!lookup.contains(name) && !tables_.named_incomplete) {
        const auto at = reading_.origins.at.find(fmt::format("fleet.allow[{}]", i));
        error(at == reading_.origins.at.end() ? Position{} : at->second,
              fmt::format("the allowlist names \"{}\", and there is no such repository", name),
              {.expected = known.empty() ? "there is no [[repo]] at all" : "the name of a [[repo]]",
               .suggestion = jobs::did_you_mean(name, known),
               .hint = {}});
      }
    }
  }

  Reading& reading_;
  const Tables& tables_;
  jobs::Fleet& fleet_;
  Position declared_;
  std::string path_;
};

}  // namespace

void validate(Reading& reading, const Tables& tables, jobs::Fleet& fleet) {
  Validator(reading, tables, fleet).run();
}

}  // namespace manifests
