#include "bridge/recording_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

namespace thimble::bridge {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kSignatureDigits = 64;
constexpr size_t kLongestName = 100;

/// The shortest text that reads as the same float.
void AppendNumber(float value, std::string& out) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), end);
}

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Writes and syncs; false with errno set.
bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return fsync(file) == 0;
}

}  // namespace

std::string RecordingJson(const Captured& captured, const FileFacts& facts) {
  const dataset::Recording& recording = captured.recording;
  Json protection = {{"ver", "v1"}, {"alg", "none"}, {"iat", facts.issued_s}};
  Json payload = Json::object();
  if (!facts.device_name.empty()) payload["device_name"] = facts.device_name;
  payload["device_type"] = facts.device_type;
  payload["interval_ms"] = recording.interval_ms;
  payload["sensors"] = Json::array();
  for (const dataset::Axis& axis : recording.axes) {
    payload["sensors"].push_back({{"name", axis.name}, {"units", axis.units.empty() ? "N/A" : axis.units}});
  }
  Json capture = {{"rate_hz", captured.measured_rate_hz},
                  {"jitter_ms", captured.jitter_ms},
                  {"format", captured.format},
                  {"resampled", captured.resampled},
                  {"lost_readings", captured.lost_readings},
                  {"damaged_lines", captured.damaged_lines},
                  {"gaps", Json::array()}};
  for (const Gap& gap : captured.gaps) capture["gaps"].push_back({{"at_ms", gap.at_ms}, {"readings", gap.readings}});

  std::string text = "{\"protected\":" + Dump(protection) + ",\"signature\":\"" + std::string(kSignatureDigits, '0') +
                     "\",\"payload\":" + Dump(payload);
  text.pop_back();
  text += ",\"values\":[";
  const size_t axes = recording.axes.size();
  for (size_t row = 0; row < recording.readings(); ++row) {
    if (row > 0) text += ',';
    if (axes > 1) text += '[';  // one axis: a flat list
    for (size_t axis = 0; axis < axes; ++axis) {
      if (axis > 0) text += ',';
      AppendNumber(recording.values[row * axes + axis], text);
    }
    if (axes > 1) text += ']';
  }
  return text + "]},\"capture\":" + Dump(capture) + "}\n";
}

std::string RecordingFileName(std::string_view label, int64_t time_ms) {
  std::string name;
  for (const char c : label.substr(0, kLongestName)) {
    const bool safe = static_cast<unsigned char>(c) > ' ' && c != 0x7f &&
                      std::string_view("/\\:*?\"<>|.").find(c) == std::string_view::npos;
    name += safe || (c == ' ' && !name.empty()) ? c : '_';
  }
  return (name.empty() ? "recording" : name) + "." + std::to_string(time_ms) + ".json";
}

Expected<fs::path> WriteRecording(const fs::path& folder, const std::string& name, std::string_view bytes) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    return {Status::kFailed, folder.string() + ": no folder can be made here (" +
                                 (error ? error.message() : std::string("it is a file")) +
                                 "); give another one with --out"};
  }
  std::string pattern = (folder / ("." + name + ".partial-XXXXXX")).string();
  const int file = mkostemp(pattern.data(), O_CLOEXEC);
  const auto cannot = [&](int reason) {
    return Error{Status::kFailed, (folder / name).string() + ": cannot be written (" + std::strerror(reason) + ")" +
                                      (reason == ENOSPC || reason == EFBIG || reason == EDQUOT
                                           ? "; make room on the disk, or give another folder with --out"
                                           : "; give another folder with --out")};
  };
  if (file < 0) return cannot(errno);
  const bool written = WriteAll(file, bytes);
  const int reason = errno;
  fchmod(file, 0644);
  close(file);
  if (!written) {
    unlink(pattern.c_str());
    return cannot(reason);
  }
  // link, unlike rename, replaces nobody's file.
  const fs::path stem = fs::path(name).stem(), ending = fs::path(name).extension();
  fs::path path = folder / name;
  for (int number = 2; link(pattern.c_str(), path.c_str()) != 0; ++number) {
    if (errno == EEXIST && number < 1000) {
      path = folder / (stem.string() + "-" + std::to_string(number) + ending.string());
      continue;
    }
    // A file system without links, such as a USB stick's.
    if (errno != EEXIST && rename(pattern.c_str(), path.c_str()) == 0) return path;
    const int why = errno;
    unlink(pattern.c_str());
    return cannot(why);
  }
  unlink(pattern.c_str());
  if (const int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); directory >= 0) {
    fsync(directory);
    close(directory);
  }
  return path;
}

}  // namespace thimble::bridge
