#include "dataset/acquisition.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "dataset/cbor.h"
#include "dataset/internal/text.h"

namespace thimble::dataset {
namespace {

constexpr size_t kDeepest = 32;
constexpr size_t kMostAxes = 256;
constexpr double kLongestIntervalMs = 1e9;
constexpr std::string_view kSamplesFollow = "Ref-BINARY-i16";

/// Collects a recording from the parts of the document, and knows at any time where in it the reader is.
class Collector : public DocumentListener {
 public:
  explicit Collector(const AcquisitionOptions& options)
      : options_(options), envelope_(options.envelope != nullptr ? *options.envelope : own_envelope_) {}

  bool Null() override { return Scalar("null"); }
  bool Other() override { return Scalar("not a number"); }
  bool Number(double value) override {
    switch (role()) {
      case Role::kPayload:
        if (key() == "interval_ms") recording_.interval_ms = value;
        break;
      case Role::kValues:
        return SetWidth(1) && AddValue(value) && Counted();
      case Role::kRow:
        return AddValue(value) && Counted();
      default:
        break;
    }
    return Counted();
  }
  bool Text(std::string_view text) override {
    if (role() == Role::kSensor) {
      Axis& axis = recording_.axes.back();
      if (key() == "name") axis.name = text;
      if (key() == "units" && text != "N/A") axis.units = text;
    }
    if (role() == Role::kPayload) {
      if (key() == "device_name") envelope_.device_name = text;
      if (key() == "device_type") envelope_.device_type = text;
    }
    if (role() == Role::kRoot && key() == "signature") envelope_.signature = text;
    if (role() == Role::kProtected && key() == "alg") envelope_.algorithm = text;
    if (role() == Role::kValues && numbers_ == 0 && text.starts_with("Ref-BINARY")) {
      envelope_.reference = Trim(text);
      if (options_.envelope != nullptr || envelope_.reference == kSamplesFollow) return Counted();
      return Fail(Status::kUnsupported, "the values are sound or a picture (" + Quote(Trim(text)) +
                                            "), not sensor readings; this reader takes numbers only");
    }
    return Scalar(Quote(text));
  }
  bool Key(std::string_view key) override {
    open_.back().key = key;
    return true;
  }
  bool BeginObject() override {
    if (role() == Role::kSensors) {
      if (recording_.axes.size() == kMostAxes) {
        return Fail(Status::kDataLoss, "more than " + std::to_string(kMostAxes) + " sensors");
      }
      recording_.axes.emplace_back();
      return Open(Role::kSensor, false);
    }
    if (role() == Role::kValues || role() == Role::kRow) return Scalar("an object");
    if (open_.empty()) return Open(Role::kRoot, false);
    if (role() == Role::kRoot && key() == "payload") return Open(Role::kPayload, false);
    return Open(role() == Role::kRoot && key() == "protected" ? Role::kProtected : Role::kElsewhere, false);
  }
  bool BeginArray() override {
    if (role() == Role::kRow) return Scalar("a list");
    if (role() == Role::kValues) return Open(Role::kRow, true);
    if (role() != Role::kPayload) return Open(Role::kElsewhere, true);
    if (key() == "sensors") return Open(Role::kSensors, true);
    if (key() != "values") return Open(Role::kElsewhere, true);
    if (numbers_ > 0) return Fail(Status::kDataLoss, "payload.values appears twice");
    return Open(Role::kValues, true);
  }
  bool End() override {
    const Level closed = open_.back();
    open_.pop_back();
    if (closed.role == Role::kPayload) payload_seen_ = true;
    if (closed.role == Role::kRow && !SetWidth(closed.index)) return false;
    return Counted();
  }

  /// "payload.values, reading 13", or "the document" outside of everything.
  std::string Where() const {
    std::string path;
    for (const Level& level : open_) {
      if (level.list || level.key.empty()) continue;
      if (!path.empty()) path += '.';
      path += level.key;
    }
    if (path.empty()) return "the document";
    for (const Level& level : open_) {
      if (level.role == Role::kValues) path += ", reading " + std::to_string(level.index + 1);
    }
    return path;
  }

  /// Whether the walk was ended by what the document says, and not by how it is written.
  bool failed() const { return !error_.message.empty(); }
  const Error& error() const { return error_; }

  bool samples_follow() const { return envelope_.reference == kSamplesFollow; }

