#include "simulator/az3166/motion_source.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <mutex>
#include <numbers>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

#include "dataset/reader.h"
#include "simulator/descriptor.h"

namespace thimble::simulator {
namespace {

using Motion = MotionSource::Motion;

constexpr double kGravity = 9.80665;  // m/s2
constexpr double kRadian = 180 / std::numbers::pi;

Motion Between(const Motion& from, const Motion& to, double share) {
  Motion motion;
  for (int i = 0; i < 3; ++i) {
    motion.acceleration_g[i] = from.acceleration_g[i] + (to.acceleration_g[i] - from.acceleration_g[i]) * share;
    motion.turn_rate_dps[i] = from.turn_rate_dps[i] + (to.turn_rate_dps[i] - from.turn_rate_dps[i]) * share;
  }
  return motion;
}

class StillSource final : public MotionSource {
 public:
  Motion At(uint64_t /*ns*/) override { return {}; }
  std::string Description() const override { return "lying still"; }
};

/// Readings at a constant rate, found by the time.
class Readings : public MotionSource {
 public:
  Motion At(uint64_t ns) final {
    const Place place = PlaceAt(ns);
    if (hold_) return Reading(place.index);
    return Between(Reading(place.index), Reading(Following(place.index)), place.share);
  }
  Motion ReadingAt(uint64_t ns) final { return Reading(PlaceAt(ns).index); }
  uint64_t IntervalNs() const final { return static_cast<uint64_t>(std::llround(interval_ns_)); }
  bool HasNoise() const final { return true; }

 protected:
  Readings(double interval_ns, size_t count, const RecordingOptions& options)
      : interval_ns_(interval_ns), count_(count), hold_(options.hold), once_(options.once) {}

  virtual Motion Reading(size_t index) = 0;

 private:
  struct Place {
    size_t index;
    double share;  // of the way to the next one
  };

  Place PlaceAt(uint64_t ns) const {
    // A reading's own time, in whole nanoseconds, may be a little before it.
    const double at = (static_cast<double>(ns) + 0.5) / interval_ns_;
    const double whole = std::floor(at);
    if (once_ && whole >= static_cast<double>(count_ - 1)) return {count_ - 1, 0};
    const double share = std::max(0.0, (static_cast<double>(ns) - whole * interval_ns_) / interval_ns_);
    return {static_cast<size_t>(std::fmod(whole, static_cast<double>(count_))), share};
  }
  size_t Following(size_t index) const { return index + 1 < count_ ? index + 1 : (once_ ? index : 0); }

  double interval_ns_;
  size_t count_;
  bool hold_, once_;
};

class RecordingSource final : public Readings {
 public:
  RecordingSource(std::string name, double interval_ns, std::vector<Motion> motions, const RecordingOptions& options,
                  std::vector<std::string> notices)
      : Readings(interval_ns, motions.size(), options),
        name_(std::move(name)),
        motions_(std::move(motions)),
        notices_(std::move(notices)) {
    const auto seconds = static_cast<double>(motions_.size()) * interval_ns * 1e-9;
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), ", %.3g s at %.4g Hz, %s", seconds, 1e9 / interval_ns,
                  options.once ? "once" : "again and again");
    name_ += text.data();
  }

  std::string Description() const override { return name_; }
  std::vector<std::string> Notices() const override { return notices_; }

 private:
  Motion Reading(size_t index) override { return motions_[index]; }

  std::string name_;
  std::vector<Motion> motions_;
  std::vector<std::string> notices_;
};

class HandSource final : public Readings {
 public:
  HandSource(Gesture gesture, int person, int take, uint64_t seed)
      : Readings(1e9 / kRateHz, kCount, {}),
        hand_(seed, person, gesture, take, kRateHz),
        description_("a simulated hand: " + std::string(GestureName(gesture)) + ", person " +
                     std::to_string(person + 1) + ", take " + std::to_string(take + 1)) {}

  std::string Description() const override { return description_; }

