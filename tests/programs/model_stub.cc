// A model that says what it is told to, over the three APIs that real coding agents speak:
// Anthropic messages, OpenAI responses, OpenAI chat completions, all as server-sent events on
// loopback.
//
//   model_stub --port-file F --log F --first COMMAND --again COMMAND [--status N]
//              [--status-file F]
//
// It asks for one shell command and then says that it is done. Where the conversation has one
// prompt the command is --first, where it has more (a session that was resumed) it is --again. It
// keeps no state: the step is the number of tool results after the last prompt. --status answers
// every request with that error instead, --status-file with what stands in that file while it is
// there. One line per request goes to the log.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;

struct Options {
  std::string port_file, log, first, again, status_file;
  int status = 200;
};

struct Request {
  std::string target;
  std::string body;
};

/// How far a conversation is.
struct Step {
  int prompts = 0;
  int results = 0;  // of tools, since the last prompt
  bool has_tools = false;
};

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool read_request(int fd, Request& request) {
  std::string bytes;
  char buffer[64 << 10];
  std::size_t head = std::string::npos;
  while ((head = bytes.find("\r\n\r\n")) == std::string::npos) {
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0 || bytes.size() > (1U << 20)) {
      return false;
    }
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
  const std::string headers = lower(bytes.substr(0, head));
  const auto space = bytes.find(' ');
  request.target = bytes.substr(space + 1, bytes.find(' ', space + 1) - space - 1);
  std::size_t length = 0;
  if (const auto at = headers.find("content-length:"); at != std::string::npos) {
    const auto digits = headers.find_first_of("0123456789", at);
    std::from_chars(headers.data() + digits, headers.data() + headers.size(), length);
  }
  const bool chunked = headers.find("transfer-encoding: chunked") != std::string::npos;
  std::string body = bytes.substr(head + 4);
  while (chunked ? !body.ends_with("0\r\n\r\n") : body.size() < length) {
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
      return false;
    }
    body.append(buffer, static_cast<std::size_t>(got));
  }
  if (!chunked) {
    request.body = std::move(body);
    return true;
  }
  for (std::size_t at = 0; at < body.size();) {
    std::size_t size = 0;
    const auto [end, error] =
        std::from_chars(body.data() + at, body.data() + body.size(), size, 16);
    const std::size_t begin = body.find("\r\n", static_cast<std::size_t>(end - body.data())) + 2;
    if (error != std::errc() || size == 0) {
      break;
    }
    request.body += body.substr(begin, size);
    at = begin + size + 2;
  }
  return true;
}

void count(const json& item, const char* role, bool is_result, Step& step) {
  if (is_result) {
    ++step.results;
  } else if (item.value("role", "") == role) {
    ++step.prompts;
    step.results = 0;
  }
}

Step step_of(const json& body, const std::string& api) {
  Step step;
  const json tools = body.value("tools", json::array());
  step.has_tools = tools.is_array() && !tools.empty();
  if (api == "responses") {
    for (const json& item : body.value("input", json::array())) {
      const std::string type = item.value("type", "");
      const std::string text = item.value("content", json()).dump();
      // What it says of the place it runs in comes as the user's words too.
      const bool surroundings = text.find("<environment_context>") != std::string::npos ||
                                text.find("<user_instructions>") != std::string::npos ||
                                text.find("AGENTS.md instructions") != std::string::npos;
      if (!surroundings) {
        count(item, "user", type.ends_with("call_output"), step);
      }
    }
    return step;
  }
  for (const json& item : body.value("messages", json::array())) {
    bool is_result = item.value("role", "") == "tool";
    const json content = item.value("content", json());
    if (content.is_array()) {
      for (const json& block : content) {
        is_result = is_result || block.value("type", "") == "tool_result";
      }
    }
    count(item, "user", is_result, step);
  }
  return step;
}

std::string sse(const json& data, bool named) {
  return (named ? "event: " + data.value("type", "") + "\n" : "") + "data: " + data.dump() + "\n\n";
}

std::string anthropic(const std::string& command) {
  const bool tool = !command.empty();
  const json usage = {{"input_tokens", 1000},
                      {"cache_creation_input_tokens", 0},
                      {"cache_read_input_tokens", 200},
                      {"output_tokens", 1}};
  std::string out = sse({{"type", "message_start"},
                         {"message",
                          {{"id", fmt::format("msg_{}", std::rand())},
                           {"type", "message"},
                           {"role", "assistant"},
                           {"model", "claude-sonnet-4-5"},
                           {"content", json::array()},
                           {"stop_reason", nullptr},
                           {"stop_sequence", nullptr},
                           {"usage", usage}}}},
                        true);
  const json block = tool ? json{{"type", "tool_use"},
                                 {"id", fmt::format("toolu_{}", std::rand())},
                                 {"name", "Bash"},
                                 {"input", json::object()}}
                          : json{{"type", "text"}, {"text", ""}};
  out += sse({{"type", "content_block_start"}, {"index", 0}, {"content_block", block}}, true);
  const json input = {{"command", command}, {"description", "do it"}};
  const json delta = tool ? json{{"type", "input_json_delta"}, {"partial_json", input.dump()}}
                          : json{{"type", "text_delta"}, {"text", "Done."}};
  out += sse({{"type", "content_block_delta"}, {"index", 0}, {"delta", delta}}, true);
  out += sse({{"type", "content_block_stop"}, {"index", 0}}, true);
  out +=
      sse({{"type", "message_delta"},
           {"delta", {{"stop_reason", tool ? "tool_use" : "end_turn"}, {"stop_sequence", nullptr}}},
           {"usage", {{"output_tokens", 25}}}},
          true);
  return out + sse({{"type", "message_stop"}}, true);
}

