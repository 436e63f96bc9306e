// The data set, as Edge Impulse's tools and its typed clients ask for it: looking, labelling, moving, cutting.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "dataset/segments.h"
#include "studio/server/api/rebalance.h"
#include "studio/server/api/thin.h"
#include "studio/server/application.h"
#include "studio/server/edge_impulse/edge_impulse_routes.h"
#include "studio/server/edge_impulse/reply.h"
#include "studio/server/ingest/label.h"
#include "studio/server/ingest/recording_of.h"
#include "studio/server/ingest/sidecars.h"
#include "studio/server/ingest/stretch_labels.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

constexpr int64_t kMostSamples = 1000;
constexpr int64_t kMostOffset = 10'000'000;
constexpr int64_t kMostReadings = 1'000'000'000;

json JsonOf(const Sample& sample) {
  const bool picture = sample.kind == "image";
  return {{"id", sample.id},
          {"filename", sample.name},
          {"signatureValidate", sample.signature == "valid"},
          {"created", IsoTime(sample.created_ms)},
          {"lastModified", IsoTime(sample.created_ms)},
          {"added", IsoTime(sample.created_ms)},
          {"category", sample.category},
          {"coldstorageFilename", sample.file_name},
          {"label", sample.label},
          {"intervalMs", sample.interval_ms},
          {"frequency", sample.frequency_hz},
          {"originalIntervalMs", sample.interval_ms},
          {"originalFrequency", sample.frequency_hz},
          {"deviceName", sample.device_id},
          {"deviceType", sample.device_type},
          {"sensors", Stored(sample.axes)},
          {"valuesCount", sample.values_count},
          {"totalLengthMs", sample.length_ms},
          {"boundingBoxes", Stored(sample.bounding_boxes)},
          {"boundingBoxesType", "object_detection"},
          {"chartType", picture                     ? "image"
                        : sample.kind == "features" ? "table"
                                                    : "chart"},
          {"isDisabled", !sample.enabled},
          {"isProcessing", false},
          {"processingError", false},
          {"isCropped", sample.part_of.has_value()},
          {"metadata", Stored(sample.metadata)},
          {"projectId", sample.project_id},
          {"sha256Hash", sample.content_hash},
          {"structuredLabels", Stored(sample.structured_labels)},
          {"datastreams", json::array()}};
}

// --- which ----------------------------------------------------------------------------------------------------------

/// What a query asks for: what the store can sort out, and what is sorted out here.
struct Selection {
  SampleFilter filter;
  std::optional<std::set<std::string>> labels;
  std::optional<std::set<int64_t>> ids;
  std::set<int64_t> excluded;

  bool is_all_of_filter() const { return !labels && !ids && excluded.empty(); }
  bool Takes(const Sample& sample) const {
    return (!labels || labels->contains(sample.label)) && (!ids || ids->contains(sample.id)) &&
           !excluded.contains(sample.id);
  }
};

/// A list that stands in the query as JSON.
template <typename Item>
Expected<std::set<Item>> SetOf(std::string_view name, std::string_view text) {
  const json list = json::parse(text, nullptr, false);
  std::set<Item> items;
  const auto is_item = [](const json& one) {
    return std::is_same_v<Item, std::string> ? one.is_string() : one.is_number_integer();
  };
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_item)) {
    return {Status::kInvalidArgument, std::string(name) + " must be a list, as JSON"};
  }
  for (const json& one : list) items.insert(one.get<Item>());
  return items;
}

Expected<double> LengthOf(std::string_view name, std::string_view text) {
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault == std::errc() && end == text.data() + text.size()) return number;
  return {Status::kInvalidArgument, std::string(name) + " must be a number"};
}