 private:
  // Faster than anybody samples a hand, so that the sensor's own filter has something to average.
  static constexpr double kRateHz = 416;
  static constexpr size_t kCount = 10 * 60 * 416;

  Motion Reading(size_t index) override {
    while (samples_.size() <= index) samples_.push_back(hand_.Next());
    const MotionSample& sample = samples_[index];
    Motion motion;
    for (size_t i = 0; i < 3; ++i) {
      motion.acceleration_g[i] = sample.acceleration[i] * kMilligPerLsb * 1e-3;
      motion.turn_rate_dps[i] = sample.turn_rate[i] * kMilliDegreesPerSecondPerLsb * 1e-3;
    }
    return motion;
  }

  HandMotion hand_;
  std::vector<MotionSample> samples_;  // as far as anybody has asked
  std::string description_;
};

// Recordings

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// 0 to 2: acceleration along x, y, z; 3 to 5: turn rate about them; -1: its name does not tell.
int Meaning(const std::string& axis) {
  const std::string name = Lower(axis);
  if (name.empty()) return -1;
  const size_t last = std::string_view("xyz").find(name.back());
  if (last == std::string_view::npos) return -1;
  const bool turns = name.find("gyr") != std::string::npos || (name.size() == 2 && (name[0] == 'g' || name[0] == 'w'));
  const bool accelerates = name.find("acc") != std::string::npos || (name.size() == 2 && name[0] == 'a');
  if (turns == accelerates) return -1;
  return static_cast<int>(last) + (turns ? 3 : 0);
}

/// g, or degrees a second, in one of those units; nothing: no unit of motion.
std::optional<double> Factor(const std::string& units, bool turns) {
  const std::string unit = Lower(units);
  const auto is = [&](auto... names) { return ((unit == names) || ...); };
  if (turns) {
    if (is("rad/s")) return kRadian;
    if (is("dps", "deg/s", "°/s")) return 1;
    if (is("mdps", "mdeg/s")) return 1e-3;
  } else {
    if (is("m/s2", "m/s^2", "m/s²", "ms2")) return 1 / kGravity;
    if (is("g")) return 1;
    if (is("mg")) return 1e-3;
  }
  return std::nullopt;
}

struct Guess {
  double gravity;
  double acceleration_g, turn_rate_dps;  // in one unit
  const char* words;
};

constexpr Guess kGuesses[] = {
    {1, 1, 1, "g and deg/s"},
    {kGravity, 1 / kGravity, kRadian, "m/s2 and rad/s"},
    {1000, 1e-3, 1e-3, "mg and mdps"},
    {1000 / kMilligPerLsb, kMilligPerLsb * 1e-3, kMilliDegreesPerSecondPerLsb * 1e-3,
     "an LSM6DSL's registers at +-2 g and +-2000 deg/s"},
};

