// The recordings of the data set: looking at them, cutting them, labelling them.
#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "http/coding.h"
#include "studio/server/api/answer.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/api/thin.h"
#include "studio/server/application.h"
#include "studio/server/ingest/ingest_routes.h"
#include "studio/server/ingest/recording_of.h"
#include "studio/server/ingest/stretch_labels.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

json JsonOf(const Sample& sample) {
  return {{"id", sample.id},
          {"name", sample.name},
          {"file_name", sample.file_name},
          {"label", sample.label},
          {"category", sample.category},
          {"enabled", sample.enabled},
          {"kind", sample.kind},
          {"axes", Stored(sample.axes)},
          {"interval_ms", sample.interval_ms},
          {"length_ms", sample.length_ms},
          {"frequency_hz", sample.frequency_hz},
          {"readings", sample.values_count},
          {"first_reading", sample.first_value},
          {"bytes", sample.bytes},
          {"part_of", sample.part_of ? json(*sample.part_of) : json()},
          {"content_hash", sample.content_hash},
          {"device_id", sample.device_id},
          {"device_type", sample.device_type},
          {"metadata", Stored(sample.metadata)},
          {"bounding_boxes", Stored(sample.bounding_boxes)},
          {"structured_labels", Stored(sample.structured_labels)},
          {"signature", sample.signature},
          {"findings", Stored(sample.findings)},
          {"created_ms", sample.created_ms},
          {"version", sample.version}};
}

SampleFilter FilterOf(const json& conditions) {
  SampleFilter filter;
  const auto text = [&](const char* key, std::optional<std::string>& to) {
    if (conditions.contains(key)) to = conditions[key].get<std::string>();
  };
  const auto number = [&](const char* key, std::optional<double>& to) {
    if (conditions.contains(key)) to = conditions[key].get<double>();
  };
  text("label", filter.label);
  text("category", filter.category);
  text("device_id", filter.device_id);
  number("min_length_ms", filter.min_length_ms);
  number("max_length_ms", filter.max_length_ms);
  filter.name_contains = conditions.value("name", "");
  filter.snapshot = conditions.value("project_version", int64_t{0});
  if (conditions.contains("enabled")) filter.enabled = conditions["enabled"].get<bool>();
  return filter;
}

Expected<Response> ListSamples(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  const SampleFilter filter = FilterOf(query);
  Store& store = call.application.store;
  THIMBLE_ASSIGN(const Page<Sample> page, store.ListSamples(call.project_id, filter, PagingOf(query)));
  json answer = PageJson("samples", page, JsonOf);
  if (query["count"].get<bool>()) {
    THIMBLE_ASSIGN(answer["count"], store.CountSamples(call.project_id, filter));
  }
  Response response = JsonAnswer(200, answer);
  http::ApplyTag(call.request, response, "\"" + Sha256(response.body).substr(0, 32) + "\"");
  return response;
}

Expected<Response> GetSample(Call& call) {
  THIMBLE_ASSIGN(const Sample sample, SampleOf(call));
  return Tagged(call, JsonOf(sample), sample.version);
}

Expected<Response> GetValues(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  THIMBLE_ASSIGN(const Sample sample, SampleOf(call));
  Response response;
  http::ApplyTag(call.request, response,
                 "\"" + Sha256(std::to_string(sample.version) + " " + call.request.target).substr(0, 32) + "\"");
  if (response.status == 304) return response;  // before anything is read
  if (sample.kind != "time-series") {
    return {Status::kInvalidArgument, sample.name + " is no signal; get its file instead"};
  }
  THIMBLE_ASSIGN(const dataset::Recording recording, RecordingOf(call.application.store.blobs(), sample));
  const auto readings = static_cast<int64_t>(recording.readings());
  const int64_t first = query["first"].get<int64_t>();
  const int64_t count = query.value("count", std::max<int64_t>(readings - first, 0));
  if (first >= readings || count > readings - first) {
    return {Status::kInvalidArgument, sample.name + " has " + std::to_string(readings) + " readings: there are no " +
                                          std::to_string(count) + " from " + std::to_string(first) + " on"};
  }
  const int64_t width = query["width"].get<int64_t>();
  const bool exact = count <= width;
  std::string text = "{\"first\":" + std::to_string(first) + ",\"count\":" + std::to_string(count) +
                     ",\"interval_ms\":" + json(recording.interval_ms).dump() +
                     ",\"exact\":" + (exact ? "true" : "false") + ",\"axes\":[";
  for (size_t axis = 0; axis < recording.axes.size(); ++axis) {
    const Thinned thinned =
        Thin(recording, axis, static_cast<size_t>(first), static_cast<size_t>(count), static_cast<size_t>(width));
    if (axis > 0) text += ',';
    text += "{\"name\":" + http::JsonString(recording.axes[axis].name) +
            ",\"units\":" + http::JsonString(recording.axes[axis].units) + ",\"least\":";
    AppendNumbers(thinned.least, text);
    if (!exact) {
      text += ",\"greatest\":";
      AppendNumbers(thinned.greatest, text);
    }
    text += '}';
  }
  response.headers.Set("Content-Type", "application/json");
  response.body = text + "]}";
  return response;
}