/// `strict`: conditions that are not known here are refused. What changes samples must not change more of them than
/// was meant; lists pass such conditions over, as they do with all that newer tools say.
Expected<Selection> SelectionOf(const Call& call, bool strict) {
  Selection selection;
  for (const auto& [name, value] : call.request.query) {
    if (name == "category") {
      if (value != "all") selection.filter.category = value;
    } else if (name == "filename") {
      selection.filter.name_contains = value;
    } else if (name == "includeDisabled") {
      if (value != "both") selection.filter.enabled = value == "enabled";
    } else if (name == "minLength") {
      THIMBLE_ASSIGN(selection.filter.min_length_ms, LengthOf(name, value));
    } else if (name == "maxLength") {
      THIMBLE_ASSIGN(selection.filter.max_length_ms, LengthOf(name, value));
    } else if (name == "labels") {
      THIMBLE_ASSIGN(selection.labels, SetOf<std::string>(name, value));
    } else if (name == "ids") {
      THIMBLE_ASSIGN(selection.ids, SetOf<int64_t>(name, value));
    } else if (name == "excludeIds") {
      THIMBLE_ASSIGN(selection.excluded, SetOf<int64_t>(name, value));
    } else if (strict) {
      return {
          Status::kInvalidArgument,
          "samples cannot be chosen by " + name +
              " here; there are category, labels, filename, minLength, maxLength, includeDisabled, ids, excludeIds"};
    }
  }
  if (strict && call.request.query.empty()) {
    return {Status::kInvalidArgument, "say which samples: a category at least, which may be all"};
  }
  return selection;
}

/// visit(sample) says whether to go on. Newest first.
Outcome ForEach(const Call& call, const Selection& selection, const std::function<bool(const Sample&)>& visit) {
  Paging paging{.limit = kMostSamples};
  for (;;) {
    THIMBLE_ASSIGN(const Page<Sample> page,
                   call.application.store.ListSamples(call.project_id, selection.filter, paging));
    for (const Sample& sample : page.items) {
      if (selection.Takes(sample) && !visit(sample)) return Nothing{};
    }
    if (!page.next) return Nothing{};
    paging.cursor = *page.next;
  }
}

Expected<Response> ListSamples(Call& call) {
  THIMBLE_ASSIGN(int64_t wanted, NumberOf(call, "limit", kMostSamples, kMostOffset));
  THIMBLE_ASSIGN(int64_t skipped, NumberOf(call, "offset", 0, kMostOffset));
  wanted = std::min(wanted, kMostSamples);
  THIMBLE_ASSIGN(const Selection selection, SelectionOf(call, false));
  const bool counted_by_store = selection.is_all_of_filter();
  int64_t count = 0;
  json list = json::array();
  THIMBLE_EXPECT(ForEach(call, selection, [&](const Sample& sample) {
    ++count;
    if (skipped-- <= 0 && wanted-- > 0) list.push_back(JsonOf(sample));
    return wanted > 0 || !counted_by_store;
  }));
  if (counted_by_store) {
    THIMBLE_ASSIGN(count, call.application.store.CountSamples(call.project_id, selection.filter));
  }
  return Success({{"samples", std::move(list)}, {"totalCount", count}});
}

Expected<int64_t> CountOf(const Call& call, const Selection& selection) {
  if (selection.is_all_of_filter()) return call.application.store.CountSamples(call.project_id, selection.filter);
  int64_t count = 0;
  THIMBLE_EXPECT(ForEach(call, selection, [&](const Sample&) { return ++count > 0; }));
  return count;
}

Expected<Response> CountSamples(Call& call) {
  THIMBLE_ASSIGN(const Selection selection, SelectionOf(call, false));
  THIMBLE_ASSIGN(const int64_t count, CountOf(call, selection));
  return Success({{"count", count}});
}

// --- one, with its readings -----------------------------------------------------------------------------------------

/// Readings `first` … `first + count - 1`, no more than `limitPayloadValues` of them, evenly chosen.
Expected<Response> SampleWithReadings(Call& call, const Sample& sample, const dataset::Recording& recording,
                                      int64_t first, int64_t count) {
  THIMBLE_ASSIGN(const int64_t limit, NumberOf(call, "limitPayloadValues", count, kMostReadings));
  const int64_t shown = std::min(count, std::max<int64_t>(limit, 1));
  json sensors = json::array();
  for (const dataset::Axis& axis : recording.axes) sensors.push_back({{"name", axis.name}, {"units", axis.units}});
  std::string payload = TextOf({{"device_name", sample.device_id},
                                {"device_type", sample.device_type},
                                {"sensors", std::move(sensors)},
                                {"intervalMs", recording.interval_ms},
                                {"frequencyHz", recording.rate_hz()}});
  payload.back() = ',';
  payload += "\"values\":[";
  std::vector<float> reading;
  for (int64_t i = 0; i < shown; ++i) {
    const auto numbers = recording.Reading(static_cast<size_t>(first + i * count / shown));
    reading.assign(numbers.begin(), numbers.end());
    if (i > 0) payload += ',';
    AppendNumbers(reading, payload);
  }
  payload += "]}";
  std::string text = TextOf({{"success", true},
                             {"sample", JsonOf(sample)},
                             {"totalPayloadLength", count},
                             {"datastreamPayloads", json::array()}});
  text.back() = ',';
  return Response::Json(200, text + "\"payload\":" + payload + "}");
}

