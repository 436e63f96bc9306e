#include "studio/server/ingest/sidecars.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "studio/server/remote/document.h"

namespace thimble::studio {
namespace {

using nlohmann::json;

constexpr size_t kMostBoxes = 10'000;

std::string_view BaseName(std::string_view path) { return path.substr(path.find_last_of("/\\") + 1); }

Error Fault(std::string sentence) { return {Status::kDataLoss, std::move(sentence)}; }

std::string AsText(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

Expected<std::map<std::string, std::string>> MetadataOf(const json& object) {
  if (!object.is_object()) return Fault("metadata has to be an object of names and texts");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : object.items()) metadata[key] = AsText(value);
  return metadata;
}

Expected<std::string> BoxesOf(const json& list) {
  if (!list.is_array() || list.size() > kMostBoxes) return Fault("bounding boxes have to be a list");
  for (const json& box : list) {
    const auto is_number = [&](const char* key) { return box.contains(key) && box[key].is_number(); };
    const bool whole = box.is_object() && box.contains("label") && box["label"].is_string() && is_number("x") &&
                       is_number("y") && is_number("width") && is_number("height");
    if (!whole) return Fault("a bounding box needs a label, x, y, width and height");
    if (box["width"].get<double>() < 0 || box["height"].get<double>() < 0) {
      return Fault("a bounding box has a negative size");
    }
  }
  return list.dump();
}

Expected<std::string> StructuredOf(const json& list) {
  if (!list.is_array()) return Fault("structured labels have to be a list");
  for (const json& stretch : list) {
    const bool whole = stretch.is_object() && stretch.contains("label") && stretch["label"].is_string() &&
                       stretch.contains("startIndex") && stretch["startIndex"].is_number_integer() &&
                       stretch.contains("endIndex") && stretch["endIndex"].is_number_integer();
    if (!whole) return Fault("a structured label needs a label, startIndex and endIndex");
    if (stretch["startIndex"].get<int64_t>() < 0 || stretch["endIndex"] < stretch["startIndex"]) {
      return Fault("a structured label ends before it begins");
    }
  }
  return list.dump();
}

/// {"type": "label", "label": …}, {"type": "unlabeled"}, {"type": "multi-label", "labels": […]}
Outcome ReadLabel(const json& label, Remarks& remarks) {
  const std::string type =
      label.is_object() ? label.value("type", json()).is_string() ? label["type"].get<std::string>() : std::string()
                        : std::string();
  if (type == "unlabeled") {
    remarks.label = "";
  } else if (type == "label" && label.contains("label") && label["label"].is_string()) {
    remarks.label = label["label"].get<std::string>();
  } else if (type == "multi-label" && label.contains("labels")) {
    remarks.label = "";
    THIMBLE_ASSIGN(remarks.structured_labels, StructuredOf(label["labels"]));
  } else if (type != "key-value") {
    return Fault("a label has to be of the type label, unlabeled or multi-label");
  }
  return Nothing{};
}

}  // namespace

Error AttachmentRefusal(std::string_view file_name, const Remarks& remarks) {
  return {Status::kUnsupported, std::string(file_name) + ": is attached to " + remarks.attached_to +
                                    ", and attachments are not kept here; if it is a recording of its own, send it "
                                    "without attachments.labels"};
}

Expected<std::map<std::string, std::string>> ParseMetadata(std::string_view text) {
  THIMBLE_ASSIGN(const json document, ReadDocument(text, Encoding::kJson));
  return MetadataOf(document);
}

Expected<std::string> ParseStructuredLabels(std::string_view text) {
  THIMBLE_ASSIGN(const json document, ReadDocument(text, Encoding::kJson));
  return StructuredOf(document);
}

Expected<std::string> ParseBoundingBoxes(std::string_view text) {
  THIMBLE_ASSIGN(const json document, ReadDocument(text, Encoding::kJson));
  if (document.is_object() && document.contains("boundingBoxes")) return BoxesOf(document["boundingBoxes"]);
  return BoxesOf(document);
}

Outcome Sidecars::Add(std::string_view file_name, std::string_view bytes) {
  const auto about = [&](const Error& error) { return Fault(std::string(BaseName(file_name)) + ": " + error.message); };
  const Expected<json> read = ReadDocument(bytes, Encoding::kJson);
  if (!read.ok()) return about(read.error());
  const json& document = *read;
  if (!document.is_object()) return about(Fault("it has to be a JSON object"));

  if (const auto files = document.find("files"); files != document.end() && files->is_array()) {
    for (const json& file : *files) {
      if (!file.is_object() || !file.contains("path") || !file["path"].is_string()) {
        return about(Fault("each of its files needs a path"));
      }
      Remarks& remarks = remarks_[std::string(BaseName(file["path"].get_ref<const std::string&>()))];
      if (file.contains("name") && file["name"].is_string()) remarks.name = file["name"].get<std::string>();
      if (file.contains("category") && file["category"].is_string()) {
        remarks.category = file["category"].get<std::string>();
      }
      if (file.contains("label")) {
        const Outcome outcome = ReadLabel(file["label"], remarks);
        if (!outcome.ok()) return about(outcome.error());
      }
      if (file.contains("metadata") && !file["metadata"].is_null()) {
        auto metadata = MetadataOf(file["metadata"]);
        if (!metadata.ok()) return about(metadata.error());
        remarks.metadata = *std::move(metadata);
      }
      if (file.contains("enabled") && file["enabled"].is_boolean()) remarks.enabled = file["enabled"].get<bool>();
      if (file.contains("boundingBoxes")) {
        auto boxes = BoxesOf(file["boundingBoxes"]);
        if (!boxes.ok()) return about(boxes.error());
        remarks.bounding_boxes = *std::move(boxes);
      }
    }
    return Nothing{};
  }

  const auto each = [&](const char* key, const auto& take) -> Outcome {
    const auto found = document.find(key);
    if (found == document.end() || !found->is_object()) return about(Fault(std::string(key) + " is missing"));
    for (const auto& [file, value] : found->items()) {
      const Outcome outcome = take(remarks_[std::string(BaseName(file))], value);
      if (!outcome.ok()) return about(outcome.error());
    }
    return Nothing{};
  };
  const std::string type =
      document.contains("type") && document["type"].is_string() ? document["type"].get<std::string>() : std::string();
  if (type == "bounding-box-labels") {
    return each("boundingBoxes", [](Remarks& remarks, const json& value) -> Outcome {
      THIMBLE_ASSIGN(remarks.bounding_boxes, BoxesOf(value));
      return Nothing{};
    });
  }
  if (type == "structured-labels") {
    return each("structuredLabels", [](Remarks& remarks, const json& value) -> Outcome {
      THIMBLE_ASSIGN(remarks.structured_labels, StructuredOf(value));
      return Nothing{};
    });
  }
  if (type == "label-map-labels") {
    return each("labels", [](Remarks& remarks, const json& value) -> Outcome {
      THIMBLE_ASSIGN(const auto metadata, MetadataOf(value));
      for (const auto& [key, text] : metadata) remarks.metadata[key] = text;
      return Nothing{};
    });
  }
  if (type == "attachments") {
    const auto found = document.find(type);
    if (found == document.end() || !found->is_object()) return about(Fault("attachments is missing"));
    for (const auto& [file, list] : found->items()) {
      if (!list.is_array()) return about(Fault("the attachments of " + file + " have to be a list"));
      for (const json& one : list) {
        if (!one.is_object() || !one.contains("filename") || !one["filename"].is_string()) {
          return about(Fault("an attachment needs a filename"));
        }
        remarks_[std::string(BaseName(one["filename"].get_ref<const std::string&>()))].attached_to = file;
      }
    }
    return Nothing{};
  }
  return about(Fault("its type is none of bounding-box-labels, structured-labels, label-map-labels, attachments"));
}

const Remarks* Sidecars::Find(std::string_view file_name) const {
  const auto found = remarks_.find(BaseName(file_name));
  return found == remarks_.end() ? nullptr : &found->second;
}

}  // namespace thimble::studio
