#include "dataset/reader.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "dataset/acquisition.h"
#include "dataset/internal/csv.h"
#include "dataset/internal/info_labels.h"
#include "dataset/internal/pictures.h"
#include "dataset/internal/serial_lines.h"
#include "dataset/internal/text.h"
#include "dataset/internal/wav.h"

namespace thimble::dataset {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kLargestFileBytes = uintmax_t{256} << 20;
constexpr double kRateTolerance = 0.01;
constexpr std::string_view kInfoLabels = "info.labels";

enum class Format { kNone, kJson, kCbor, kCsv, kLines, kWav, kPng, kJpeg };

constexpr std::pair<std::string_view, Format> kEndings[] = {
    {".json", Format::kJson}, {".cbor", Format::kCbor}, {".csv", Format::kCsv}, {".tsv", Format::kCsv},
    {".txt", Format::kLines}, {".log", Format::kLines}, {".wav", Format::kWav}, {".png", Format::kPng},
    {".jpg", Format::kJpeg},  {".jpeg", Format::kJpeg},
};

// What people lay beside recordings: the beginning of a file name, in lower case.
constexpr std::string_view kProse[] = {"readme", "licen", "source", "copying", "notice", "changelog", "authors"};

std::string_view FileName(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

std::string Ending(std::string_view path) {
  const std::string_view name = FileName(path);
  const size_t dot = name.find_last_of('.');
  return dot == std::string_view::npos ? std::string() : Lower(name.substr(dot));
}

Format FormatOf(std::string_view path) {
  const std::string ending = Ending(path);
  for (const auto& [known, format] : kEndings) {
    if (ending == known) return format;
  }
  return Format::kNone;
}

/// Whether the name says that this is for people to read.
bool IsProse(std::string_view path) {
  const std::string name = Lower(FileName(path));
  return std::any_of(std::begin(kProse), std::end(kProse),
                     [&](std::string_view beginning) { return name.starts_with(beginning); });
}

/// The names of the folders above a file, outermost first.
std::vector<std::string_view> Folders(std::string_view path) {
  std::vector<std::string_view> folders;
  for (size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/')) {
    folders.push_back(path.substr(0, end));
    path.remove_prefix(end + 1);
  }
  return folders;
}

Category CategoryOfFolder(std::string_view folder) {
  const std::string name = Lower(folder);
  if (name == "train" || name == "training") return Category::kTraining;
  if (name == "test" || name == "testing") return Category::kTesting;
  return Category::kUnassigned;
}

Category CategoryOfPath(std::string_view path) {
  Category category = Category::kUnassigned;
  for (const std::string_view folder : Folders(path)) {
    if (const Category own = CategoryOfFolder(folder); own != Category::kUnassigned) category = own;
  }
  return category;
}

/// "wave" of "wave_07", "wave 7", "wave-7", "wave (7)"; nothing of a name that is only a number.
std::string_view WithoutNumber(std::string_view name) {
  std::string_view rest = name;
  if (rest.ends_with(')')) rest.remove_suffix(1);
  while (!rest.empty() && rest.back() >= '0' && rest.back() <= '9') rest.remove_suffix(1);
  if (rest.empty()) return {};
  if (rest.size() == name.size() || std::string_view("_- (").find(rest.back()) == std::string_view::npos) return name;
  while (!rest.empty() && std::string_view("_- (").find(rest.back()) != std::string_view::npos) rest.remove_suffix(1);
  return rest;
}

/// "7" of "7_jackson_32": the first of three parts, where the first and the last are numbers. Nothing of others.
std::string_view DigitOfSpeaker(std::string_view name) {
  const size_t first = name.find('_');
  const size_t last = name.rfind('_');
  if (first == std::string_view::npos || first == 0 || last == first || last + 1 == name.size()) return {};
  const auto is_number = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char letter) { return letter >= '0' && letter <= '9'; });
  };
  return is_number(name.substr(0, first)) && is_number(name.substr(last + 1)) ? name.substr(0, first)
                                                                              : std::string_view();
}