Expected<Response> GetFile(Call& call) {
  THIMBLE_ASSIGN(const Sample sample, SampleOf(call));
  return Download(call, sample.blob, sample.file_name);
}

/// Label, name, … as the body says.
void Apply(const json& body, Sample& sample) {
  sample.label = body.value("label", sample.label);
  sample.name = body.value("name", sample.name);
  sample.category = body.value("category", sample.category);
  sample.enabled = body.value("enabled", sample.enabled);
  const auto keep = [&](const char* key, std::string& to) {
    if (body.contains(key)) to = TextOf(body[key]);
  };
  keep("metadata", sample.metadata);
  keep("bounding_boxes", sample.bounding_boxes);
  keep("structured_labels", sample.structured_labels);
}

Expected<Response> ChangeSample(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  constexpr int kMostTries = 5;
  for (int i = 0; i < kMostTries; ++i) {
    THIMBLE_ASSIGN(Sample sample, ChangeableSample(call));
    if (IsOutdated(call, sample.version)) return Outdated();
    Apply(body, sample);
    THIMBLE_ASSIGN(const std::optional<int64_t> version, call.application.store.UpdateSample(sample));
    if (!version) continue;  // somebody was quicker: their change stays, with ours on top unless If-Match forbids it
    sample.version = *version;
    Tell(call, "sample", "sample.change", std::to_string(sample.id), {{"changes", body}});
    return Tagged(call, JsonOf(sample), sample.version);
  }
  return Outdated();
}

Expected<Response> DeleteSample(Call& call) {
  THIMBLE_ASSIGN(const Sample sample, ChangeableSample(call));
  if (IsOutdated(call, sample.version)) return Outdated();
  const int64_t ids[] = {sample.id};
  THIMBLE_EXPECT(call.application.store.EditSamples(call.project_id, ids, SampleEdit::kDelete, ""));
  Tell(call, "sample", "sample.delete", std::to_string(sample.id), {{"name", sample.name}});
  return Response::Empty();
}

Stretch StretchOf(const Sample& sample, const json& object) {
  Stretch stretch = WithLabels(sample, {object["first"].get<int64_t>(), object["count"].get<int64_t>()});
  if (object.contains("label")) stretch.label = object["label"].get<std::string>();
  return stretch;
}

Expected<Response> CropSample(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  THIMBLE_ASSIGN(const Sample sample, ChangeableSample(call));
  if (IsOutdated(call, sample.version)) return Outdated();
  Store& store = call.application.store;
  THIMBLE_ASSIGN(const std::optional<int64_t> version, store.CropSample(sample, StretchOf(sample, body)));
  if (!version) return Outdated();
  Tell(call, "sample", "sample.crop", std::to_string(sample.id), body);
  THIMBLE_ASSIGN(const Sample cropped, store.GetSample(call.project_id, sample.id));
  return Tagged(call, JsonOf(cropped), cropped.version);
}

/// Equal parts of so many readings one after the other; what is left at the end is dropped.
std::vector<Stretch> EqualParts(const Sample& sample, int64_t readings) {
  std::vector<Stretch> parts;
  for (int64_t first = 0; first + readings <= sample.values_count; first += readings)
    parts.push_back(WithLabels(sample, {first, readings}));
  return parts;
}