/// Gravity is what all recordings have in common: which unit makes the usual length of the acceleration 1 g?
const Guess& GuessUnits(const dataset::Recording& recording, const std::array<int, 6>& column) {
  std::vector<double> lengths;
  for (size_t i = 0; i < recording.readings(); ++i) {
    const auto reading = recording.Reading(i);
    double sum = 0;
    for (size_t axis = 0; axis < 3; ++axis) {
      const double value = reading[static_cast<size_t>(column[axis])];
      sum += value * value;
    }
    lengths.push_back(std::sqrt(sum));
  }
  const auto middle = lengths.begin() + static_cast<ptrdiff_t>(lengths.size() / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  const double usual = std::max(*middle, 1e-3);
  return *std::min_element(std::begin(kGuesses), std::end(kGuesses), [usual](const Guess& a, const Guess& b) {
    return std::abs(std::log(usual / a.gravity)) < std::abs(std::log(usual / b.gravity));
  });
}

Expected<std::unique_ptr<MotionSource>> ReplayWith(const dataset::Recording& recording, const RecordingOptions& options,
                                                   std::vector<std::string> notices) {
  const std::string name = recording.name.empty() ? "the recording" : recording.name;
  if (recording.readings() == 0 || !(recording.interval_ms > 0)) {
    return Error{Status::kInvalidArgument, name + ": it has no readings"};
  }
  std::array<int, 6> column;
  column.fill(-1);
  std::string names;
  for (size_t i = 0; i < recording.axes.size(); ++i) {
    const int meaning = Meaning(recording.axes[i].name);
    if (meaning >= 0) column[static_cast<size_t>(meaning)] = static_cast<int>(i);
    if (i > 0) names += ", ";
    names += recording.axes[i].name;
  }
  const auto has = [&column](size_t first) {
    return column[first] >= 0 && column[first + 1] >= 0 && column[first + 2] >= 0;
  };
  if (!has(0)) {
    if (recording.axes.size() != 3 && recording.axes.size() != 6) {
      return Error{Status::kInvalidArgument,
                   name + ": its axes are " + names + "; a motion has accX, accY, accZ and perhaps gyrX, gyrY, gyrZ"};
    }
    for (size_t i = 0; i < 6; ++i) column[i] = i < recording.axes.size() ? static_cast<int>(i) : -1;
  }
  const bool turns = has(3);

  std::array<double, 6> factor = {};
  const Guess* guess = nullptr;
  for (size_t i = 0; i < (turns ? 6 : 3); ++i) {
    const dataset::Axis& axis = recording.axes[static_cast<size_t>(column[i])];
    if (axis.units.empty()) {
      if (guess == nullptr) {
        guess = &GuessUnits(recording, column);
        notices.push_back(name + ": it does not say its units; by its gravity they are " + guess->words);
      }
      factor[i] = i < 3 ? guess->acceleration_g : guess->turn_rate_dps;
    } else if (const auto known = Factor(axis.units, i >= 3)) {
      factor[i] = *known;
    } else {
      return Error{Status::kInvalidArgument, name + ": " + axis.name + " is in \"" + axis.units +
                                                 "\"; a motion's units are " +
                                                 (i < 3 ? "m/s2, g or mg" : "rad/s, deg/s or mdps")};
    }
  }
  if (!turns) notices.push_back(name + ": it has no turn rates; the gyroscope feels none");

  std::vector<Motion> motions(recording.readings());
  for (size_t i = 0; i < motions.size(); ++i) {
    const auto reading = recording.Reading(i);
    for (size_t axis = 0; axis < 3; ++axis) {
      motions[i].acceleration_g[axis] = static_cast<double>(reading[static_cast<size_t>(column[axis])]) * factor[axis];
      if (!turns) continue;
      motions[i].turn_rate_dps[axis] =
          static_cast<double>(reading[static_cast<size_t>(column[axis + 3])]) * factor[axis + 3];
    }
  }
  return std::unique_ptr<MotionSource>(std::make_unique<RecordingSource>(
      name, recording.interval_ms * 1e6, std::move(motions), options, std::move(notices)));
}

// Live

/// Six numbers, or three; false: the line is something else.
bool ParseLine(std::string_view line, Motion& motion) {
  std::array<double, 6> numbers = {};
  size_t count = 0;
  const char* at = line.data();
  const char* end = at + line.size();
  const auto skip_blanks = [&] {
    while (at != end && (*at == ' ' || *at == '\t')) ++at;
  };
  for (;;) {
    skip_blanks();
    if (count == numbers.size()) return false;
    const auto [next, error] = std::from_chars(at, end, numbers[count]);
    if (error != std::errc() || !std::isfinite(numbers[count])) return false;
    ++count;
    at = next;
    skip_blanks();
    if (at == end) break;
    if (*at++ != ',') return false;
  }
  if (count != 3 && count != 6) return false;
  for (size_t i = 0; i < 3; ++i) {
    motion.acceleration_g[i] = numbers[i] * 1e-3;
    motion.turn_rate_dps[i] = numbers[i + 3] * 1e-3;
  }
  return true;
}

class LiveSource final : public MotionSource {
 public:
  LiveSource(Descriptor listener, Descriptor wake_reader, Descriptor wake_writer, uint16_t port)
      : listener_(std::move(listener)),
        wake_reader_(std::move(wake_reader)),
        wake_writer_(std::move(wake_writer)),
        port_(port),
        thread_([this] { Serve(); }) {}

  ~LiveSource() override {
    const char end = 0;
    while (write(wake_writer_.number, &end, 1) < 0 && errno == EINTR) {
    }
    thread_.join();
  }

  Motion At(uint64_t /*ns*/) override {
    const std::lock_guard lock(mutex_);
    return newest_;
  }
  bool HasNoise() const override { return true; }
  std::string Description() const override { return "whoever writes to TCP port " + std::to_string(port_); }

  std::vector<std::string> Notices() const override {
    const std::lock_guard lock(mutex_);
    if (bad_lines_ == 0) return {};
    const std::string many = bad_lines_ == 1 ? "1 line" : std::to_string(bad_lines_) + " lines";
    return {"TCP port " + std::to_string(port_) + ": " + many +
            " could not be read; send ax,ay,az,gx,gy,gz in mg and mdps. The first was \"" + first_bad_line_ + "\""};
  }

 private:
  static constexpr size_t kLongestLine = 512;

  void Serve() {
    Descriptor client;
    std::string line;
    for (;;) {
      // The newest to come is the one who moves the board.
      std::array<pollfd, 3> waits = {
          {{wake_reader_.number, POLLIN, 0}, {listener_.number, POLLIN, 0}, {client.number, POLLIN, 0}}};
      if (poll(waits.data(), client.number >= 0 ? 3 : 2, -1) < 0) {
        if (errno == EINTR) continue;
        return;
      }
      if (waits[0].revents != 0) return;
      if (client.number >= 0 && waits[2].revents != 0) {
        std::array<char, 4096> bytes;
        const ssize_t got = read(client.number, bytes.data(), bytes.size());
        if (got > 0) {
          for (ssize_t i = 0; i < got; ++i) Take(bytes[static_cast<size_t>(i)], line);
        } else if (got == 0 || errno != EINTR) {
          if (!line.empty()) Take('\n', line);
          client = Descriptor();
        }
      }
      if ((waits[1].revents & POLLIN) != 0) {
        Descriptor next(accept(listener_.number, nullptr, nullptr));
        if (next.number >= 0) {
          client = std::move(next);
          line.clear();
        }
      }
    }
  }

  void Take(char c, std::string& line) {
    if (c != '\n') {
      if (line.size() < kLongestLine) line += c;
      return;
    }
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    Motion motion;
    const bool good = ParseLine(line, motion);
    const std::lock_guard lock(mutex_);
    if (good) {
      newest_ = motion;
    } else if (bad_lines_++ == 0) {
      first_bad_line_ = line.substr(0, 60);
      for (char& character : first_bad_line_) {
        if (character < ' ' || character > '~') character = '?';
      }
    }
    line.clear();
  }

  Descriptor listener_, wake_reader_, wake_writer_;
  uint16_t port_;
  mutable std::mutex mutex_;
  Motion newest_;
  uint64_t bad_lines_ = 0;
  std::string first_bad_line_;
  std::thread thread_;  // the last: it uses the others
};

// Specifications

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<uint64_t> Number(const std::string& text, uint64_t low, uint64_t high) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < low || number > high) return std::nullopt;
  return number;
}