/// What the path says about the label. See ReadFolder.
std::string LabelOfPath(std::string_view path) {
  const std::string_view name = FileName(path);
  const std::string_view stem = name.substr(0, name.find_last_of('.'));
  const size_t dot = stem.find('.');
  if (dot != std::string_view::npos && dot > 0) return std::string(stem.substr(0, dot));
  const std::vector<std::string_view> folders = Folders(path);
  const auto names_a_label = [](std::string_view folder) { return CategoryOfFolder(folder) == Category::kUnassigned; };
  if (!folders.empty() && names_a_label(folders.back())) return std::string(folders.back());
  if (FormatOf(path) == Format::kWav) {
    if (const std::string_view digit = DigitOfSpeaker(stem); !digit.empty()) return std::string(digit);
  }
  if (const std::string_view label = WithoutNumber(stem); !label.empty()) return std::string(label);
  const auto above = std::find_if(folders.rbegin(), folders.rend(), names_a_label);
  return above == folders.rend() ? std::string() : std::string(*above);
}

Expected<std::string> ReadWhole(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (!error && size > kLargestFileBytes) {
    return {Status::kInvalidArgument,
            "larger than " + std::to_string(kLargestFileBytes >> 20) + " MiB; cut it into several files"};
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return {Status::kFailed, std::string("cannot be read: ") + std::strerror(errno != 0 ? errno : EIO)};
  }
  return bytes;
}

Error About(std::string_view file, const Error& error) {
  return {error.status, std::string(file) + ": " + error.message};
}

/// Every entry below a folder that is a file and not hidden, relative to it, sorted.
Expected<std::vector<std::string>> ListFiles(const fs::path& root) {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator it(root, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->path().filename().native().starts_with('.')) {
      it.disable_recursion_pending();
      continue;
    }
    std::error_code gone;
    if (it->is_regular_file(gone)) files.push_back(it->path().lexically_relative(root).generic_string());
  }
  if (error) return {Status::kFailed, root.string() + ": cannot be listed: " + error.message()};
  std::sort(files.begin(), files.end());
  return files;
}

Outcome CheckFolder(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    return {Status::kNotFound, path + ": there is no such folder; give the one that holds the recordings"};
  }
  if (!fs::is_directory(status)) {
    return {Status::kInvalidArgument, path + ": this is no folder; give the one that holds the recordings"};
  }
  return Nothing{};
}

Error NoDataFiles(const std::string& path, const std::vector<std::string>& files) {
  if (files.empty()) return {Status::kInvalidArgument, path + ": the folder is empty; put recordings into it"};
  std::map<std::string, size_t> others;
  for (const std::string& file : files) {
    if (!IsProse(file) && !Ending(file).empty()) ++others[Ending(file)];
  }
  std::string known;
  for (const auto& [ending, format] : kEndings) known += (known.empty() ? "" : " ") + std::string(ending);
  std::string text = path + ": there are no recordings (" + known + ")";
  const auto most =
      std::max_element(others.begin(), others.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != others.end()) text += ", but " + Count(most->second, "file", "files") + " ending in " + most->first;
  return {Status::kInvalidArgument, text + "; give the folder that holds them"};
}

/// The labels of every info.labels below the folder, by path relative to it. A list nearer to the file wins.
Expected<LabelEntries> GatherLabels(const fs::path& root, const std::vector<std::string>& files) {
  std::vector<std::string> lists;
  for (const std::string& file : files) {
    if (FileName(file) == kInfoLabels) lists.push_back(file);
  }
  std::stable_sort(lists.begin(), lists.end(), [](const std::string& a, const std::string& b) {
    return std::count(a.begin(), a.end(), '/') < std::count(b.begin(), b.end(), '/');
  });
  LabelEntries gathered;
  for (const std::string& list : lists) {
    auto bytes = ReadWhole(root / list);
    if (!bytes) return About(list, bytes.error());
    auto entries = ReadInfoLabels(*bytes);
    if (!entries) return About(list, entries.error());
    const std::string folder = list.substr(0, list.size() - kInfoLabels.size());
    for (auto& [path, entry] : *entries) {
      gathered.insert_or_assign(fs::path(folder + path).lexically_normal().generic_string(), std::move(entry));
    }
  }
  return gathered;
}