Expected<Response> GetSample(Call& call) {
  THIMBLE_ASSIGN(const Sample sample, SampleOf(call));
  THIMBLE_ASSIGN(const dataset::Recording recording, RecordingOf(call.application.store.blobs(), sample));
  return SampleWithReadings(call, sample, recording, 0, static_cast<int64_t>(recording.readings()));
}

Expected<Response> GetSlice(Call& call) {
  THIMBLE_ASSIGN(const Sample sample, SampleOf(call));
  THIMBLE_ASSIGN(const dataset::Recording recording, RecordingOf(call.application.store.blobs(), sample));
  const auto readings = static_cast<int64_t>(recording.readings());
  THIMBLE_ASSIGN(const int64_t first, NumberOf(call, "sliceStart", 0, readings));
  THIMBLE_ASSIGN(const int64_t end, NumberOf(call, "sliceEnd", readings, readings));
  if (first >= end) return {Status::kInvalidArgument, "sliceEnd must be greater than sliceStart"};
  return SampleWithReadings(call, sample, recording, first, end - first);
}

Expected<Response> GetFile(Call& call) {
  THIMBLE_ASSIGN(const Sample sample, SampleOf(call));
  return Download(call, sample.blob, sample.file_name);
}

Expected<Response> GetPicture(Call& call) {
  THIMBLE_ASSIGN(const Sample sample, SampleOf(call));
  if (sample.kind != "image") return {Status::kInvalidArgument, sample.name + " is no picture"};
  return Download(call, sample.blob, sample.file_name);
}

// --- changing one ---------------------------------------------------------------------------------------------------

/// What `change` makes of it, on top of what others did meanwhile: these clients name no version.
Expected<Response> Change(Call& call, const json& told, const std::function<Outcome(Sample&)>& change) {
  constexpr int kMostTries = 5;
  for (int i = 0; i < kMostTries; ++i) {
    THIMBLE_ASSIGN(Sample sample, ChangeableSample(call));
    THIMBLE_EXPECT(change(sample));
    THIMBLE_ASSIGN(const std::optional<int64_t> version, call.application.store.UpdateSample(sample));
    if (!version) continue;
    Tell(call, "sample", "sample.change", std::to_string(sample.id), {{"changes", told}});
    return Success();
  }
  return {Status::kFailed, "somebody is changing the sample all the time; try again"};
}

Expected<std::string> LabelIn(const json& body) {
  THIMBLE_ASSIGN(const std::string label, WordOf(body, "label"));
  if (const std::string fault = FaultOfLabel(label); !fault.empty()) return {Status::kInvalidArgument, fault};
  return label;
}

Expected<std::string> CategoryIn(const json& body) {
  constexpr std::array<std::string_view, 4> kCategories = {"training", "testing", "anomaly", "post-processing"};
  THIMBLE_ASSIGN(const std::string category, WordOf(body, "newCategory"));
  if (std::ranges::find(kCategories, category) != kCategories.end()) return category;
  return {Status::kInvalidArgument, "there is no category '" + category +
                                        "' here; there are training, testing, anomaly and post-processing (what "
                                        "validates is drawn from training)"};
}

Expected<Response> EditLabel(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  THIMBLE_ASSIGN(const std::string label, LabelIn(body));
  return Change(call, {{"label", label}}, [&](Sample& sample) -> Outcome {
    sample.label = label;
    return Nothing{};
  });
}

Expected<Response> RenameSample(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  THIMBLE_ASSIGN(const std::string name, WordOf(body, "name"));
  const std::string clean = CleanFileName(name);
  if (clean.empty()) return {Status::kInvalidArgument, "the body: name is empty"};
  return Change(call, {{"name", clean}}, [&](Sample& sample) -> Outcome {
    sample.name = clean;
    return Nothing{};
  });
}

Expected<Response> MoveSample(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  THIMBLE_ASSIGN(const std::string category, CategoryIn(body));
  return Change(call, {{"category", category}}, [&](Sample& sample) -> Outcome {
    sample.category = category;
    return Nothing{};
  });
}

