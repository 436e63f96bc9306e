#include "studio/server/ingest/look_over.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "dataset/reader.h"
#include "dataset/survey.h"
#include "http/coding.h"
#include "studio/server/ingest/label.h"

namespace thimble::studio {
namespace {

using nlohmann::json;

std::string EndingOfName(std::string_view file_name) {
  const size_t dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return "";
  std::string ending(file_name.substr(dot + 1));
  for (char& c : ending) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return ending;
}

bool IsRead(std::string_view ending) {
  constexpr std::array<std::string_view, 10> kRead = {"json", "cbor", "csv", "tsv",  "txt",
                                                      "log",  "wav",  "png", "jpeg", "jpg"};
  return std::ranges::find(kRead, ending) != kRead.end();
}

struct Foreign {
  std::string_view ending, name, way_out;
};
constexpr Foreign kForeign[] = {
    {"parquet", "Parquet", "save it as CSV with a timestamp column"},
    {"mp4", "MP4 video", "send its pictures as PNG or JPEG, or its sound as WAV"},
    {"avi", "AVI video", "send its pictures as PNG or JPEG, or its sound as WAV"},
    {"mp3", "MP3", "save the sound as WAV (sox in.mp3 out.wav)"},
    {"ogg", "Ogg", "save the sound as WAV (sox in.ogg out.wav)"},
    {"flac", "FLAC", "save the sound as WAV (sox in.flac out.wav)"},
    {"zip", "ZIP", "send the files in it, or import the project"},
};

/// What the first bytes leave no doubt about; empty for all else.
std::string_view EndingOfBytes(std::string_view bytes) {
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WAVE")) return "wav";
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("AVI ")) return "avi";
  if (bytes.starts_with("\x89PNG\r\n")) return "png";
  if (bytes.starts_with("\xff\xd8\xff")) return "jpg";
  if (bytes.starts_with("PAR1")) return "parquet";
  if (bytes.size() > 8 && bytes.substr(4, 4) == "ftyp") return "mp4";
  if (bytes.starts_with("PK\x03\x04")) return "zip";
  return "";
}

/// What they look like when nothing else says what they are.
std::string_view GuessedEnding(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (bytes[first] == '{' || bytes[first] == '[')) return "json";
  const auto byte = static_cast<unsigned char>(bytes.empty() ? 0 : bytes[0]);
  if (byte >= 0xa0 && byte <= 0xbf) return "cbor";  // a map
  return "";
}

std::string Ending(std::string_view file_name, std::string_view media_type, std::string_view bytes) {
  if (const std::string_view sure = EndingOfBytes(bytes); !sure.empty()) return std::string(sure);
  const std::string_view media = http::Trim(media_type.substr(0, media_type.find(';')));
  if (http::SameWord(media, "application/cbor")) return "cbor";
  if (http::SameWord(media, "application/json")) return "json";
  const std::string named = EndingOfName(file_name);
  const bool known = IsRead(named) || std::ranges::find(kForeign, named, &Foreign::ending) != std::end(kForeign);
  if (known) return named;
  if (http::SameWord(media, "text/csv")) return "csv";
  return std::string(GuessedEnding(bytes));
}

/// SHA-256 of numbers as they come.
class NumbersHash {
 public:
  NumbersHash() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void Add(float number) {
    buffer_[count_++] = number;
    if (count_ == buffer_.size()) Flush();
  }
  std::string Finish(std::string_view more) {
    Flush();
    EVP_DigestUpdate(context_.get(), more.data(), more.size());
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      text += "0123456789abcdef"[digest[i] >> 4];
      text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
  }

