#include "studio/server/ingest/ingest_routes.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "http/multipart.h"
#include "studio/server/ingest/look_over.h"
#include "studio/server/ingest/upload.h"

namespace thimble::studio {
namespace {

using http::Response;
using nlohmann::ordered_json;

constexpr size_t kMostFiles = 1000;
constexpr size_t kMostSidecarBytes = 8 * 1024 * 1024;

/// The two doors of the service answer in different tongues: /files in JSON, file by file, /data in plain text.
enum class Door : uint8_t { kFiles, kData };

Response Failure(Door door, int status, const std::string& sentence) {
  if (door == Door::kData) return Response::Text(status, sentence);
  return Response::Json(status, ordered_json{{"success", false}, {"error", sentence}}.dump(
                                    -1, ' ', false, ordered_json::error_handler_t::replace));
}

int HttpStatusOf(const Error& error) {
  switch (error.status) {
    case Status::kInvalidArgument:
    case Status::kDataLoss:
    case Status::kUnsupported:
    case Status::kNotFound:
      return 400;
    default:
      return 500;
  }
}

Response AnswerOf(Door door, int64_t project_id, const std::vector<Stored>& stored) {
  if (stored.empty()) {
    return Failure(door, 400, "there is no file in the request; send each as a field 'data' with a file name");
  }
  if (door == Door::kData) {
    const Stored& one = stored.front();
    if (one.sample_id == 0) return Failure(door, HttpStatusOf(one.error), one.error.message);
    return Response::Text(200, one.file_name);
  }
  ordered_json files = ordered_json::array();
  for (const Stored& one : stored) {
    ordered_json file = {{"success", one.sample_id != 0}, {"fileName", one.file_name}};
    if (one.sample_id != 0) {
      file["projectId"] = project_id;
      file["sampleId"] = one.sample_id;
      if (!one.notices.empty()) file["notices"] = one.notices;
    } else {
      file["error"] = one.error.message;
    }
    files.push_back(std::move(file));
  }
  return Response::Json(200, ordered_json{{"success", true}, {"files", std::move(files)}}.dump(
                                 -1, ' ', false, ordered_json::error_handler_t::replace));
}

/// The body is one file.
class RawSink : public http::BodySink {
 public:
  RawSink(Upload upload, int64_t project_id, std::string media_type)
      : upload_(std::move(upload)),
        project_id_(project_id),
        media_type_(std::move(media_type)),
        file_(upload_.NewFile()) {}

  bool Write(std::string_view bytes) override {
    if (outcome_.ok()) outcome_ = file_.Append(bytes);
    return outcome_.ok();
  }
  Response Finish() override {
    upload_.Take("recording", media_type_, std::move(file_), outcome_);
    return AnswerOf(Door::kData, project_id_, upload_.Finish());
  }

 private:
  Upload upload_;
  int64_t project_id_;
  std::string media_type_;
  IncomingFile file_;
  Outcome outcome_ = Nothing{};
};

/// The body is a form: recordings, and files that say something about them.
class FormSink : public http::BodySink {
 public:
  FormSink(Upload upload, Door door, int64_t project_id, std::string_view boundary)
      : upload_(std::move(upload)),
        door_(door),
        project_id_(project_id),
        parser_(boundary,
                {[this](const http::Part& part) { return Begin(part); },
                 [this](std::string_view bytes) { return Data(bytes); }, [this] { return End(); }},
                {.most_parts = kMostFiles + 8}) {}

  bool Write(std::string_view bytes) override {
    if (outcome_.ok()) outcome_ = parser_.Feed(bytes);
    return outcome_.ok();
  }
  Response Finish() override {
    if (outcome_.ok()) outcome_ = parser_.Finish();
    if (!outcome_.ok()) return Failure(door_, HttpStatusOf(outcome_.error()), outcome_.error().message);
    return AnswerOf(door_, project_id_, upload_.Finish());
  }

 private:
  enum class Kind : uint8_t { kPassedOver, kFile, kSidecar, kMessage };

  Outcome Begin(const http::Part& part) {
    name_ = part.file_name.value_or("");
    media_type_ = part.content_type;
    text_.clear();
    file_outcome_ = Nothing{};
    if (door_ == Door::kData && part.name == "message") {
      kind_ = Kind::kMessage;
    } else if (name_.empty()) {
      kind_ = Kind::kPassedOver;  // a field of the form, no file
    } else if (IsSidecar(name_)) {
      kind_ = Kind::kSidecar;
    } else {
      kind_ = Kind::kFile;
      if (++files_ > kMostFiles) {
        return {Status::kInvalidArgument,
                "more than " + std::to_string(kMostFiles) + " files in one request; send less"};
      }
      file_.emplace(upload_.NewFile());
    }
    return Nothing{};
  }