  /// The samples behind the document.
  Outcome AddSamples(std::string_view bytes) {
    if (bytes.size() % 2 != 0) {
      return {Status::kDataLoss, "the file ends inside a 16-bit sample; copy it again or record it again"};
    }
    envelope_.reference.clear();
    if (numbers_ > 0) return {Status::kDataLoss, "payload.values holds numbers beside " + Quote(kSamplesFollow)};
    width_ = 1;
    for (size_t i = 0; i < bytes.size(); i += 2) {
      const auto bits = static_cast<uint16_t>(static_cast<uint8_t>(bytes[i]) | static_cast<uint8_t>(bytes[i + 1]) << 8);
      Keep(static_cast<int16_t>(bits));
    }
    return Nothing{};
  }

  Expected<Recording> Finish() && {
    const auto broken = [](std::string text) { return Error{Status::kDataLoss, std::move(text)}; };
    if (!payload_seen_) {
      return broken(
          "there is no payload, so this is not an Edge Impulse recording; move it out of the folder if it is something "
          "else");
    }
    const double interval_ms = recording_.interval_ms;
    if (!(interval_ms > 0 && interval_ms <= kLongestIntervalMs)) {
      return broken("payload.interval_ms is missing or not a positive number of milliseconds");
    }
    if (recording_.axes.empty()) return broken("payload.sensors is missing or empty");
    const bool elsewhere = !envelope_.reference.empty();
    if (numbers_ > 0 && elsewhere) return broken("payload.values holds numbers beside " + Quote(envelope_.reference));
    if (numbers_ == 0 && !elsewhere) return broken("payload.values has no readings; record it again");
    if (recording_.axes.size() != width_ && !elsewhere) {
      return broken("payload.sensors names " + Count(recording_.axes.size(), "axis", "axes") +
                    " but a reading in payload.values has " + Count(width_, "number", "numbers"));
    }
    for (size_t i = 0; i < recording_.axes.size(); ++i) {
      if (recording_.axes[i].name.empty()) recording_.axes[i].name = "axis" + std::to_string(i + 1);
    }
    return std::move(recording_);
  }

 private:
  enum class Role { kElsewhere, kRoot, kProtected, kPayload, kSensors, kSensor, kValues, kRow };

  struct Level {
    Role role = Role::kElsewhere;
    bool list = false;
    std::string key = {};  // of an object: the one whose value is being read
    size_t index = 0;      // of a list: the item being read
  };

  Role role() const { return open_.empty() ? Role::kElsewhere : open_.back().role; }
  const std::string& key() const { return open_.back().key; }

  bool Fail(Status status, std::string message) {
    error_ = {status, std::move(message)};
    return false;
  }

  bool Open(Role role, bool list) {
    if (open_.size() == kDeepest) {
      return Fail(Status::kDataLoss,
                  "lists inside lists, more than " + std::to_string(kDeepest) + " deep: not a recording");
    }
    open_.push_back({role, list});
    return true;
  }

  bool Counted() {
    if (!open_.empty()) ++open_.back().index;
    return true;
  }

  // What is no number may stand anywhere but among the readings.
  bool Scalar(const std::string& what) {
    if (role() == Role::kRow) return FailAtValue(what);
    if (role() == Role::kValues) {
      return Fail(Status::kDataLoss, Where() + " is " + what +
                                         " and not a row of numbers (perhaps nothing had arrived from the sensor yet); "
                                         "remove such readings or record it again");
    }
    return Counted();
  }

  bool FailAtValue(const std::string& what) {
    const Level& row = open_.back();
    const bool listed = role() == Role::kRow;
    const size_t column = listed ? row.index : 0;
    std::string axis = "column " + std::to_string(column + 1);
    if (column < recording_.axes.size() && !recording_.axes[column].name.empty()) {
      axis += " (" + recording_.axes[column].name + ")";
    }
    return Fail(Status::kDataLoss,
                Where() + ", " + axis + " is " + what + " where a number is expected; correct it or record it again");
  }

  bool AddValue(double value) {
    if (!(std::abs(value) <= std::numeric_limits<float>::max())) {
      return FailAtValue(std::isnan(value) ? "not a number (NaN)"
                                           : "too large (" + thimble::dataset::Number(value) + ")");
    }
    Keep(static_cast<float>(value));
    return true;
  }

  void Keep(float value) {
    ++numbers_;
    if (options_.take) {
      options_.take(value, role() == Role::kRow ? open_.back().index : 0);
    } else {
      recording_.values.push_back(value);
    }
  }

  bool SetWidth(size_t numbers) {
    if (width_ == 0) width_ = numbers;
    if (numbers == width_ && numbers > 0) return true;
    return Fail(Status::kDataLoss, Where() + " has " + Count(numbers, "number", "numbers") +
                                       (numbers == width_ ? "" : ", the first one has " + std::to_string(width_)) +
                                       "; record it again");
  }

