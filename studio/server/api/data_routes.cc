// The data set as a whole: is it sound, who trains and who tests, and where the events of a recording are.
#include <algorithm>
#include <utility>

#include "dataset/segments.h"
#include "studio/server/api/answer.h"
#include "studio/server/api/api_routes.h"
#include "studio/server/api/data_health.h"
#include "studio/server/api/rebalance.h"
#include "studio/server/application.h"
#include "studio/server/ingest/recording_of.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::json;

Expected<json> LabelsOf(const Call& call) {
  THIMBLE_ASSIGN(const std::vector<SampleCount> counts, call.application.store.CountLabels(call.project_id));
  return ListJson("labels", counts, [](const SampleCount& count) {
    return json{{"label", count.label},
                {"category", count.category},
                {"samples", count.samples},
                {"enabled", count.enabled},
                {"length_ms", count.length_ms}};
  });
}

Expected<Response> ListLabels(Call& call) {
  THIMBLE_ASSIGN(const json labels, LabelsOf(call));
  return JsonAnswer(200, labels);
}

Expected<Response> GetDataHealth(Call& call) {
  constexpr size_t kMostNamed = 1000;
  THIMBLE_ASSIGN(const std::vector<Sample> samples, AllSamples(call));
  HealthCheck::Level worst = HealthCheck::Level::kGood;
  json checks = json::array();
  for (HealthCheck& check : CheckData(samples)) {
    worst = std::max(worst, check.level);
    const size_t count = check.samples.size();
    check.samples.resize(std::min(count, kMostNamed));
    checks.push_back({{"name", check.name},
                      {"level", NameOf(check.level)},
                      {"sentences", std::move(check.sentences)},
                      {"count", count},
                      {"samples", std::move(check.samples)}});
  }
  int64_t enabled = 0;
  double length_ms = 0;
  for (const Sample& sample : samples) {
    if (!sample.enabled) continue;
    ++enabled;
    length_ms += sample.length_ms;
  }
  THIMBLE_ASSIGN(json labels, LabelsOf(call));
  Response response = JsonAnswer(200, {{"recordings", samples.size()},
                                       {"enabled", enabled},
                                       {"length_ms", length_ms},
                                       {"level", NameOf(worst)},
                                       {"labels", std::move(labels["labels"])},
                                       {"checks", std::move(checks)}});
  http::ApplyTag(call.request, response, "\"" + Sha256(response.body).substr(0, 32) + "\"");
  return response;
}

Expected<Response> PostRebalance(Call& call) {
  THIMBLE_ASSIGN(const json body, BodyOf(call));
  const bool dry_run = body.value("dry_run", false);
  THIMBLE_ASSIGN(const Rebalance plan, RebalanceSamples(call, body.value("testing_share", kTestingShare), dry_run));
  json labels = json::array();
  for (const Rebalance::Label& label : plan.labels) {
    labels.push_back({{"label", label.label}, {"training", label.training}, {"testing", label.testing}});
  }
  return JsonAnswer(200, {{"dry_run", dry_run},
                          {"recordings", plan.recordings},
                          {"families", plan.families},
                          {"to_training", plan.to_training.size()},
                          {"to_testing", plan.to_testing.size()},
                          {"labels", std::move(labels)},
                          {"sentences", plan.sentences}});
}

Expected<Response> GetSegments(Call& call) {
  THIMBLE_ASSIGN(const json query, QueryOf(call));
  THIMBLE_ASSIGN(const Sample sample, SampleOf(call));
  THIMBLE_ASSIGN(const dataset::Recording recording, RecordingOf(call.application.store.blobs(), sample));
  THIMBLE_ASSIGN(const auto segments,
                 dataset::FindSegments(recording, {.length_ms = query["length_ms"].get<double>(),
                                                   .sensitivity = query["sensitivity"].get<double>(),
                                                   .shift = query["shift"].get<bool>()}));
  return JsonAnswer(200, ListJson("segments", segments, [](const dataset::Segment& segment) {
                      return json{{"first", segment.first_reading}, {"count", segment.readings}};
                    }));
}

}  // namespace

std::span<const Route> DataRoutes() {
  static const Route kRoutes[] = {
      {{},
       "GET",
       "/api/v1/projects/{project}/labels",
       Permission::kRead,
       "How many recordings there are of each label and category, and how long the enabled ones are.",
       "",
       "Labels",
       &Answer<ListLabels>},
      {{},
       "GET",
       "/api/v1/projects/{project}/data-health",
       Permission::kRead,
       "What to know about the data set before learning from it: balance, copies, leaks, clocks, clipping, by "
       "sentences.",
       "",
       "DataHealth",
       &Answer<GetDataHealth>},
      {{},
       "POST",
       "/api/v1/projects/{project}/rebalance",
       Permission::kWrite,
       "Deals the recordings to training and testing anew: a share of each label, parts and copies on one side.",
       "RebalanceWish",
       "Rebalanced",
       &Once<PostRebalance>},
      {{},
       "GET",
       "/api/v1/projects/{project}/samples/{sample}/segments",
       Permission::kRead,
       "Where the events of a long recording are: what to split it into.",
       "",
       "Segments",
       &Answer<GetSegments>},
  };
  return kRoutes;
}

}  // namespace thimble::studio
