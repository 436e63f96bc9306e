#include "dataset/internal/info_labels.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

using nlohmann::json;

/// The text under `key`, or an empty one.
std::string TextAt(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Error SeveralLabels(const std::string& where, const std::string& path, const std::string& type) {
  return {Status::kUnsupported, where + " (" + path + ") has a label of type " + Quote(type) +
                                    "; this reader takes one label for a whole recording: cut it into pieces of one "
                                    "label each"};
}

}  // namespace

Expected<LabelEntries> ReadInfoLabels(std::string_view bytes) {
  json document;
  try {
    document = json::parse(bytes.begin(), bytes.end());
  } catch (const json::parse_error& error) {
    if (error.byte > bytes.size()) {
      return {Status::kDataLoss,
              "byte " + std::to_string(bytes.size()) + ": the file ends too early; export the data again"};
    }
    return {Status::kDataLoss, "byte " + std::to_string(error.byte) + ": not valid JSON; export the data again"};
  } catch (const json::exception&) {
    return {Status::kDataLoss, "a number is too large; export the data again"};
  }
  const auto files = document.is_object() ? document.find("files") : document.end();
  if (!document.is_object() || files == document.end() || !files->is_array()) {
    return {Status::kDataLoss, "there is no list of files; export the data again"};
  }
  LabelEntries entries;
  size_t index = 0;
  for (const json& file : *files) {
    const std::string where = "files[" + std::to_string(index++) + "]";
    if (!file.is_object()) return {Status::kDataLoss, where + " is not an object; export the data again"};
    const std::string path = TextAt(file, "path");
    if (path.empty()) return {Status::kDataLoss, where + " has no path; export the data again"};
    LabelEntry entry;
    entry.name = TextAt(file, "name");
    const std::string category = TextAt(file, "category");
    if (category == "training") entry.category = Category::kTraining;
    if (category == "testing") entry.category = Category::kTesting;
    const auto label = file.find("label");
    if (label != file.end() && label->is_object()) {
      const std::string type = TextAt(*label, "type");
      if (type != "label" && type != "unlabeled") {
        return SeveralLabels(where, path, type);
      }
      entry.label = TextAt(*label, "label");
    } else if (label != file.end() && label->is_string()) {
      entry.label = label->get<std::string>();
    }
    entries.insert_or_assign(path, std::move(entry));
  }
  return entries;
}

}  // namespace thimble::dataset