Expected<std::unique_ptr<MotionSource>> ParseHand(const std::string& spec) {
  const std::vector<std::string> parts = Split(spec, ':');
  std::optional<Gesture> gesture;
  std::string known;
  for (int i = 0; i < kGestureCount; ++i) {
    const char* name = GestureName(static_cast<Gesture>(i));
    if (parts.size() > 1 && parts[1] == name) gesture = static_cast<Gesture>(i);
    if (i > 0) known += i == kGestureCount - 1 ? " or " : ", ";
    known += name;
  }
  const auto wrong = [&](const std::string& why) {
    return Error{Status::kInvalidArgument,
                 "\"" + spec + "\": " + why + "; write hand:wave, or hand:wave:2:1 for person 2, take 1"};
  };
  if (!gesture) return wrong("the gesture is one of " + known);
  if (parts.size() > 5) return wrong("that is more than gesture, person, take and seed");
  std::array<uint64_t, 3> numbers = {1, 1, 1};
  constexpr std::array<const char*, 3> kNames = {"person", "take", "seed"};
  for (size_t i = 2; i < parts.size(); ++i) {
    const auto number = Number(parts[i], 1, 60000);
    if (!number) return wrong(std::string(kNames[i - 2]) + " is a number from 1 to 60000");
    numbers[i - 2] = *number;
  }
  return Gesturing(*gesture, static_cast<int>(numbers[0]) - 1, static_cast<int>(numbers[1]) - 1, numbers[2]);
}