/// Remarks about files, each said once however many files it is true of.
class Remarks {
 public:
  void Add(const std::string& text, const std::string& file) {
    auto& [first_file, count] = by_text_[text];
    if (count++ == 0) {
      first_file = file;
      order_.push_back(text);
    }
  }
  std::vector<std::string> Take() {
    std::vector<std::string> notices;
    for (const std::string& text : order_) {
      const auto& [first_file, count] = by_text_[text];
      std::string notice = first_file;
      if (count > 1) notice.append(" and ").append(Count(count - 1, "other", "others"));
      notices.push_back(notice.append(": ").append(text));
    }
    return notices;
  }

 private:
  std::map<std::string, std::pair<std::string, size_t>> by_text_;
  std::vector<std::string> order_;
};

/// Cuts a recording into equal pieces. What is left over at the end belongs to no piece.
void AddPieces(Recording recording, size_t readings, std::vector<Recording>& pieces, Remarks& remarks) {
  if (readings == 0 || recording.readings() <= readings) {
    pieces.push_back(std::move(recording));
    return;
  }
  const size_t count = recording.readings() / readings;
  const size_t piece_values = readings * recording.axes.size();
  const std::vector<float> values = std::exchange(recording.values, {});
  for (size_t i = 0; i < count; ++i) {
    Recording piece = recording;
    piece.name += "#" + std::to_string(i + 1);
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(i * piece_values);
    piece.values.assign(first, first + static_cast<std::ptrdiff_t>(piece_values));
    pieces.push_back(std::move(piece));
  }
  const size_t left_over = (values.size() - count * piece_values) / recording.axes.size();
  if (left_over > 0) {
    remarks.Add(Count(left_over, "reading", "readings") + " left over after pieces of " + std::to_string(readings),
                recording.file);
  }
}

std::string AxisList(const Recording& recording) {
  std::string list;
  for (const Axis& axis : recording.axes) {
    list += (list.empty() ? "" : ", ") + axis.name + (axis.units.empty() ? "" : " in " + axis.units);
  }
  return list;
}

/// Units that a file leaves out may be any.
bool SameAxes(const Recording& a, const Recording& b) {
  return std::equal(a.axes.begin(), a.axes.end(), b.axes.begin(), b.axes.end(), [](const Axis& x, const Axis& y) {
    return Lower(x.name) == Lower(y.name) && (x.units == y.units || x.units.empty() || y.units.empty());
  });
}

}  // namespace

Outcome CheckUniform(const std::vector<Recording>& recordings) {
  const Recording& first = recordings.front();
  for (const Recording& other : recordings) {
    if (!SameAxes(first, other)) {
      return {Status::kInvalidArgument, first.file + " has the axes " + AxisList(first) + ", but " + other.file +
                                            " has " + AxisList(other) +
                                            "; keep recordings of different sensors in different folders"};
    }
    if (std::abs(other.interval_ms - first.interval_ms) > kRateTolerance * first.interval_ms) {
      return {Status::kInvalidArgument, first.file + " was recorded at " + Number(first.rate_hz()) + " Hz, but " +
                                            other.file + " at " + Number(other.rate_hz()) +
                                            " Hz; keep one rate: record again or resample one of them"};
    }
  }
  return Nothing{};
}

Expected<Recording> ReadBytes(std::string_view file, std::string_view bytes, const ReadOptions& options,
                              std::vector<std::string>& notices) {
  if (bytes.empty()) return {Status::kDataLoss, std::string(file) + ": the file is empty; record it again"};
  const auto read = [&]() -> Expected<Recording> {
    switch (FormatOf(file)) {
      case Format::kJson:
        return HoldsDigits(bytes) ? ReadDigits(bytes) : ReadAcquisitionJson(bytes, {.take = options.take});
      case Format::kCbor:
        return ReadAcquisitionCbor(bytes, {.take = options.take});
      case Format::kCsv:
        return ReadCsv(bytes, options.rate_hz, notices, options.take);
      case Format::kLines:
        if (HasTimeColumn(bytes)) return ReadCsv(bytes, options.rate_hz, notices, options.take);
        return ReadSerialLines(bytes, options.rate_hz, notices, options.take);
      case Format::kWav:
        return ReadWav(bytes, notices, options.take);
      case Format::kPng:
        return ReadPng(bytes);
      case Format::kJpeg:
        return ReadJpeg(bytes);
      case Format::kNone:
        break;
    }
    return {Status::kUnsupported, "files of this kind are not read; save it as CSV, JSON, WAV, PNG or JPEG"};
  };
  Expected<Recording> recording = read();
  if (!recording) return About(file, recording.error());
  if (options.take) {  // of pictures and digits, which are small
    const std::vector<float> values = std::exchange(recording->values, {});
    for (size_t i = 0; i < values.size(); ++i) options.take(values[i], i % recording->axes.size());
  }
  const std::string_view name = FileName(file);
  recording->file = file;
  recording->name = name.substr(0, name.find_last_of('.'));
  return recording;
}