Expected<Response> SplitSample(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  THIMBLE_ASSIGN(const Sample sample, ChangeableSample(call));
  if (IsOutdated(call, sample.version)) return Outdated();
  constexpr size_t kMostParts = 10'000;
  std::vector<Stretch> parts;
  if (body.contains("parts")) {
    for (const json& part : body["parts"]) parts.push_back(StretchOf(sample, part));
  } else if (body.value("by_label", false)) {
    for (const LabelledStretch& one : StretchLabelsOf(sample)) parts.push_back({one.first, one.count, one.label, "[]"});
    if (parts.empty()) {
      return {Status::kInvalidArgument, sample.name + " has no stretch with a label of its own; mark some"};
    }
  } else if (body.contains("every")) {
    const int64_t readings = body["every"].get<int64_t>();
    if (sample.values_count / readings > static_cast<int64_t>(kMostParts)) {
      return {Status::kInvalidArgument,
              "that makes more than " + std::to_string(kMostParts) + " parts; make them longer"};
    }
    parts = EqualParts(sample, readings);
  }
  if (parts.empty()) {
    return {Status::kInvalidArgument,
            "say what becomes of it: parts, a list of stretches, by_label, one for each stretch that has a label, or "
            "every, readings a part and no more than it has"};
  }
  THIMBLE_ASSIGN(const auto ids, call.application.store.SplitSample(sample, parts));
  if (!ids) return Outdated();
  Tell(call, "sample", "sample.split", std::to_string(sample.id), {{"parts", *ids}});
  return JsonAnswer(200, {{"ids", *ids}});
}

Expected<Response> EditSamples(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  const std::string action = body["action"].get<std::string>();
  const auto need = [&](const char* key) -> Expected<std::string> {
    if (!body.contains(key))
      return {Status::kInvalidArgument, std::string(key) + " is missing: it is what " + action + " needs"};
    return body[key].get<std::string>();
  };
  SampleEdit edit = SampleEdit::kDelete;
  std::string text;
  if (action == "relabel") {
    edit = SampleEdit::kRelabel;
    THIMBLE_ASSIGN(text, need("label"));
  } else if (action == "move") {
    edit = SampleEdit::kMove;
    THIMBLE_ASSIGN(text, need("category"));
  } else if (action != "delete") {
    edit = action == "enable" ? SampleEdit::kEnable : SampleEdit::kDisable;
  }
  if (body.contains("ids") == body.contains("filter")) {
    return {Status::kInvalidArgument, "say which samples: either ids or filter; an empty filter means all"};
  }
  Store& store = call.application.store;
  Expected<int64_t> changed = int64_t{0};
  if (body.contains("ids")) {
    const auto ids = body["ids"].get<std::vector<int64_t>>();
    changed = store.EditSamples(call.project_id, ids, edit, text);
  } else {
    changed = store.EditSamples(call.project_id, FilterOf(body["filter"]), edit, text);
  }
  if (!changed.ok()) return changed.error();
  json detail = body;
  detail["changed"] = *changed;
  detail.erase("action");
  constexpr size_t kMostNamed = 100;
  if (body.contains("ids") && body["ids"].size() > kMostNamed) detail["ids"] = "many";
  Tell(call, "sample", ("sample." + action).c_str(), "many", std::move(detail));
  return JsonAnswer(200, {{"changed", *changed}});
}

Expected<Response> ListDuplicates(Call& call) {
  THIMBLE_ASSIGN(const Sample sample, SampleOf(call));
  THIMBLE_ASSIGN(std::vector<Sample> same, call.application.store.FindDuplicates(call.project_id, sample.content_hash));
  std::erase_if(same, [&](const Sample& other) { return other.id == sample.id; });
  return JsonAnswer(200, ListJson("samples", same, JsonOf));
}

// --- uploads --------------------------------------------------------------------------------------------------------

/// The same in our own tongue.
Response Translated(const Response& response) {
  const json told = Stored(response.body);
  if (response.status >= 400 || !told.is_object() || !told.contains("files")) {
    const bool says = told.is_object() && told.contains("error");
    return Response::Problem(response.status < 400 ? 500 : response.status,
                             says ? told["error"].get<std::string>() : response.body);
  }
  json files = json::array();
  for (const json& file : told["files"]) {
    json one = {{"file_name", file["fileName"]}, {"notices", file.value("notices", json::array())}};
    one["sample"] = file.value("sampleId", json());
    if (file.contains("error")) one["error"] = file["error"];
    files.push_back(std::move(one));
  }
  return JsonAnswer(200, {{"files", std::move(files)}});
}

