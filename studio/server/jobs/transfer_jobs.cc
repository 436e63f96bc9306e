// Jobs that take samples out of an archive, and pack a project into one.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "studio/server/ingest/incoming_file.h"
#include "studio/server/ingest/label.h"
#include "studio/server/ingest/look_over.h"
#include "studio/server/ingest/sidecars.h"
#include "studio/server/ingest/stretch_labels.h"
#include "studio/server/jobs/learning_tools.h"
#include "studio/server/jobs/zip.h"

namespace thimble::studio {
namespace {

using nlohmann::json;
using Json = nlohmann::ordered_json;

/// What an archive of ours says about its samples; archives of others have info.labels only.
constexpr const char* kProjectFile = "thimble.json";
constexpr const char* kLabelsFile = "info.labels";
constexpr uint64_t kMostFileBytes = IncomingFile::kMostBytes;
constexpr size_t kAtOnce = 64;
constexpr size_t kMostComplaints = 50;
constexpr double kMostId = 9e15;

struct ImportJob {
  int64_t artefact = 0;
  std::string category = "training";
};

Expected<ImportJob> ParseImportJob(const std::string& parameters) {
  THIMBLE_ASSIGN(const json object, ParseJson("parameters", parameters));
  Members members(object, "parameters");
  ImportJob job;
  members.Number("artefact", 1, kMostId, job.artefact);
  members.Word("category", job.category);
  if (job.category != "training" && job.category != "testing") {
    members.Refuse("category", "must be training or testing");
  }
  if (job.artefact == 0) members.Refuse("artefact", "must name the archive, an artefact of this project");
  THIMBLE_EXPECT(members.Finish());
  return job;
}

Expected<Artefact> ArchiveOf(Store& store, int64_t project_id, const ImportJob& job) {
  THIMBLE_ASSIGN(Artefact artefact, store.GetArtefact(job.artefact));
  if (artefact.project_id != project_id) {
    return {Status::kNotFound, "there is no artefact " + std::to_string(job.artefact) + " in this project"};
  }
  return artefact;
}

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool IsCategory(const std::string& word) {
  return word == "training" || word == "testing" || word == "anomaly" || word == "post-processing";
}

/// Adds what an archive holds, some samples at a time.
class Importer {
 public:
  Importer(JobRun& run, const ImportJob& job, const std::vector<ZipEntry>& entries)
      : run_(run), job_(job), entries_(entries) {}

  Outcome Import() {
    for (const ZipEntry& entry : entries_) {
      if (!IsSidecar(entry.path)) continue;
      THIMBLE_ASSIGN(const std::string bytes, Unpack(entry, kMostFileBytes));
      THIMBLE_EXPECT(sidecars_.Add(entry.path, bytes));
    }
    const auto ours = std::find_if(entries_.begin(), entries_.end(),
                                   [](const ZipEntry& entry) { return entry.path == kProjectFile; });
    if (ours != entries_.end()) {
      THIMBLE_EXPECT(ReadProject(*ours));
    }
    for (size_t i = 0; i < entries_.size(); ++i) {
      const ZipEntry& entry = entries_[i];
      if (!run_.Progress(static_cast<double>(i) / static_cast<double>(entries_.size()), "import " + entry.path)) {
        return Error{Status::kCancelled, "stopped"};
      }
      if (entry.path == kProjectFile || IsSidecar(entry.path)) continue;
      if (ours != entries_.end() && !samples_.contains(entry.path)) continue;
      // One that cannot be read does not keep the others out.
      if (const Outcome taken = Take(entry); !taken.ok()) {
        if (taken.error().status == Status::kOutOfMemory) return taken.error();
        Refuse(taken.error().message);
      }
    }
    return Flush();
  }

  Json Result() const {
    return {{"added", added_},
            {"known", known_},
            {"refused", refused_},
            {"impulses", impulses_},
            {"complaints", complaints_}};
  }
  bool took_any() const { return added_ + known_ + impulses_ > 0; }

 private:
  void Refuse(const std::string& sentence) {
    ++refused_;
    run_.Log(sentence);
    if (complaints_.size() < kMostComplaints) complaints_.push_back(sentence);
  }