Expected<Dataset> ReadFolder(const std::string& path, const ReadOptions& options) {
  if (options.rate_hz != 0 && !(options.rate_hz > 0 && std::isfinite(options.rate_hz))) {
    return {Status::kInvalidArgument,
            "a rate of " + Number(options.rate_hz) + " Hz is impossible; give a positive one"};
  }
  THIMBLE_EXPECT(CheckFolder(path));
  const fs::path root(path);
  THIMBLE_ASSIGN(const std::vector<std::string> files, ListFiles(root));
  THIMBLE_ASSIGN(const LabelEntries labels, GatherLabels(root, files));

  std::vector<std::string> data_files;
  std::copy_if(files.begin(), files.end(), std::back_inserter(data_files),
               [](const std::string& file) { return FormatOf(file) != Format::kNone && !IsProse(file); });

  Dataset dataset;
  Remarks remarks;
  // A photograph of how the sensor was mounted is no recording.
  const auto is_picture = [](const std::string& file) {
    return FormatOf(file) == Format::kPng || FormatOf(file) == Format::kJpeg;
  };
  if (!std::all_of(data_files.begin(), data_files.end(), is_picture)) {
    std::erase_if(data_files, [&](const std::string& file) {
      if (!is_picture(file)) return false;
      remarks.Add("passed over: a picture among other recordings", file);
      return true;
    });
  }
  for (size_t i = 0; i < data_files.size(); ++i) {
    const std::string& file = data_files[i];
    auto bytes = ReadWhole(root / file);
    if (!bytes) return About(file, bytes.error());
    std::vector<std::string> notices;
    Expected<Recording> recording = ReadBytes(file, *bytes, options, notices);
    for (const std::string& notice : notices) remarks.Add(notice, file);
    if (recording) {
      recording->label = LabelOfPath(file);
      // A list of digits is named after the digit; a photograph that is called 7.png is not.
      if (recording->label.empty() && recording->is_picture() && FormatOf(file) == Format::kJson) {
        recording->label = recording->name;
      }
      recording->category = CategoryOfPath(file);
      if (const auto entry = labels.find(file); entry != labels.end()) {
        recording->label = entry->second.label;
        if (entry->second.category != Category::kUnassigned) recording->category = entry->second.category;
        if (!entry->second.name.empty()) recording->name = entry->second.name;
      }
      const size_t pixels = static_cast<size_t>(recording->width) * static_cast<size_t>(recording->height);
      const size_t piece = recording->is_picture() ? pixels : options.readings_per_recording;
      AddPieces(*std::move(recording), piece, dataset.recordings, remarks);
    } else if (recording.error().status == Status::kNotFound) {
      remarks.Add("passed over: its lines are not readings", file);
    } else {
      return recording.error();
    }
    if (options.progress && !options.progress(i + 1, data_files.size())) {
      return {Status::kCancelled,
              "stopped after " + Count(i + 1, "file", "files") + " of " + std::to_string(data_files.size())};
    }
  }
  if (dataset.recordings.empty()) return NoDataFiles(path, files);

  const std::set<std::string_view> present(data_files.begin(), data_files.end());
  for (const auto& [listed, entry] : labels) {
    if (!present.contains(listed)) remarks.Add("listed in info.labels, but not there", listed);
  }
  dataset.notices = remarks.Take();
  THIMBLE_EXPECT(CheckUniform(dataset.recordings));
  return dataset;
}

}  // namespace thimble::dataset
