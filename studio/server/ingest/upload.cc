#include "studio/server/ingest/upload.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <utility>

#include "studio/server/ingest/label.h"
#include "studio/server/ingest/look_over.h"
#include "studio/server/ingest/lot.h"
#include "studio/server/ingest/signature.h"
#include "studio/server/notices.h"
#include "studio/server/remote/live_devices.h"

namespace thimble::studio {
namespace {

constexpr int64_t kSeenLatelyMs = 60'000;
constexpr int64_t kAuditEveryMs = 60'000;

bool IsSet(const http::Headers& headers, std::string_view name) {
  const std::string_view value = http::Trim(headers.Get(name));
  return !value.empty() && value != "0" && !http::SameWord(value, "false");
}

bool IsCategory(std::string_view text) {
  return text == "training" || text == "testing" || text == "anomaly" || text == "split";
}

std::string UniqueId() {
  static thread_local std::random_device entropy;
  constexpr char kLetters[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string id;
  for (int i = 0; i < 8; ++i) id += kLetters[entropy() & 31];
  return id;
}

/// "wave.1a2b3c4d.cbor" for "wave.cbor"
std::string WithId(const std::string& file_name) {
  const size_t dot = std::min(file_name.rfind('.'), file_name.size());
  return file_name.substr(0, dot) + "." + UniqueId() + file_name.substr(dot);
}

}  // namespace

Expected<UploadWishes> ReadWishes(std::string_view category, const http::Headers& headers, bool one_file) {
  UploadWishes wishes;
  wishes.category = category;
  const std::string label = HeaderText(http::Trim(headers.Get("x-label")));
  if (IsSet(headers, "x-no-label")) {
    wishes.label = "";
  } else if (!label.empty()) {
    wishes.label = label;
  }
  const std::string file_name = HeaderText(http::Trim(headers.Get("x-file-name")));
  if (one_file && !file_name.empty()) wishes.file_name = file_name;
  wishes.refuse_duplicates = IsSet(headers, "x-disallow-duplicates");
  wishes.add_date_id = IsSet(headers, "x-add-date-id") || (one_file && !IsSet(headers, "x-no-date-id"));
  if (const std::string_view metadata = http::Trim(headers.Get("x-metadata")); !metadata.empty()) {
    auto parsed = ParseMetadata(HeaderText(metadata));
    if (!parsed.ok()) return {Status::kInvalidArgument, "x-metadata: " + parsed.error().message};
    wishes.metadata = *std::move(parsed);
  }
  if (const std::string_view boxes = http::Trim(headers.Get("x-bounding-boxes")); !boxes.empty()) {
    auto parsed = ParseBoundingBoxes(HeaderText(boxes));
    if (!parsed.ok()) return {Status::kInvalidArgument, "x-bounding-boxes: " + parsed.error().message};
    wishes.bounding_boxes = *std::move(parsed);
  }
  return wishes;
}

IncomingFile Upload::NewFile() const { return IncomingFile(application_.store.blobs(), application_.store.folder()); }

std::string Upload::SignatureOf(std::string_view bytes, bool is_cbor, const dataset::Envelope& envelope) {
  if (!hmac_keys_) {
    hmac_keys_.emplace();
    // Without the keys a signature is only unproven; the recording counts.
    if (const auto keys = application_.store.ListHmacKeys(project_id_); keys.ok()) {
      for (const HmacKey& key : *keys) hmac_keys_->push_back(key.key);
    }
  }
  return NameOf(CheckSignature(bytes, is_cbor, envelope, *hmac_keys_));
}

Outcome Upload::LookAt(std::string_view name, std::string_view media_type, IncomingFile& file, Waiting& waiting) {
  THIMBLE_ASSIGN(const std::string_view bytes, file.View());
  THIMBLE_ASSIGN(Arrival arrival, LookOver(name, media_type, bytes));
  if (!arrival.envelope.reference.empty()) {
    return {Status::kUnsupported, CleanFileName(name) + ": its values are elsewhere (" + arrival.envelope.reference +
                                      "); send the form with the fields message and image"};
  }
  waiting.sample = std::move(arrival.sample);
  waiting.sample.signature = SignatureOf(bytes, arrival.is_cbor, arrival.envelope);
  waiting.stored.notices = std::move(arrival.notices);
  THIMBLE_ASSIGN(waiting.content, file.Stage());
  return Nothing{};
}

void Upload::Take(std::string_view name, std::string_view media_type, IncomingFile file, const Outcome& outcome) {
  Waiting& waiting = waiting_.emplace_back();
  sent_names_.emplace_back(name);
  waiting.stored.file_name = CleanFileName(name);
  const std::string_view shown = wishes_.file_name ? std::string_view(*wishes_.file_name) : name;
  Outcome looked = outcome.ok() ? LookAt(shown, media_type, file, waiting) : outcome;
  if (!looked.ok()) waiting.stored.error = looked.error();
}

Outcome Upload::TakeMessage(std::string_view bytes) {
  message_.emplace();
  const bool is_json = bytes.starts_with('{');
  const dataset::AcquisitionOptions options{&*message_, [](float, size_t) {}};
  const Expected<dataset::Recording> read =
      is_json ? dataset::ReadAcquisitionJson(bytes, options) : dataset::ReadAcquisitionCbor(bytes, options);
  if (!read.ok()) return {read.error().status, "message: " + read.error().message};
  message_signature_ = SignatureOf(bytes, !is_json, *message_);
  return Nothing{};
}

void Upload::Describe(Waiting& waiting, std::string_view sent_name) const {
  Sample& sample = waiting.sample;
  const Remarks* const remarks = sidecars_.Find(sent_name);
  if (remarks != nullptr && !remarks->attached_to.empty()) {
    waiting.stored.error = AttachmentRefusal(sample.file_name, *remarks);
    return;
  }
  std::map<std::string, std::string> metadata = wishes_.metadata;
  std::string label = wishes_.label ? *wishes_.label : LabelOfFileName(sample.file_name);
  std::string category = wishes_.category;
  std::string boxes = wishes_.bounding_boxes;
  if (wishes_.add_date_id) {
    sample.file_name = WithId(sample.file_name);
    sample.name = sample.file_name.substr(0, sample.file_name.rfind('.'));
  }
  if (remarks != nullptr) {
    if (remarks->label) label = *remarks->label;
    if (remarks->category) category = *remarks->category;
    if (!remarks->name.empty()) sample.name = CleanFileName(remarks->name);
    if (!remarks->bounding_boxes.empty()) boxes = remarks->bounding_boxes;
    if (!remarks->structured_labels.empty()) sample.structured_labels = remarks->structured_labels;
    for (const auto& [key, value] : remarks->metadata) metadata[key] = value;
    sample.enabled = remarks->enabled.value_or(true);
  }
  if (message_) {
    sample.device_id = message_->device_name;
    sample.device_type = message_->device_type;
    sample.signature = message_signature_;
  }
  if (const std::string fault = FaultOfLabel(label); !fault.empty()) {
    waiting.stored.error = {Status::kInvalidArgument, sample.file_name + ": " + fault};
    return;
  }
  if (!IsCategory(category)) {
    waiting.stored.error = {Status::kInvalidArgument, sample.file_name + ": there is no category '" + category + "'"};
    return;
  }
  sample.project_id = project_id_;
  sample.label = std::move(label);
  if (sample.content_hash.empty()) sample.content_hash = waiting.content.hash();
  sample.category = category != "split"                             ? category
                    : LotOf(sample.content_hash) < kTrainingPercent ? "training"
                                                                    : "testing";
  if (!boxes.empty()) sample.bounding_boxes = std::move(boxes);
  sample.metadata = nlohmann::json(metadata).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  waiting.stored.file_name = sample.file_name;
}

void Upload::SeeDevice(const Sample& sample) {
  // One that is connected has been seen already, and one that sends often is not written each time.
  if (application_.devices.Get(project_id_, sample.device_id)) return;
  Device device{.project_id = project_id_, .device_id = sample.device_id, .type = sample.device_type};
  Store& store = application_.store;
  const Expected<Device> known = store.GetDevice(project_id_, sample.device_id);
  if (known.ok()) {
    if (store.Now() - known->last_seen_ms < kSeenLatelyMs && known->last_seen_ms <= store.Now()) return;
    device.abilities = known->abilities;
    if (device.type.empty()) device.type = known->type;
  }
  // The recording is there; a device's row that could not be written comes with its next one.
  if (store.SeeDevice(std::move(device)).ok() && !known.ok()) {
    const nlohmann::json told = {
        {"device_id", sample.device_id}, {"device_type", sample.device_type}, {"connected", false}};
    application_.notices.Tell(
        {project_id_, "device", told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
  }
}

std::vector<Stored> Upload::Finish() {
  std::vector<NewSample> samples;
  std::vector<Waiting*> added;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    Waiting& waiting = waiting_[i];
    if (!waiting.stored.error.message.empty()) continue;
    Describe(waiting, sent_names_[i]);
    if (!waiting.stored.error.message.empty()) continue;
    samples.push_back({waiting.sample, std::move(waiting.content), wishes_.refuse_duplicates});
    added.push_back(&waiting);
  }
  const std::vector<Expected<AddSampleResult>> results = application_.store.AddSamples(std::move(samples));
  std::set<std::string> devices;
  for (size_t i = 0; i < added.size(); ++i) {
    Stored& stored = added[i]->stored;
    const Sample& sample = added[i]->sample;
    if (!results[i].ok()) {
      stored.error = {results[i].error().status, stored.file_name + ": " + results[i].error().message};
      continue;
    }
    if (results[i]->id == 0) {
      stored.error = {Status::kInvalidArgument, stored.file_name + ": a duplicate: sample " +
                                                    std::to_string(results[i]->duplicate_of) +
                                                    " holds the same recording already"};
      continue;
    }
    stored.sample_id = results[i]->id;
    if (!sample.device_id.empty() && devices.insert(sample.device_id).second) SeeDevice(sample);
    const nlohmann::json told = {{"id", stored.sample_id},
                                 {"label", sample.label},
                                 {"category", sample.category},
                                 {"device_id", sample.device_id},
                                 {"change", "added"}};
    application_.notices.Tell(
        {project_id_, "sample", told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
    application_.devices.SampleArrived(project_id_, sample.device_id, sample.label, stored.sample_id);
  }
  const auto first = std::ranges::find_if(waiting_, [](const Waiting& one) { return one.stored.sample_id != 0; });
  if (first != waiting_.end()) {
    // Each sample's row says when it came: the log only has to say by whom.
    static_cast<void>(application_.store.Audit({.project_id = project_id_,
                                                .actor = actor_,
                                                .action = "sample.upload",
                                                .subject = std::to_string(first->stored.sample_id)},
                                               kAuditEveryMs));
  }
  std::vector<Stored> all;
  for (Waiting& waiting : waiting_) all.push_back(std::move(waiting.stored));
  waiting_.clear();
  return all;
}

}  // namespace thimble::studio