  Outcome Data(std::string_view bytes) {
    if (kind_ == Kind::kFile) {
      // One that is too large spoils only itself.
      if (file_outcome_.ok()) file_outcome_ = file_->Append(bytes);
    } else if (kind_ != Kind::kPassedOver) {
      text_ += bytes;
      if (text_.size() > kMostSidecarBytes) {
        return {Status::kInvalidArgument,
                "'" + name_ + "' is larger than " + std::to_string(kMostSidecarBytes >> 20) + " MiB"};
      }
    }
    return Nothing{};
  }

  Outcome End() {
    switch (kind_) {
      case Kind::kPassedOver:
        break;
      case Kind::kSidecar:
        return upload_.TakeSidecar(name_, text_);
      case Kind::kMessage:
        return upload_.TakeMessage(text_);
      case Kind::kFile:
        if (!file_outcome_.ok())
          file_outcome_ = {file_outcome_.error().status, name_ + ": " + file_outcome_.error().message};
        upload_.Take(name_, media_type_, *std::move(file_), file_outcome_);
        file_.reset();
    }
    return Nothing{};
  }

  Upload upload_;
  Door door_;
  int64_t project_id_;
  http::MultipartParser parser_;
  Outcome outcome_ = Nothing{};
  size_t files_ = 0;
  Kind kind_ = Kind::kPassedOver;
  std::string name_, media_type_, text_;
  std::optional<IncomingFile> file_;
  Outcome file_outcome_ = Nothing{};
};

using Opened = std::variant<std::unique_ptr<http::BodySink>, Response>;

Opened Open(Call& call, Door door, std::string_view category) {
  if (call.project_id == 0) {
    return Failure(door, 401, "the header x-api-key is missing: a key says which project the recordings are for");
  }
  const http::Headers& headers = call.request.headers;
  const std::optional<std::string> boundary = http::MultipartBoundary(headers.Get("Content-Type"));
  if (door == Door::kFiles && !boundary) {
    return Failure(door, 400, "send the files as multipart/form-data, each as a field 'data' with a file name");
  }
  Expected<UploadWishes> wishes = ReadWishes(category, headers, door == Door::kData);
  if (!wishes.ok()) return Failure(door, 400, wishes.error().message);
  if (!boundary && !wishes->file_name) {
    return Failure(door, 421, "the header x-file-name is missing: it names the recording");
  }
  Upload upload(call.application, call.project_id, call.identity.name, *std::move(wishes));
  if (boundary) return std::make_unique<FormSink>(std::move(upload), door, call.project_id, *boundary);
  return std::make_unique<RawSink>(std::move(upload), call.project_id, std::string(headers.Get("Content-Type")));
}

template <Door door, const char* const& category>
Opened OpenAs(Call& call) {
  return Open(call, door, category);
}

constexpr const char* kTraining = "training";
constexpr const char* kTesting = "testing";
constexpr const char* kAnomaly = "anomaly";
constexpr const char* kSplit = "split";

constexpr uint64_t kMostFormBytes = uint64_t{16} << 30;
constexpr uint64_t kMostDataBytes = IncomingFile::kMostBytes + 1024 * 1024;

template <Door door, const char* const& category>
Route RowOf(const char* path) {
  Route route;
  route.method = "POST";
  route.path = path;
  route.permission = Permission::kIngest;
  const bool files = door == Door::kFiles;
  route.summary =
      files ? "Adds recordings, each a field 'data' of a form, up to 1000 of 100 MB; says what became of each."
            : "Adds one recording, named by x-file-name; answers in plain text.";
  route.takes = files ? "multipart/form-data" : "application/octet-stream";
  route.gives = files ? "IngestedFiles" : "text/plain";
  route.open = &OpenAs<door, category>;
  route.most_body_bytes = files ? kMostFormBytes : kMostDataBytes;
  return route;
}

}  // namespace

std::span<const Route> IngestRoutes() {
  static const Route kRoutes[] = {
      RowOf<Door::kFiles, kTraining>("/api/training/files"), RowOf<Door::kData, kTraining>("/api/training/data"),
      RowOf<Door::kFiles, kTesting>("/api/testing/files"),   RowOf<Door::kData, kTesting>("/api/testing/data"),
      RowOf<Door::kFiles, kAnomaly>("/api/anomaly/files"),   RowOf<Door::kData, kAnomaly>("/api/anomaly/data"),
      RowOf<Door::kFiles, kSplit>("/api/split/files"),       RowOf<Door::kData, kSplit>("/api/split/data"),
  };
  return kRoutes;
}

http::CorsPolicy IngestCors() { return {.origins = {"*"}}; }

}  // namespace thimble::studio