Expected<Response> Enable(Call& call, bool enabled) {
  return Change(call, {{"enabled", enabled}}, [&](Sample& sample) -> Outcome {
    sample.enabled = enabled;
    return Nothing{};
  });
}
Expected<Response> EnableSample(Call& call) { return Enable(call, true); }
Expected<Response> DisableSample(Call& call) { return Enable(call, false); }

std::string KeptAs(const std::string& json_text) { return json_text; }
std::string KeptAs(const std::map<std::string, std::string>& texts) { return TextOf(json(texts)); }

/// A member of the body that is kept as JSON, once `parse` has found it good.
template <typename Parse>
Expected<Response> ChangeJson(Call& call, const char* member, std::string Sample::*to, Parse parse) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  const auto found = body.find(member);
  if (found == body.end()) return {Status::kInvalidArgument, std::string("the body: ") + member + " is missing"};
  const auto parsed = parse(TextOf(*found));
  if (!parsed.ok()) return {Status::kInvalidArgument, "the body: " + parsed.error().message};
  const std::string text = KeptAs(*parsed);
  return Change(call, {{member, *found}}, [&](Sample& sample) -> Outcome {
    sample.*to = text;
    return Nothing{};
  });
}

Expected<Response> SetMetadata(Call& call) { return ChangeJson(call, "metadata", &Sample::metadata, &ParseMetadata); }
Expected<Response> SetBoundingBoxes(Call& call) {
  return ChangeJson(call, "boundingBoxes", &Sample::bounding_boxes, &ParseBoundingBoxes);
}
Expected<Response> SetStructuredLabels(Call& call) {
  return ChangeJson(call, "structuredLabels", &Sample::structured_labels, &ParseStructuredLabels);
}

Expected<Response> DeleteSample(Call& call) {
  THIMBLE_ASSIGN(const Sample sample, ChangeableSample(call));
  const int64_t ids[] = {sample.id};
  THIMBLE_EXPECT(call.application.store.EditSamples(call.project_id, ids, SampleEdit::kDelete, ""));
  Tell(call, "sample", "sample.delete", std::to_string(sample.id), {{"name", sample.name}});
  return Success();
}

// --- cutting --------------------------------------------------------------------------------------------------------

Error ChangedMeanwhile() { return {Status::kFailed, "somebody has changed the sample at this moment; try again"}; }

/// A number of readings or of milliseconds.
Expected<double> AmountIn(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found != object.end() && found->is_number() && found->get<double>() >= 0 &&
      found->get<double>() <= static_cast<double>(kMostReadings)) {
    return found->get<double>();
  }
  return {Status::kInvalidArgument, std::string(name) + " is missing, or no number from 0 to 1,000,000,000"};
}

Expected<Response> CropSample(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  THIMBLE_ASSIGN(const double start, AmountIn(body, "cropStart"));
  THIMBLE_ASSIGN(const double end, AmountIn(body, "cropEnd"));
  THIMBLE_ASSIGN(const Sample sample, ChangeableSample(call));
  const auto first = static_cast<int64_t>(start);
  const Stretch stretch = WithLabels(sample, {first, static_cast<int64_t>(end) - first});
  THIMBLE_ASSIGN(const std::optional<int64_t> version, call.application.store.CropSample(sample, stretch));
  if (!version) return ChangedMeanwhile();
  Tell(call, "sample", "sample.crop", std::to_string(sample.id), {{"first", first}, {"count", stretch.count}});
  return Success({{"requiresProcessing", false}});
}

Expected<Response> FindSegments(Call& call) {
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  dataset::SegmentOptions options;
  THIMBLE_ASSIGN(options.length_ms, AmountIn(body, "segmentLengthMs"));
  const auto shift = body.find("shiftSegments");
  options.shift = shift != body.end() && shift->is_boolean() && shift->get<bool>();
  THIMBLE_ASSIGN(const Sample sample, SampleOf(call));
  THIMBLE_ASSIGN(const dataset::Recording recording, RecordingOf(call.application.store.blobs(), sample));
  THIMBLE_ASSIGN(const std::vector<dataset::Segment> segments, dataset::FindSegments(recording, options));
  json list = json::array();
  for (const dataset::Segment& segment : segments) {
    const double start_ms = static_cast<double>(segment.first_reading) * recording.interval_ms;
    list.push_back(
        {{"startMs", start_ms}, {"endMs", start_ms + static_cast<double>(segment.readings) * recording.interval_ms}});
  }
  return Success({{"segments", std::move(list)}});
}

