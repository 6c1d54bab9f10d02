#include "jobs/pipelines/prompt.h"
#include "manifests/read.h"

namespace manifests {

void read_prompt(Reading& reading, const std::string& table, const std::string& path,
                 const std::vector<Layer>& layers, std::string& prompt) {
  for (const Layer& layer : layers) {
    if (!layer ||
        (layer.table->find("prompt") == nullptr && layer.table->find("prompt_file") == nullptr)) {
      continue;
    }
    TableReader reader(reading, table, path, {layer});
    const auto text = reader.find("prompt");
    const auto file = reader.find("prompt_file");
    std::string file_path;
    std::string where = "the prompt";
    if (text && file) {
      reader.error(file->key_at(), "prompt and prompt_file exclude each other");
    } else if (text) {
      reader.text("prompt", prompt, check_long_text);
    } else if (reader.path("prompt_file", file_path)) {
      reading.origins.at[path + ".prompt"] = file->key_at();
      prompt = read_text_file(reading, file->at(), file_path);
      where = file_path;
    }
    if (const auto fine = jobs::check_prompt(prompt, where); !fine) {
      reader.error((text ? text : file)->at(), fine.error().message,
                   {.expected = {}, .suggestion = {}, .hint = fine.error().hint});
    }
    return;
  }
}

}  // namespace manifests