class TranslatedSink : public http::BodySink {
 public:
  explicit TranslatedSink(std::unique_ptr<http::BodySink> sink) : sink_(std::move(sink)) {}
  bool Write(std::string_view bytes) override { return sink_->Write(bytes); }
  Response Finish() override { return Translated(sink_->Finish()); }

 private:
  std::unique_ptr<http::BodySink> sink_;
};

/// What the ingestion service does for whoever has a key, for whoever may without one: a page of the studio.
std::variant<std::unique_ptr<http::BodySink>, Response> Upload(Call& call) {
  const Expected<Project> project = call.application.store.GetProject(call.project_id);
  if (!project.ok()) return ProblemOf(project.error());
  const std::string path = "/api/" + call.request.Parameter("category") + "/files";
  for (const Route& route : IngestRoutes()) {
    if (route.path != path || route.open == nullptr) continue;
    auto opened = route.open(call);
    if (auto* refusal = std::get_if<Response>(&opened)) return Translated(*refusal);
    return std::make_unique<TranslatedSink>(std::move(std::get<std::unique_ptr<http::BodySink>>(opened)));
  }
  return Response::Problem(404, "there is no category '" + call.request.Parameter("category") +
                                    "'; there are training, testing, anomaly and split");
}

}  // namespace

std::span<const Route> SampleRoutes() {
  constexpr uint64_t kMostUploadBytes = uint64_t{16} << 30;
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/api/v1/projects/{project}/samples",
       Permission::kRead,
       "The recordings of the data set, or of a version of the project, newest first.",
       "",
       "Samples",
       &Answer<ListSamples>},
      {{},
       "POST",
       "/api/v1/projects/{project}/uploads/{category}",
       Permission::kIngest,
       "Brings recordings as the ingestion service takes them: a form, each file a field `data`.",
       "multipart/form-data",
       "Uploaded",
       nullptr,
       &Upload,
       false,
       kMostUploadBytes},
      {{},
       "POST",
       "/api/v1/projects/{project}/samples/edit",
       Permission::kWrite,
       "Relabels, moves, enables, disables or deletes many recordings at once, all or none.",
       "SampleEdit",
       "Changed",
       &Once<EditSamples>},
      {{},
       "GET",
       "/api/v1/projects/{project}/samples/{sample}",
       Permission::kRead,
       "One recording.",
       "",
       "Sample",
       &Answer<GetSample>},
      {{},
       "PATCH",
       "/api/v1/projects/{project}/samples/{sample}",
       Permission::kWrite,
       "Changes what is said about a recording.",
       "SampleChange",
       "Sample",
       &Answer<ChangeSample>},
      {{},
       "DELETE",
       "/api/v1/projects/{project}/samples/{sample}",
       Permission::kWrite,
       "Deletes a recording.",
       "",
       "",
       &Answer<DeleteSample>},
      {{},
       "GET",
       "/api/v1/projects/{project}/samples/{sample}/values",
       Permission::kRead,
       "Its readings for a plot: of each pixel the least and the greatest.",
       "",
       "Values",
       &Answer<GetValues>},
      {{},
       "GET",
       "/api/v1/projects/{project}/samples/{sample}/file",
       Permission::kRead,
       "The file as it was brought; a part's file is that of the whole.",
       "",
       "application/octet-stream",
       &Answer<GetFile>},
      {{},
       "GET",
       "/api/v1/projects/{project}/samples/{sample}/duplicates",
       Permission::kRead,
       "Other recordings that say the same, oldest first.",
       "",
       "Samples",
       &Answer<ListDuplicates>},
      {{},
       "POST",
       "/api/v1/projects/{project}/samples/{sample}/crop",
       Permission::kWrite,
       "Makes a recording a stretch of itself. Its file stays.",
       "Stretch",
       "Sample",
       &Once<CropSample>},
      {{},
       "POST",
       "/api/v1/projects/{project}/samples/{sample}/split",
       Permission::kWrite,
       "Puts parts of a recording in its place: stretches, equal parts, or what its labels mark.",
       "SampleSplit",
       "Ids",
       &Once<SplitSample>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