std::string responses(const std::string& command) {
  const std::string id = fmt::format("{}", std::rand());
  json response = {{"id", "resp_" + id}, {"object", "response"},    {"created_at", 1},
                   {"model", "stub-1"},  {"output", json::array()}, {"status", "in_progress"}};
  std::string out = sse({{"type", "response.created"}, {"response", response}}, true);
  const json item =
      command.empty()
          ? json{{"type", "message"},
                 {"id", "msg_" + id},
                 {"role", "assistant"},
                 {"status", "completed"},
                 {"content",
                  {{{"type", "output_text"}, {"text", "Done."}, {"annotations", json::array()}}}}}
          : json{{"type", "function_call"},
                 {"id", "fc_" + id},
                 {"call_id", "call_" + id},
                 {"name", "exec_command"},
                 {"arguments", json{{"cmd", command}}.dump()}};
  out += sse({{"type", "response.output_item.added"}, {"output_index", 0}, {"item", item}}, true);
  out += sse({{"type", "response.output_item.done"}, {"output_index", 0}, {"item", item}}, true);
  response["status"] = "completed";
  response["usage"] = {{"input_tokens", 1000},
                       {"input_tokens_details", {{"cached_tokens", 200}}},
                       {"output_tokens", 25},
                       {"output_tokens_details", {{"reasoning_tokens", 5}}},
                       {"total_tokens", 1025}};
  return out + sse({{"type", "response.completed"}, {"response", response}}, true);
}

std::string chat(const std::string& command) {
  const auto chunk = [](const json& delta, const json& reason) {
    return sse({{"id", "chatcmpl-1"},
                {"object", "chat.completion.chunk"},
                {"created", 1},
                {"model", "stub-1"},
                {"choices", {{{"index", 0}, {"delta", delta}, {"finish_reason", reason}}}}},
               false);
  };
  std::string out = chunk({{"role", "assistant"}, {"content", ""}}, nullptr);
  if (command.empty()) {
    out += chunk({{"content", "Done."}}, nullptr);
  } else {
    const json arguments = {{"command", command}, {"description", "do it"}};
    out += chunk({{"tool_calls",
                   {{{"index", 0},
                     {"id", fmt::format("call_{}", std::rand())},
                     {"type", "function"},
                     {"function", {{"name", "bash"}, {"arguments", arguments.dump()}}}}}}},
                 nullptr);
  }
  out += chunk(json::object(), command.empty() ? "stop" : "tool_calls");
  out += sse({{"id", "chatcmpl-1"},
              {"object", "chat.completion.chunk"},
              {"created", 1},
              {"model", "stub-1"},
              {"choices", json::array()},
              {"usage",
               {{"prompt_tokens", 1000},
                {"completion_tokens", 25},
                {"total_tokens", 1025},
                {"prompt_tokens_details", {{"cached_tokens", 200}}}}}},
             false);
  return out + "data: [DONE]\n\n";
}

std::string answer(const Options& options, const Request& request, std::string& told) {
  const std::map<std::string, std::string> kApis = {{"/v1/messages", "messages"},
                                                    {"/v1/responses", "responses"},
                                                    {"/v1/chat/completions", "chat"}};
  const auto api = kApis.find(request.target.substr(0, request.target.find('?')));
  if (api == kApis.end()) {
    told = "404 " + request.target;
    return "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
  }
  int status = options.status;
  std::ifstream(options.status_file) >> status;
  if (status != 200 && status != 0) {
    told = fmt::format("{} {}", status, api->second);
    const std::string body = R"({"type":"error","error":{"type":"scripted","message":"scripted"}})";
    return fmt::format(
        "HTTP/1.1 {} Scripted\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
        "Connection: close\r\n\r\n{}",
        status, body.size(), body);
  }
  const json body = json::parse(request.body, nullptr, false);
  const Step step = body.is_object() ? step_of(body, api->second) : Step{};
  const bool acts = step.has_tools && step.results == 0;
  const std::string command = !acts ? "" : step.prompts > 1 ? options.again : options.first;
  told = fmt::format("200 {} prompts={} results={} {}", api->second, step.prompts, step.results,
                     command.empty() ? "says" : "acts");
  const std::string events = api->second == "messages"    ? anthropic(command)
                             : api->second == "responses" ? responses(command)
                                                          : chat(command);
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + events;
}

void serve(int fd, const Options& options) {
  static std::mutex log_lock;
  Request request;
  std::string told;
  if (read_request(fd, request)) {
    const std::string bytes = answer(options, request, told);
    {
      const std::scoped_lock lock(log_lock);
      std::ofstream(options.log, std::ios::app) << told << "\n";
    }
    send_all(fd, bytes);
    ::shutdown(fd, SHUT_WR);
  }
  ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::string Options::*> kTexts{
      {"--port-file", &Options::port_file},
      {"--log", &Options::log},
      {"--first", &Options::first},
      {"--again", &Options::again},
      {"--status-file", &Options::status_file}};
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (const auto text = kTexts.find(name); text != kTexts.end()) {
      options.*text->second = value;
    } else if (name == "--status") {
      options.status = std::atoi(value.c_str());
    } else {
      fmt::print(stderr, "model_stub: unknown option {}\n", name);
      return 2;
    }
  }
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 64) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("model_stub");
    return 1;
  }
  // Renamed into place: whoever sees it sees all of it.
  std::ofstream(options.port_file + ".new") << ntohs(address.sin_port) << "\n";
  std::rename((options.port_file + ".new").c_str(), options.port_file.c_str());
  while (true) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      std::thread(serve, fd, std::cref(options)).detach();
    }
  }
}