  Outcome ReadProject(const ZipEntry& entry) {
    THIMBLE_ASSIGN(const std::string text, Unpack(entry, kMostFileBytes));
    THIMBLE_ASSIGN(const json object, ParseJson(kProjectFile, text));
    const Error damaged{Status::kDataLoss, std::string(kProjectFile) + ": is damaged; export the project again"};
    if (!object.is_object()) return damaged;
    for (const json& sample : object.value("samples", json::array())) {
      if (!sample.is_object() || !sample.contains("file") || !sample["file"].is_string()) return damaged;
      samples_[sample["file"]].push_back(sample);
    }
    THIMBLE_ASSIGN(const std::vector<Impulse> known, run_.store().ListImpulses(run_.project_id()));
    for (const json& one : object.value("impulses", json::array())) {
      if (!one.is_object() || !one.contains("name") || !one["name"].is_string() || !one.contains("design"))
        return damaged;
      Impulse impulse{.project_id = run_.project_id(), .name = one["name"], .design = JsonText(one["design"])};
      const auto is_it = [&](const Impulse& other) {
        return other.name == impulse.name && other.design == impulse.design;
      };
      if (std::any_of(known.begin(), known.end(), is_it)) continue;
      if (const auto design = ParseDesign(impulse.design); !design.ok()) {
        Refuse("impulse '" + impulse.name + "': " + design.error().message);
        continue;
      }
      THIMBLE_EXPECT(run_.store().AddImpulse(std::move(impulse)));
      ++impulses_;
    }
    return Nothing{};
  }

  Outcome Take(const ZipEntry& entry) {
    if (const Remarks* const remarks = sidecars_.Find(entry.path);
        remarks != nullptr && !remarks->attached_to.empty()) {
      return AttachmentRefusal(entry.path, *remarks);
    }
    THIMBLE_ASSIGN(const std::string bytes, Unpack(entry, kMostFileBytes));
    THIMBLE_ASSIGN(Arrival arrival, LookOver(BaseName(entry.path), "", bytes));
    Sample& sample = arrival.sample;
    sample.project_id = run_.project_id();
    sample.signature = "none";
    sample.bytes = static_cast<int64_t>(bytes.size());
    if (sample.content_hash.empty()) sample.content_hash = Sha256(bytes);
    const auto ours = samples_.find(entry.path);
    if (ours == samples_.end()) {
      Describe(entry.path, sample);
      return Add(std::move(sample), bytes);
    }
    for (const json& one : ours->second) {
      Sample part = sample;
      THIMBLE_EXPECT(DescribeAsOurs(entry.path, one, part));
      THIMBLE_EXPECT(Add(std::move(part), bytes));
    }
    return Nothing{};
  }

  /// By what stands beside the file, else by its folder and name.
  void Describe(const std::string& path, Sample& sample) const {
    sample.label = LabelOfFileName(sample.file_name);
    sample.category = job_.category;
    for (const char* folder : {"training", "testing"}) {
      const std::string name(folder);
      if (path.starts_with(name + "/") || path.find("/" + name + "/") != std::string::npos) sample.category = name;
    }
    const Remarks* const remarks = sidecars_.Find(path);
    if (remarks == nullptr) return;
    if (remarks->label) sample.label = *remarks->label;
    if (remarks->category && IsCategory(*remarks->category)) sample.category = *remarks->category;
    if (!remarks->name.empty()) sample.name = CleanFileName(remarks->name);
    if (!remarks->bounding_boxes.empty()) sample.bounding_boxes = remarks->bounding_boxes;
    if (!remarks->structured_labels.empty()) sample.structured_labels = remarks->structured_labels;
    if (!remarks->metadata.empty()) sample.metadata = JsonText(Json(remarks->metadata));
    sample.enabled = remarks->enabled.value_or(true);
  }

  static Outcome DescribeAsOurs(const std::string& path, const json& one, Sample& sample) {
    const auto text = [&](const char* key, std::string& to) {
      if (const auto found = one.find(key); found != one.end() && found->is_string()) to = *found;
    };
    const auto list = [&](const char* key, std::string& to) {
      if (const auto found = one.find(key); found != one.end() && found->is_structured()) to = JsonText(*found);
    };
    const auto number = [&](const char* key, int64_t usual) {
      const auto found = one.find(key);
      return found != one.end() && found->is_number_integer() ? found->get<int64_t>() : usual;
    };
    text("name", sample.name);
    text("file_name", sample.file_name);
    text("label", sample.label);
    text("category", sample.category);
    text("device_id", sample.device_id);
    text("device_type", sample.device_type);
    list("metadata", sample.metadata);
    list("bounding_boxes", sample.bounding_boxes);
    list("structured_labels", sample.structured_labels);
    sample.name = CleanFileName(sample.name);
    sample.file_name = CleanFileName(sample.file_name);
    if (!IsCategory(sample.category)) {
      return {Status::kDataLoss, path + ": there is no category '" + sample.category + "'"};
    }
    if (const auto found = one.find("enabled"); found != one.end() && found->is_boolean()) sample.enabled = *found;
    const int64_t whole = sample.values_count;
    const int64_t first = number("first_value", 0), count = number("values_count", whole);
    if (first < 0 || count < 1 || first > whole || count > whole - first) {
      return {Status::kDataLoss, path + ": has " + std::to_string(whole) + " readings; there are no " +
                                     std::to_string(count) + " from " + std::to_string(first) + " on"};
    }
    if (count == whole) return Nothing{};
    sample.first_value = first;
    sample.values_count = count;
    sample.length_ms = sample.interval_ms * static_cast<double>(count);
    sample.content_hash = Sha256(sample.content_hash + " " + std::to_string(first) + " " + std::to_string(count));
    return Nothing{};
  }