 private:
  void Flush() {
    EVP_DigestUpdate(context_.get(), buffer_.data(), count_ * sizeof(float));
    count_ = 0;
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  std::array<float, 1024> buffer_{};
  size_t count_ = 0;
};

std::string AxesJson(const std::vector<dataset::Axis>& axes) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const dataset::Axis& axis : axes) list.push_back({{"name", axis.name}, {"units", axis.units}});
  return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string FindingsJson(const std::vector<dataset::Axis>& axes, const std::vector<dataset::AxisSurvey>& surveys,
                         const std::vector<std::string>& notices) {
  constexpr size_t kMostNotices = 8;
  json findings = json::object();
  for (size_t i = 0; i < std::min(axes.size(), surveys.size()); ++i) {
    if (surveys[i].is_constant()) findings["constant"].push_back(axes[i].name);
    if (surveys[i].clipped > 0) findings["clipped"][axes[i].name] = surveys[i].clipped;
  }
  for (size_t i = 0; i < std::min(notices.size(), kMostNotices); ++i) findings["notices"].push_back(notices[i]);
  return findings.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// A list of handwritten digits in JSON is no acquisition.
bool HoldsPayload(std::string_view bytes) { return bytes.find("\"payload\"") != std::string_view::npos; }

}  // namespace

bool IsSidecar(std::string_view file_name) { return EndingOfName(file_name) == "labels"; }

Expected<Arrival> LookOver(std::string_view file_name, std::string_view media_type, std::string_view bytes) {
  const std::string clean = CleanFileName(file_name);
  if (bytes.empty()) return {Status::kDataLoss, clean + ": the file is empty; record it again"};
  const std::string ending = Ending(clean, media_type, bytes);
  if (const auto foreign = std::ranges::find(kForeign, ending, &Foreign::ending); foreign != std::end(kForeign)) {
    return {Status::kUnsupported,
            clean + ": " + std::string(foreign->name) + " files are not read here; " + std::string(foreign->way_out)};
  }
  if (ending.empty()) {
    return {Status::kUnsupported, clean + ": files of this kind are not read; send CBOR, JSON, CSV, WAV, PNG or JPEG"};
  }

  Arrival arrival;
  Sample& sample = arrival.sample;
  sample.file_name = EndingOfName(clean) == ending ? clean : clean + "." + ending;
  sample.name = sample.file_name.substr(0, sample.file_name.rfind('.'));
  arrival.is_cbor = ending == "cbor";
  const bool is_acquisition = arrival.is_cbor || (ending == "json" && HoldsPayload(bytes));
  NumbersHash hash;
  dataset::Survey survey;
  int64_t numbers = 0;
  const auto take = [&](float number, size_t axis) {
    hash.Add(number);
    survey.Add(number, axis);
    ++numbers;
  };
  Expected<dataset::Recording> recording = [&]() -> Expected<dataset::Recording> {
    if (!is_acquisition) return dataset::ReadBytes(sample.file_name, bytes, {.take = take}, arrival.notices);
    const dataset::AcquisitionOptions options{&arrival.envelope, take};
    auto read =
        arrival.is_cbor ? dataset::ReadAcquisitionCbor(bytes, options) : dataset::ReadAcquisitionJson(bytes, options);
    if (!read.ok()) return {read.error().status, clean + ": " + read.error().message};
    return read;
  }();
  if (!recording.ok()) return recording.error();

  sample.axes = AxesJson(recording->axes);
  sample.values_count = numbers / static_cast<int64_t>(recording->axes.size());
  sample.device_id = arrival.envelope.device_name;
  sample.device_type = arrival.envelope.device_type;
  const bool is_table = ending == "csv" || ending == "tsv" || ending == "txt";
  if (recording->is_picture()) {
    sample.kind = "image";
  } else if (is_table && sample.values_count == 1) {
    sample.kind = "features";
    arrival.notices.clear();  // they are about the rate that a single row has not
  } else {
    sample.kind = "time-series";
    sample.interval_ms = recording->interval_ms;
    sample.frequency_hz = recording->rate_hz();
    sample.length_ms = sample.interval_ms * static_cast<double>(sample.values_count);
    sample.findings = FindingsJson(recording->axes, survey.Axes(), arrival.notices);
  }
  if (is_acquisition) {
    sample.content_hash = hash.Finish(sample.axes + " " + std::to_string(sample.interval_ms));
  }
  return arrival;
}

}  // namespace thimble::studio