  const AcquisitionOptions& options_;
  Recording recording_;
  Envelope own_envelope_;
  Envelope& envelope_;
  size_t numbers_ = 0;  // of all readings
  size_t width_ = 0;    // numbers a reading
  bool payload_seen_ = false;
  std::vector<Level> open_;
  Error error_;
};

/// Hands the events of nlohmann's parser on.
class JsonEvents : public nlohmann::json::json_sax_t {
 public:
  explicit JsonEvents(Collector& collector) : collector_(collector) {}
  bool null() override { return collector_.Null(); }
  bool boolean(bool) override { return collector_.Other(); }
  bool number_integer(number_integer_t value) override { return collector_.Number(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return collector_.Number(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) override { return collector_.Number(value); }
  bool string(string_t& text) override { return collector_.Text(text); }
  bool binary(binary_t&) override { return collector_.Other(); }
  bool start_object(size_t) override { return collector_.BeginObject(); }
  bool key(string_t& key) override { return collector_.Key(key); }
  bool end_object() override { return collector_.End(); }
  bool start_array(size_t) override { return collector_.BeginArray(); }
  bool end_array() override { return collector_.End(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    position_ = position;
    return false;
  }

  /// One past the byte where the syntax breaks; more than the file's length when it ends too early.
  size_t position() const { return position_; }

 private:
  Collector& collector_;
  size_t position_ = 0;
};

Error Truncated(size_t offset, const Collector& collector) {
  return {Status::kDataLoss, "byte " + std::to_string(offset) + ": the file ends inside " + collector.Where() +
                                 "; copy it again or record it again"};
}

/// The letters, digits and signs around a byte: "NaN", "-Infinity".
std::string_view WordAt(std::string_view bytes, size_t offset) {
  const auto in_word = [&](size_t i) {
    const char letter = bytes[i];
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '-' || letter == '+' || letter == '.';
  };
  size_t first = offset;
  while (first > 0 && offset - first < 24 && in_word(first - 1)) --first;
  size_t end = offset;
  while (end < bytes.size() && end - offset < 24 && in_word(end)) ++end;
  return bytes.substr(first, end - first);
}

Error SamplesMissing() {
  return {Status::kUnsupported, "the values are sound that should follow behind the document (" +
                                    Quote(kSamplesFollow) +
                                    "), which only CBOR can hold; send it as CBOR, or the sound as a WAV file"};
}

}  // namespace

Expected<Recording> ReadAcquisitionJson(std::string_view bytes, const AcquisitionOptions& options) {
  Collector collector(options);
  JsonEvents events(collector);
  if (!nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &events)) {
    if (collector.failed()) return collector.error();
    if (events.position() > bytes.size()) return Truncated(bytes.size(), collector);
    const size_t offset = events.position() > 0 ? events.position() - 1 : 0;
    const std::string_view word = WordAt(bytes, offset);
    const std::string found = Quote(word.empty() ? bytes.substr(offset, 1) : word);
    return {Status::kDataLoss, "byte " + std::to_string(offset) + ": " + found + " in " + collector.Where() +
                                   " is not valid JSON; correct it or record it again"};
  }
  if (collector.samples_follow()) return SamplesMissing();
  return std::move(collector).Finish();
}

Expected<Recording> ReadAcquisitionCbor(std::string_view bytes, const AcquisitionOptions& options) {
  Collector collector(options);
  const CborWalk walk = WalkCbor(bytes, collector, true);
  switch (walk.end) {
    case CborEnd::kWhole:
      break;
    case CborEnd::kStopped:
      return collector.error();
    case CborEnd::kTruncated:
      return Truncated(walk.offset, collector);
    case CborEnd::kBroken:
      return {Status::kDataLoss, "byte " + std::to_string(walk.offset) + ": " + walk.fault + ", in " +
                                     collector.Where() + "; copy it again or record it again"};
  }
  if (collector.samples_follow()) {
    if (walk.offset == bytes.size()) {
      return {Status::kDataLoss, "byte " + std::to_string(walk.offset) + ": no sound follows; record it again"};
    }
    THIMBLE_EXPECT(collector.AddSamples(bytes.substr(walk.offset)));
  } else if (walk.offset < bytes.size()) {
    return {Status::kDataLoss,
            "byte " + std::to_string(walk.offset) +
                ": more bytes follow after the end of the document; copy it again or record it again"};
  }
  return std::move(collector).Finish();
}

}  // namespace thimble::dataset