Expected<Response> SegmentSample(Call& call) {
  constexpr size_t kMostSegments = 10'000;
  THIMBLE_ASSIGN(const json body, ObjectOf(call));
  THIMBLE_ASSIGN(const Sample sample, ChangeableSample(call));
  const json segments = body.value("segments", json());
  if (!segments.is_array() || segments.empty() || segments.size() > kMostSegments || !(sample.interval_ms > 0)) {
    return {Status::kInvalidArgument, "the body: segments must be a list of stretches of a signal, 10,000 at most"};
  }
  std::vector<Stretch> stretches;
  for (const json& segment : segments) {
    if (!segment.is_object()) return {Status::kInvalidArgument, "a segment needs startMs and endMs"};
    THIMBLE_ASSIGN(const double start_ms, AmountIn(segment, "startMs"));
    THIMBLE_ASSIGN(const double end_ms, AmountIn(segment, "endMs"));
    const int64_t first = std::llround(start_ms / sample.interval_ms);
    // Times that were rounded may end a reading too late.
    int64_t end = std::llround(end_ms / sample.interval_ms);
    if (end == sample.values_count + 1) end = sample.values_count;
    stretches.push_back(WithLabels(sample, {first, end - first}));
  }
  THIMBLE_ASSIGN(const auto ids, call.application.store.SplitSample(sample, stretches));
  if (!ids) return ChangedMeanwhile();
  Tell(call, "sample", "sample.split", std::to_string(sample.id), {{"parts", *ids}});
  return Success();
}

// --- many -----------------------------------------------------------------------------------------------------------

Expected<Response> EditMany(Call& call, const Selection& selection, SampleEdit edit, const char* action,
                            const std::string& text = "") {
  std::vector<int64_t> ids;
  THIMBLE_EXPECT(ForEach(call, selection, [&](const Sample& sample) {
    ids.push_back(sample.id);
    return true;
  }));
  THIMBLE_ASSIGN(const int64_t changed, call.application.store.EditSamples(call.project_id, ids, edit, text));
  json detail = {{"changed", changed}};
  if (!text.empty()) detail["to"] = text;
  Tell(call, "sample", action, "many", std::move(detail));
  return Success();
}

template <SampleEdit edit>
Expected<Response> Batch(Call& call) {
  THIMBLE_ASSIGN(const Selection selection, SelectionOf(call, true));
  if constexpr (edit == SampleEdit::kRelabel || edit == SampleEdit::kMove) {
    THIMBLE_ASSIGN(const json body, ObjectOf(call));
    THIMBLE_ASSIGN(const std::string text, edit == SampleEdit::kMove ? CategoryIn(body) : LabelIn(body));
    return EditMany(call, selection, edit, edit == SampleEdit::kMove ? "sample.move" : "sample.relabel", text);
  }
  return EditMany(call, selection, edit,
                  edit == SampleEdit::kEnable    ? "sample.enable"
                  : edit == SampleEdit::kDisable ? "sample.disable"
                                                 : "sample.delete");
}

Expected<Response> DeleteAll(Call& call) {
  Selection selection;
  if (const auto category = http::Find(call.request.parameters, "category")) {
    selection.filter.category = std::string(*category);
  }
  return EditMany(call, selection, SampleEdit::kDelete, "sample.delete");
}

// --- who trains and who tests ---------------------------------------------------------------------------------------

Expected<Response> Ratio(Call& call) {
  json ratio = json::object();
  for (const char* category : {"training", "testing"}) {
    THIMBLE_ASSIGN(ratio[category], call.application.store.CountSamples(call.project_id, {.category = category}));
  }
  return Success({{"ratio", std::move(ratio)}});
}

Expected<Response> RebalanceAll(Call& call) {
  THIMBLE_EXPECT(RebalanceSamples(call, kTestingShare, false));
  return Ratio(call);
}

constexpr const char* kJson = "application/json";

template <Handler handler>
Route RowOf(const char* method, const char* path, Permission permission, const char* summary, bool takes_body = false,
            const char* gives = kJson) {
  return {{}, method, path, permission, summary, takes_body ? kJson : "", gives, &Reply<handler>};
}

}  // namespace