Expected<std::unique_ptr<MotionSource>> ParseFile(const std::string& spec) {
  std::string path = spec;
  RecordingOptions options;
  const auto cut = [&path](std::string_view ending) {
    if (!path.ends_with(ending)) return false;
    path.resize(path.size() - ending.size());
    return true;
  };
  for (bool more = true; more;) {
    more = false;
    if (cut(",hold")) more = options.hold = true;
    if (cut(",once")) more = options.once = true;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{Status::kNotFound, path + ": no such file; a motion is a recording, or still, hand:wave, tcp:PORT"};
  }
  std::ostringstream text;
  text << file.rdbuf();
  const std::string bytes = std::move(text).str();
  if (bytes.empty()) {
    return Error{Status::kFailed, path + ": it is empty or cannot be read; name a file with a recording"};
  }
  std::vector<std::string> notices;
  THIMBLE_ASSIGN(dataset::Recording recording, dataset::ReadBytes(path, bytes, {}, notices));
  recording.name = path;
  for (std::string& notice : notices) notice.insert(0, path + ": ");
  return ReplayWith(recording, options, std::move(notices));
}

}  // namespace

std::unique_ptr<MotionSource> Still() { return std::make_unique<StillSource>(); }

Expected<std::unique_ptr<MotionSource>> Replay(const dataset::Recording& recording, const RecordingOptions& options) {
  return ReplayWith(recording, options, {});
}

std::unique_ptr<MotionSource> Gesturing(Gesture gesture, int person, int take, uint64_t seed) {
  return std::make_unique<HandSource>(gesture, person, take, seed);
}

Expected<std::unique_ptr<MotionSource>> ListenForMotion(uint16_t port) {
  const std::string where = "tcp:" + std::to_string(port);
  Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  std::array<int, 2> ends = {-1, -1};
  if (listener.number < 0 || pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error{Status::kFailed, where + ": this machine gives no socket"};
  }
  Descriptor wake_reader(ends[0]);
  Descriptor wake_writer(ends[1]);
  const int yes = 1;
  setsockopt(listener.number, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener.number, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(listener.number, 4) != 0 ||
      getsockname(listener.number, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return Error{Status::kFailed,
                 where + ": the port cannot be had; another program may use it: choose another, or 0 for any"};
  }
  return std::unique_ptr<MotionSource>(std::make_unique<LiveSource>(std::move(listener), std::move(wake_reader),
                                                                    std::move(wake_writer), ntohs(address.sin_port)));
}

Expected<std::unique_ptr<MotionSource>> ParseMotion(const std::string& spec) {
  if (spec == "still") return Still();
  if (spec == "hand" || spec.starts_with("hand:")) return ParseHand(spec);
  if (spec.starts_with("tcp:")) {
    const auto port = Number(spec.substr(4), 0, 65535);
    if (!port)
      return Error{Status::kInvalidArgument, "\"" + spec + "\": a port is a number from 0 to 65535, as in tcp:7000"};
    return ListenForMotion(static_cast<uint16_t>(*port));
  }
  return ParseFile(spec);
}

}  // namespace thimble::simulator