  Outcome Add(Sample sample, const std::string& bytes) {
    THIMBLE_ASSIGN(StagedBlob content, run_.store().blobs().Stage(bytes));
    names_.push_back(sample.file_name);
    // A job that begins again finds what it added before.
    waiting_.push_back({std::move(sample), std::move(content), true});
    return waiting_.size() < kAtOnce ? Outcome(Nothing{}) : Flush();
  }

  Outcome Flush() {
    std::vector<NewSample> samples;
    samples.swap(waiting_);
    const size_t count = samples.size();
    const std::vector<Expected<AddSampleResult>> results = run_.store().AddSamples(std::move(samples));
    int64_t added = 0;
    for (size_t i = 0; i < count; ++i) {
      if (!results[i].ok()) {
        if (results[i].error().status == Status::kOutOfMemory) return results[i].error();
        Refuse(names_[i] + ": " + results[i].error().message);
      } else {
        ++(results[i]->id != 0 ? added : known_);
      }
    }
    names_.clear();
    added_ += added;
    if (added > 0) run_.Tell({run_.project_id(), "sample", JsonText({{"change", "imported"}, {"count", added}})});
    return Nothing{};
  }

  JobRun& run_;
  const ImportJob& job_;
  const std::vector<ZipEntry>& entries_;
  Sidecars sidecars_;
  std::map<std::string, std::vector<json>> samples_;  ///< of an archive of ours, by file
  std::vector<NewSample> waiting_;
  std::vector<std::string> names_, complaints_;
  int64_t added_ = 0, known_ = 0, refused_ = 0, impulses_ = 0;
};

/// "training/wave.1.json", never given twice.
std::string UniquePath(const Sample& sample, std::set<std::string>& taken) {
  const std::string folder = sample.category == "testing" ? "testing/" : "training/";
  if (taken.insert(sample.file_name).second) return folder + sample.file_name;
  const size_t dot = std::min(sample.file_name.rfind('.'), sample.file_name.size());
  const std::string name =
      sample.file_name.substr(0, dot) + ".sample" + std::to_string(sample.id) + sample.file_name.substr(dot);
  taken.insert(name);
  return folder + name;
}

Json Parsed(const std::string& text) {
  Json parsed = Json::parse(text, nullptr, false);
  return parsed.is_discarded() ? Json() : parsed;
}

Json DescribeForOurs(const std::string& file, const Sample& sample) {
  return {{"file", file},
          {"name", sample.name},
          {"file_name", sample.file_name},
          {"label", sample.label},
          {"category", sample.category},
          {"enabled", sample.enabled},
          {"first_value", sample.first_value},
          {"values_count", sample.values_count},
          {"device_id", sample.device_id},
          {"device_type", sample.device_type},
          {"metadata", Parsed(sample.metadata)},
          {"bounding_boxes", Parsed(sample.bounding_boxes)},
          {"structured_labels", Parsed(sample.structured_labels)}};
}

/// A file whole, or the parts that were cut from it: others know no parts, but labels of stretches.
Json LabelForOthers(const std::vector<Sample>& parts) {
  Json stretches = Json::array();
  const auto add = [&](const std::string& label, int64_t first, int64_t count) {
    stretches.push_back({{"label", label}, {"startIndex", first}, {"endIndex", first + count - 1}});
  };
  for (const Sample& part : parts) {
    const std::vector<LabelledStretch> marked = StretchLabelsOf(part);
    for (const LabelledStretch& one : marked) add(one.label, part.first_value + one.first, one.count);
    const bool is_whole = parts.size() == 1 && part.first_value == 0 && !part.part_of;
    if (marked.empty() && is_whole && !part.label.empty()) return {{"type", "label"}, {"label", part.label}};
    if (marked.empty() && !is_whole && !part.label.empty()) add(part.label, part.first_value, part.values_count);
  }
  if (stretches.empty()) return {{"type", "unlabeled"}};
  return {{"type", "multi-label"}, {"labels", std::move(stretches)}};
}

Json DescribeForOthers(const std::string& file, const std::vector<Sample>& parts) {
  const Sample& first = parts.front();
  return {{"path", file},
          {"name", first.name},
          {"category", first.category},
          {"enabled", first.enabled},
          {"label", LabelForOthers(parts)},
          {"metadata", Parsed(first.metadata)},
          {"boundingBoxes", Parsed(first.bounding_boxes)}};
}

struct ExportJob {
  int64_t snapshot = 0;
};

Expected<ExportJob> ParseExportJob(const std::string& parameters) {
  THIMBLE_ASSIGN(const json object, ParseJson("parameters", parameters));
  Members members(object, "parameters");
  ExportJob job;
  members.Number("version", 0, kMostId, job.snapshot);
  THIMBLE_EXPECT(members.Finish());
  return job;
}

}  // namespace

Outcome CheckImport(Store& store, int64_t project_id, const std::string& parameters) {
  THIMBLE_ASSIGN(const ImportJob job, ParseImportJob(parameters));
  THIMBLE_EXPECT(ArchiveOf(store, project_id, job));
  return Nothing{};
}

Expected<std::string> RunImport(JobRun& run) {
  THIMBLE_ASSIGN(const ImportJob job, ParseImportJob(run.job().parameters));
  THIMBLE_ASSIGN(const Artefact artefact, ArchiveOf(run.store(), run.project_id(), job));
  THIMBLE_ASSIGN(const std::string archive, run.store().blobs().Read(artefact.blob));
  Expected<std::vector<ZipEntry>> entries = ReadZip(archive);
  if (!entries) return {entries.error().status, artefact.name + ": " + entries.error().message};
  Importer importer(run, job, *entries);
  THIMBLE_EXPECT(importer.Import());
  const Json result = importer.Result();
  if (!importer.took_any()) {
    const Json& complaints = result["complaints"];
    return {Status::kInvalidArgument, artefact.name + ": holds no recordings that could be read" +
                                          (complaints.empty() ? "" : ": " + complaints.front().get<std::string>())};
  }
  return JsonText(result);
}

Outcome CheckExport(Store& store, int64_t project_id, const std::string& parameters) {
  THIMBLE_EXPECT(ParseExportJob(parameters));
  THIMBLE_EXPECT(store.GetProject(project_id));
  return Nothing{};
}

Expected<std::string> RunExport(JobRun& run) {
  THIMBLE_ASSIGN(const ExportJob job, ParseExportJob(run.job().parameters));
  Store& store = run.store();
  THIMBLE_ASSIGN(const Project project, store.GetProject(run.project_id()));
  ZipWriter zip;
  Json ours = Json::array(), others = Json::array();
  std::set<std::string> taken;
  std::map<std::string, std::string> files;          // by blob: parts of one recording share its file
  std::map<std::string, std::vector<Sample>> parts;  // by file
  constexpr int64_t kPage = 500;
  Paging paging{.limit = kPage};
  THIMBLE_ASSIGN(const int64_t count, store.CountSamples(run.project_id(), {.snapshot = job.snapshot}));
  int64_t done = 0;
  for (;;) {
    THIMBLE_ASSIGN(const Page<Sample> page, store.ListSamples(run.project_id(), {.snapshot = job.snapshot}, paging));
    for (const Sample& sample : page.items) {
      if (!run.Progress(static_cast<double>(done++) / static_cast<double>(std::max<int64_t>(count, 1)), "pack")) {
        return {Status::kCancelled, "stopped"};
      }
      std::string& file = files[sample.blob];
      if (file.empty()) {
        file = UniquePath(sample, taken);
        THIMBLE_ASSIGN(const std::string bytes, store.blobs().Read(sample.blob));
        THIMBLE_EXPECT(zip.Add(file, bytes));
      }
      parts[file].push_back(sample);
      ours.push_back(DescribeForOurs(file, sample));
    }
    if (!page.next) break;
    paging.cursor = *page.next;
  }
  std::reverse(ours.begin(), ours.end());  // oldest first
  for (auto& [file, of_file] : parts) {
    std::reverse(of_file.begin(), of_file.end());
    others.push_back(DescribeForOthers(file, of_file));
  }
  Json impulses = Json::array();
  THIMBLE_ASSIGN(const std::vector<Impulse> designs, store.ListImpulses(run.project_id()));
  for (const Impulse& impulse : designs) {
    impulses.push_back({{"name", impulse.name}, {"design", Parsed(impulse.design)}});
  }
  THIMBLE_EXPECT(zip.Add(kLabelsFile, JsonText({{"version", 1}, {"files", others}})));
  THIMBLE_EXPECT(zip.Add(kProjectFile, JsonText({{"version", 1},
                                                 {"name", project.name},
                                                 {"description", project.description},
                                                 {"samples", ours},
                                                 {"impulses", impulses}})));
  const Json told = {{"samples", ours.size()}, {"impulses", impulses.size()}, {"files", files.size()}};
  const std::string name = CleanFileName(project.name.empty() ? "project" : project.name) + ".zip";
  THIMBLE_EXPECT(run.Keep("archive", name, std::move(zip).Finish(), JsonText(told)));
  return JsonText(told);
}

}  // namespace thimble::studio