std::span<const Route> EdgeImpulseSampleRoutes() {
  constexpr Permission kRead = Permission::kRead, kWrite = Permission::kWrite;
  static const Route kRoutes[] = {
      RowOf<ListSamples>("GET", "/v1/api/{project}/raw-data", kRead, "The samples of a category, newest first."),
      RowOf<CountSamples>("GET", "/v1/api/{project}/raw-data/count", kRead, "How many samples there are."),
      RowOf<Ratio>("GET", "/v1/api/{project}/raw-data/ratio", kRead, "How many samples train and how many test."),
      RowOf<GetSample>("GET", "/v1/api/{project}/raw-data/{sample}", kRead, "One sample with its readings."),
      RowOf<GetSlice>("GET", "/v1/api/{project}/raw-data/{sample}/slice", kRead, "Some of its readings."),
      RowOf<GetFile>("GET", "/v1/api/{project}/raw-data/{sample}/raw", kRead, "Its file as it came.", false,
                     "application/octet-stream"),
      RowOf<GetPicture>("GET", "/v1/api/{project}/raw-data/{sample}/image", kRead, "Its picture.", false, "image/png"),
      RowOf<EditLabel>("POST", "/v1/api/{project}/raw-data/{sample}/edit-label", kWrite, "Labels it.", true),
      RowOf<RenameSample>("POST", "/v1/api/{project}/raw-data/{sample}/rename", kWrite, "Names it.", true),
      RowOf<MoveSample>("POST", "/v1/api/{project}/raw-data/{sample}/move", kWrite, "Puts it into a category.", true),
      RowOf<EnableSample>("POST", "/v1/api/{project}/raw-data/{sample}/enable", kWrite, "Enables it."),
      RowOf<DisableSample>("POST", "/v1/api/{project}/raw-data/{sample}/disable", kWrite, "Disables it."),
      RowOf<SetMetadata>("POST", "/v1/api/{project}/raw-data/{sample}/metadata", kWrite, "Says more about it.", true),
      RowOf<SetBoundingBoxes>("POST", "/v1/api/{project}/raw-data/{sample}/bounding-boxes", kWrite,
                              "Says where on a picture what is.", true),
      RowOf<SetStructuredLabels>("POST", "/v1/api/{project}/raw-data/{sample}/structured-labels", kWrite,
                                 "Labels stretches of it.", true),
      RowOf<CropSample>("POST", "/v1/api/{project}/raw-data/{sample}/crop", kWrite,
                        "Makes it a stretch of itself: readings cropStart up to, not including, cropEnd.", true),
      RowOf<FindSegments>("POST", "/v1/api/{project}/raw-data/{sample}/find-segments", kRead,
                          "Where the events in it are.", true),
      RowOf<SegmentSample>("POST", "/v1/api/{project}/raw-data/{sample}/segment", kWrite,
                           "Puts stretches of it in its place.", true),
      RowOf<DeleteSample>("DELETE", "/v1/api/{project}/raw-data/{sample}", kWrite, "Deletes it."),
      RowOf<Batch<SampleEdit::kRelabel>>("POST", "/v1/api/{project}/raw-data/batch/edit-labels", kWrite,
                                         "Labels many samples.", true),
      RowOf<Batch<SampleEdit::kMove>>("POST", "/v1/api/{project}/raw-data/batch/moveSamples", kWrite,
                                      "Puts many samples into a category.", true),
      RowOf<Batch<SampleEdit::kEnable>>("POST", "/v1/api/{project}/raw-data/batch/enable-samples", kWrite,
                                        "Enables many samples."),
      RowOf<Batch<SampleEdit::kDisable>>("POST", "/v1/api/{project}/raw-data/batch/disable-samples", kWrite,
                                         "Disables many samples."),
      RowOf<Batch<SampleEdit::kDelete>>("POST", "/v1/api/{project}/raw-data/batch/delete", kWrite,
                                        "Deletes many samples."),
      RowOf<DeleteAll>("POST", "/v1/api/{project}/raw-data/delete-all", kWrite, "Deletes all samples."),
      RowOf<DeleteAll>("POST", "/v1/api/{project}/raw-data/delete-all/{category}", kWrite,
                       "Deletes all samples of a category."),
      RowOf<RebalanceAll>("POST", "/v1/api/{project}/rebalance", kWrite,
                          "Deals the samples to training and testing anew."),
      RowOf<RebalanceAll>("POST", "/v1/api/{project}/v2/rebalance", kWrite, "The same, as newer tools ask for it."),
  };
  return kRoutes;
}

}  // namespace thimble::studio
