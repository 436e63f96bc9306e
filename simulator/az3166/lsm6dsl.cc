#include "simulator/az3166/lsm6dsl.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "base/random.h"
#include "simulator/hand.h"
#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {
namespace {

__extension__ using Wide = unsigned __int128;

enum : uint8_t {
  kFunctionConfiguration = 0x01,
  kSyncTime = 0x04,
  kFifoControl1 = 0x06,
  kFifoControl2 = 0x07,
  kFifoControl3 = 0x08,
  kFifoControl4 = 0x09,
  kFifoControl5 = 0x0a,
  kDataReadyPulse = 0x0b,
  kInterrupt1Control = 0x0d,
  kInterrupt2Control = 0x0e,
  kWhoAmI = 0x0f,
  kControl1 = 0x10,
  kControl2 = 0x11,
  kControl3 = 0x12,
  kControl4 = 0x13,
  kControl5 = 0x14,
  kControl6 = 0x15,
  kControl7 = 0x16,
  kControl8 = 0x17,
  kControl9 = 0x18,
  kControl10 = 0x19,
  kMasterConfiguration = 0x1a,
  kStatus = 0x1e,
  kOutputs = 0x20,
  kOutputsEnd = 0x2e,
  kFifoStatus1 = 0x3a,
  kFifoStatus2 = 0x3b,
  kFifoStatus3 = 0x3c,
  kFifoStatus4 = 0x3d,
  kFifoDataLow = 0x3e,
  kFifoDataHigh = 0x3f,
  kTimestamp0 = 0x40,
  kTimestamp2 = 0x42,
  kTapConfiguration = 0x58,
  kWakeUpDuration = 0x5c,
  kMode1 = 0x5e,
  kMode2 = 0x5f,
  kUserOffsetX = 0x73,
  kUserOffsetZ = 0x75,
};

// Flags of FIFO_STATUS2.
constexpr uint8_t kFifoThreshold = 0x80, kFifoOverRun = 0x40, kFifoFull = 0x20, kFifoEmpty = 0x10;

// Data sheet, section 4.4 (gyroscope from power-down), and the pulses of DRDY_PULSED.
constexpr uint64_t kGyroscopeStartTicks = Lsm6dsl::kTicksPerSecond * 70 / 1000;
constexpr uint64_t kPulseNs = 75'000;

// A moving average over T passes half the power at 0.443 / T.
constexpr double kAverageTimesBandwidth = 0.443;
constexpr int kMostAverageSteps = 32;

// NextInterruptNs looks that far ahead.
constexpr int kMostEvents = 50'000;

/// Ticks between two samples, by the codes of ODR_XL, ODR_G and ODR_FIFO; 1.6 Hz (code 11) is the accelerometer's only.
uint64_t DividerOf(int code) { return code >= 1 && code <= 10 ? uint64_t{1024} >> code : 0; }

/// Which bits a program can change; status registers have none.
uint8_t WritableBits(uint8_t address) {
  switch (address) {
    case kFunctionConfiguration:
      return 0xe0;
    case 0x04:
      return 0x0f;
    case 0x05:
      return 0x03;
    case kFifoControl1:
      return 0xff;
    case kFifoControl2:
      return 0xcf;
    case kFifoControl3:
      return 0x3f;
    case kFifoControl4:
      return 0xff;
    case kFifoControl5:
      return 0x7f;
    case kDataReadyPulse:
      return 0x81;
    case kInterrupt1Control:
    case kInterrupt2Control:
      return 0xff;
    case kControl1:
      return 0xff;
    case kControl2:
      return 0xfe;
    case kControl3:
      return 0x7e;  // BOOT and SW_RESET are done at once
    case kControl4:
      return 0xfe;
    case kControl5:
      return 0xff;
    case kControl6:
      return 0xfb;
    case kControl7:
      return 0xf4;
    case kControl8:
      return 0xfd;
    case kControl9:
      return 0xf4;
    case kControl10:
      return 0xbf;
    case kMasterConfiguration:
      return 0xdf;
    case kMode1:
    case kMode2:
    case 0x60:
    case 0x61:
      return 0xff;
    case 0x5b:
      return 0xbf;
    default:
      break;
  }
  if (address >= kTapConfiguration && address <= 0x5d) return 0xff;
  if (address >= kUserOffsetX && address <= kUserOffsetZ) return 0xff;
  return 0;
}

struct Unmodelled {
  uint8_t address, bits;
  const char* what;
};

constexpr Unmodelled kUnmodelled[] = {
    {kFunctionConfiguration, 0x80, "FUNC_CFG_ACCESS: the banks of embedded functions"},
    {kSyncTime, 0x0f, "SENSOR_SYNC_TIME_FRAME: synchronisation"},
    {kFifoControl2, 0x48, "FIFO_CTRL2: temperature and step counter as FIFO data"},
    {kFifoControl4, 0x40, "FIFO_CTRL4: ONLY_HIGH_DATA"},
    {kDataReadyPulse, 0x01, "DRDY_PULSE_CFG_G: wrist tilt on INT2"},
    {kInterrupt1Control, 0xc4, "INT1_CTRL: significant motion, steps or boot on INT1"},
    {kInterrupt2Control, 0xc0, "INT2_CTRL: steps on INT2"},
    {kControl3, 0x08, "CTRL3_C: SPI"},
    {kControl4, 0xd0, "CTRL4_C: DEN and the gyroscope's sleep mode"},
    {kControl5, 0xff, "CTRL5_C: self-test, DEN and rounding"},
    {kControl6, 0xe0, "CTRL6_C: DEN"},
    {kControl7, 0x04, "CTRL7_G: rounding"},
    {kControl8, 0x11, "CTRL8_XL: the filters of 6D and the high-pass reference"},
    {kControl9, 0x14, "CTRL9_XL: DEN and soft-iron correction"},
    {kControl10, 0x9d, "CTRL10_C: pedometer, tilt, wrist tilt and significant motion"},
    {kMasterConfiguration, 0xff, "MASTER_CONFIG: the sensor hub"},
    {kTapConfiguration, 0xe0, "TAP_CFG: tap, wake-up, free fall, 6D and inactivity"},
    {kMode1, 0xff, "MD1_CFG: events on INT1"},
    {kMode2, 0xff, "MD2_CFG: events on INT2"},
    {kUserOffsetX, 0xff, "X_OFS_USR: a user's offset"},
    {kUserOffsetX + 1, 0xff, "Y_OFS_USR: a user's offset"},
    {kUserOffsetZ, 0xff, "Z_OFS_USR: a user's offset"},
};

/// The gyroscope's first low-pass filter (data sheet, table 68), where it is narrower than the second.
double GyroscopeLowPassHz(int code, int filter) {
  constexpr double kHz[4][4] = {{195, 155, 293, 505}, {224, 168, 350, 843}, {234, 172, 364, 925}, {237, 173, 372, 937}};
  return kHz[std::clamp(code - 7, 0, 3)][filter];
}

}  // namespace

Lsm6dsl::Lsm6dsl(MotionSource& source, const Environment& environment, std::function<uint64_t()> now_ns,
                 const Lsm6dslOptions& options)
    : source_(&source), environment_(environment), now_ns_(std::move(now_ns)), seed_(options.seed) {
  if (seed_ != 0) clock_rate_ = 1 + Random(seed_).Between(-0.015, 0.015);
  tick_ns_q20_ = static_cast<uint64_t>(std::llround(1e9 * 1048576 / kTicksPerSecond / clock_rate_));
  PowerOn();
}

void Lsm6dsl::PowerOn() {
  Forget();
  ResetRegisters();
}

void Lsm6dsl::SetSource(MotionSource& source) {
  source_ = &source;
  samples_ = {};
}

void Lsm6dsl::ResetRegisters() {
  const I2cPointer pointer = memory_.pointer;
  Forget();
  memory_.pointer = pointer;
  memory_.registers[kWhoAmI] = 0x6a;
  memory_.registers[kControl3] = 0x04;  // IF_INC
  memory_.registers[kControl9] = 0xe0;
}

void Lsm6dsl::NoteUnmodelled(uint8_t address, uint8_t value) const {
  for (const Unmodelled& row : kUnmodelled) {
    if (row.address == address && (value & row.bits) != 0) Note(row.what);
  }
  const int mode = value & 7;
  if (address == kFifoControl5 && (mode == 3 || mode == 4)) Note("FIFO_CTRL5: a FIFO mode that waits for an event");
}

// Time

uint64_t Lsm6dsl::TickAt(uint64_t ns) const {
  if (memory_.powered == 0 || ns <= memory_.base_ns) return 0;
  return static_cast<uint64_t>((Wide{ns - memory_.base_ns} << 20) / tick_ns_q20_);
}

uint64_t Lsm6dsl::NsOf(uint64_t tick) const {
  return memory_.base_ns + static_cast<uint64_t>((Wide{tick} * tick_ns_q20_ + 0xfffff) >> 20);
}

uint64_t Lsm6dsl::Divider(Sensor sensor) const {
  if (sensor == Sensor::kGyroscope) return DividerOf(Register(kControl2) >> 4);
  const int code = Register(kControl1) >> 4;
  // 1.6 Hz in low-power mode; in high-performance mode the same code is 12.5 Hz.
  if (code == 11) return (Register(kControl6) & 0x10) != 0 ? 4096 : DividerOf(1);
  return DividerOf(code);
}

uint64_t Lsm6dsl::TemperatureDivider() const {
  const uint64_t gyroscope = Divider(Sensor::kGyroscope);
  const uint64_t accelerometer = Divider(Sensor::kAccelerometer);
  if (gyroscope == 0 && accelerometer == 0) return 0;
  return gyroscope != 0 ? 128 : std::max<uint64_t>(128, accelerometer);  // 52 Hz at most
}

uint64_t Lsm6dsl::FirstReadyTick(Sensor sensor) const {
  const uint64_t divider = Divider(sensor);
  if (divider == 0) return kNever;
  uint64_t from = memory_.accelerometer_from;
  if (sensor == Sensor::kGyroscope) {
    from = memory_.gyroscope_from;
    const bool masked = (Register(kControl4) & 0x08) != 0;
    if (masked) from = std::max(from, memory_.gyroscope_on + kGyroscopeStartTicks);
  }
  return (from / divider + 1) * divider;
}

uint64_t Lsm6dsl::LatestTick(Sensor sensor, uint64_t tick) const {
  const uint64_t divider = Divider(sensor);
  if (divider == 0) return 0;
  const uint64_t from = sensor == Sensor::kGyroscope ? memory_.gyroscope_from : memory_.accelerometer_from;
  const uint64_t latest = tick - tick % divider;
  return latest > from ? latest : 0;
}

uint64_t Lsm6dsl::LatestTemperatureTick(uint64_t tick) const {
  const uint64_t divider = TemperatureDivider();
  return divider == 0 ? 0 : tick - tick % divider;
}

bool Lsm6dsl::Ready(Sensor sensor, uint64_t tick) const {
  const uint64_t latest = LatestTick(sensor, tick);
  const uint64_t seen = sensor == Sensor::kGyroscope ? memory_.gyroscope_seen : memory_.accelerometer_seen;
  return latest > seen && latest >= FirstReadyTick(sensor);
}

bool Lsm6dsl::TemperatureReady(uint64_t tick) const { return LatestTemperatureTick(tick) > memory_.temperature_seen; }

// Samples

std::array<double, 3> Lsm6dsl::Felt(Sensor sensor, uint64_t ns, double seconds) {
  const auto axes = [sensor](const MotionSource::Motion& motion) {
    const double* values = sensor == Sensor::kGyroscope ? motion.turn_rate_dps : motion.acceleration_g;
    return std::array<double, 3>{values[0], values[1], values[2]};
  };
  const auto interval = static_cast<double>(source_->IntervalNs());
  const double window_ns = seconds * 1e9;
  const int steps = interval == 0 ? 8 : static_cast<int>(std::min<double>(kMostAverageSteps, window_ns / interval));
  if (steps <= 1) {
    const double period = static_cast<double>(Divider(sensor) * tick_ns_q20_) / 1048576;
    const bool same_rate = interval != 0 && std::abs(period / interval - 1) < 0.02;
    return axes(same_rate ? source_->ReadingAt(ns) : source_->At(ns));
  }
  std::array<double, 3> sum = {};
  for (int step = 0; step < steps; ++step) {
    const auto back = static_cast<uint64_t>(window_ns * step / steps);
    const std::array<double, 3> values = axes(source_->At(ns > back ? ns - back : 0));
    for (size_t i = 0; i < 3; ++i) sum[i] += values[i] / steps;
  }
  return sum;
}

const std::array<int16_t, 3>& Lsm6dsl::SampleAt(Sensor sensor, uint64_t tick) {
  Sample& sample = samples_[static_cast<size_t>(sensor)];
  uint64_t settings = 0;
  for (const uint8_t address : {kControl1, kControl2, kControl4, kControl6, kControl7, kControl8}) {
    settings = settings << 8 | Register(address);
  }
  const std::array<uint64_t, 4> of = {tick, memory_.base_ns, memory_.gyroscope_on, settings};
  if (sample.of == of) return sample.axes;
  sample.of = of;
  const uint64_t ns = NsOf(tick);
  const double rate_hz = kTicksPerSecond * clock_rate_ / static_cast<double>(Divider(sensor));

  double per_lsb = 0;  // g or dps
  double bandwidth_hz = 0;
  double high_pass_hz = 0;
  double noise_density = 0;  // per root Hz
  double settled = 1;
  if (sensor == Sensor::kGyroscope) {
    constexpr double kMilliDegrees[4] = {8.75, 17.5, 35, 70};
    const int control = Register(kControl2);
    per_lsb = 1e-3 * ((control & 0x02) != 0 ? 4.375 : kMilliDegrees[(control >> 2) & 3]);
    bandwidth_hz = rate_hz * 0.32;  // the second low-pass filter
    if ((Register(kControl4) & 0x02) != 0) {
      bandwidth_hz = std::min(bandwidth_hz, GyroscopeLowPassHz(control >> 4, Register(kControl6) & 3));
    }
    constexpr double kHighPassHz[4] = {0.016, 0.065, 0.26, 1.04};
    if ((Register(kControl7) & 0x40) != 0) high_pass_hz = kHighPassHz[(Register(kControl7) >> 4) & 3];
    noise_density = kGyroscopeNoiseMilliDegreesPerSecondPerRootHz * 1e-3;
    const uint64_t since = tick - std::min(tick, memory_.gyroscope_on);
    settled = std::min(1.0, static_cast<double>(since) / static_cast<double>(kGyroscopeStartTicks));
  } else {
    constexpr double kMilliG[4] = {kMilligPerLsb, 0.488, 0.122, 0.244};
    const int scale = (Register(kControl1) >> 2) & 3;
    per_lsb = 1e-3 * kMilliG[scale];
    const int control8 = Register(kControl8);
    constexpr double kDividers[4] = {50, 100, 9, 400};
    const int cutoff = (control8 >> 5) & 3;
    bandwidth_hz = rate_hz / ((Register(kControl1) & 0x02) != 0 ? 4 : 2);
    if ((control8 & 0x04) != 0) {
      high_pass_hz = rate_hz / (cutoff == 0 ? 4 : kDividers[cutoff]);
    } else if ((control8 & 0x80) != 0) {
      bandwidth_hz = rate_hz / kDividers[cutoff];
    }
    noise_density = 1e-6 * (scale == 1 ? 130 : kAccelerometerNoiseMicrogPerRootHz);
  }

  std::array<double, 3> felt = Felt(sensor, ns, kAverageTimesBandwidth / bandwidth_hz);
  if (high_pass_hz != 0) {
    const std::array<double, 3> slow = Felt(sensor, ns, kAverageTimesBandwidth / high_pass_hz);
    for (size_t i = 0; i < 3; ++i) felt[i] -= slow[i];
  }
  Random noise(Random(seed_ + 1).Next() ^ (tick * 2 + static_cast<uint64_t>(sensor)));
  for (size_t i = 0; i < 3; ++i) {
    double value = felt[i] * settled;
    if (!source_->HasNoise()) value += noise.Normal() * noise_density * std::sqrt(bandwidth_hz);
    // Not a number: a source's mistake must not become undefined.
    const double lsb = std::clamp(std::round(value / per_lsb), -32768.0, 32767.0);
    sample.axes[i] = std::isnan(lsb) ? int16_t{0} : static_cast<int16_t>(lsb);
  }
  return sample.axes;
}

/// 0: temperature, 1 to 3: gyroscope, 4 to 6: accelerometer.
uint16_t Lsm6dsl::OutputWord(int index, uint64_t tick) {
  if (index == 0) {
    if (LatestTemperatureTick(tick) == 0) return memory_.held[0];
    const double lsb = std::clamp(std::round((environment_.temperature_c - 25) * 256), -32768.0, 32767.0);
    return static_cast<uint16_t>(static_cast<int16_t>(lsb));
  }
  const Sensor sensor = index <= 3 ? Sensor::kGyroscope : Sensor::kAccelerometer;
  const uint64_t latest = LatestTick(sensor, tick);
  if (latest == 0) return memory_.held[static_cast<size_t>(index)];
  return static_cast<uint16_t>(SampleAt(sensor, latest)[static_cast<size_t>(index - 1) % 3]);
}

uint8_t Lsm6dsl::OutputByte(uint8_t address, uint64_t tick) {
  const int index = (address - kOutputs) / 2;
  const bool big_endian = (Register(kControl3) & 0x02) != 0;
  const bool high = ((address & 1) != 0) != big_endian;
  uint16_t word = 0;
  if ((Register(kControl3) & 0x40) == 0) {
    word = OutputWord(index, tick);
  } else {  // BDU: both halves are of one sample
    const int pair = memory_.latched_output & 0x0f;
    if (pair != index + 1) {
      word = memory_.latched_word = OutputWord(index, tick);
      memory_.latched_output = static_cast<uint8_t>((index + 1) | (high ? 0x10 : 0));
    } else {
      word = memory_.latched_word;
      if (((memory_.latched_output & 0x10) != 0) != high) memory_.latched_output = 0;
    }
  }
  if (high) {
    if (index == 0) {
      memory_.temperature_seen = LatestTemperatureTick(tick);
    } else if (index <= 3) {
      memory_.gyroscope_seen = std::max(memory_.gyroscope_seen, LatestTick(Sensor::kGyroscope, tick));
    } else {
      memory_.accelerometer_seen = std::max(memory_.accelerometer_seen, LatestTick(Sensor::kAccelerometer, tick));
    }
  }
  return static_cast<uint8_t>(high ? word >> 8 : word);
}

uint32_t Lsm6dsl::Timestamp(uint64_t ns) const {
  if ((Register(kControl10) & 0x20) == 0) return 0;
  const uint64_t step_ns = (Register(kWakeUpDuration) & 0x10) != 0 ? 25'000 : 6'400'000;
  const uint64_t since = ns - std::min(ns, memory_.timestamp_ns);
  return static_cast<uint32_t>(std::min<uint64_t>(since / step_ns, 0xffffff));
}

// FIFO

Lsm6dsl::Pattern Lsm6dsl::FifoPattern() const {
  constexpr int kDecimation[8] = {0, 1, 2, 3, 4, 8, 16, 32};
  Pattern pattern;
  pattern.decimation = {kDecimation[(Register(kFifoControl3) >> 3) & 7], kDecimation[Register(kFifoControl3) & 7],
                        kDecimation[Register(kFifoControl4) & 7], kDecimation[(Register(kFifoControl4) >> 3) & 7]};
  if (Divider(Sensor::kGyroscope) == 0) pattern.decimation[0] = 0;
  if (Divider(Sensor::kAccelerometer) == 0) pattern.decimation[1] = 0;
  for (const int decimation : pattern.decimation) {
    if (decimation != 0) pattern.ticks = std::lcm(std::max(pattern.ticks, 1), decimation);
  }
  for (int tick = 0; tick < pattern.ticks; ++tick) {
    for (const int decimation : pattern.decimation) {
      if (decimation != 0 && tick % decimation == 0) pattern.words += 3;
    }
    pattern.before[static_cast<size_t>(tick) + 1] = static_cast<uint16_t>(pattern.words);
  }
  return pattern;
}

uint64_t Lsm6dsl::FifoDivider() const {
  const int mode = Register(kFifoControl5) & 7;
  if (mode != 1 && mode != 3 && mode != 6) return 0;  // 4, bypass-to-continuous, waits for an event that never comes
  return DividerOf((Register(kFifoControl5) >> 3) & 15);
}

int Lsm6dsl::FifoRoom() const {
  const int threshold = Register(kFifoControl1) | (Register(kFifoControl2) & 7) << 8;
  const bool stops = (Register(kFifoControl4) & 0x80) != 0;
  return stops && threshold != 0 ? threshold : kFifoWords;
}

bool Lsm6dsl::Admit(const Pattern& pattern, uint64_t n, FifoLevel& level) const {
  const auto at = static_cast<size_t>(n % static_cast<uint64_t>(pattern.ticks));
  const int words = pattern.before[at + 1] - pattern.before[at];
  const int room = FifoRoom();
  if (words > room) return false;
  const bool stops = (Register(kFifoControl5) & 7) == 1;
  while (level.count + words > room) {
    level.over_run = true;
    if (stops) return false;
    // The oldest tick's words, as far as they have not been read.
    const auto* end = pattern.before.data() + pattern.ticks + 1;
    const auto* next = std::upper_bound(pattern.before.data(), end, static_cast<uint16_t>(level.pattern));
    const int dropped = std::min(level.count, next == end ? level.count : *next - level.pattern);
    level.count -= dropped;
    level.pattern = (level.pattern + dropped) % pattern.words;
  }
  level.count += words;
  return true;
}

uint64_t Lsm6dsl::FifoTicks(uint64_t tick) const {
  const uint64_t divider = FifoDivider();
  return divider == 0 ? 0 : tick / divider - memory_.fifo_from / divider;
}

void Lsm6dsl::Push(uint16_t word) {
  memory_.fifo[(memory_.fifo_first + memory_.fifo_count) % kFifoWords] = word;
  ++memory_.fifo_count;
}

void Lsm6dsl::RestartFifo(uint64_t tick) {
  memory_.fifo_first = memory_.fifo_count = memory_.fifo_pattern = 0;
  memory_.fifo_over_run = memory_.fifo_stopped = 0;
  memory_.fifo_from = memory_.fifo_tick = tick;
}

void Lsm6dsl::FillFifo(uint64_t tick) {
  const Pattern pattern = FifoPattern();
  const uint64_t divider = FifoDivider();
  const uint64_t end = FifoTicks(tick);
  uint64_t n = FifoTicks(memory_.fifo_tick);
  memory_.fifo_tick = std::max(memory_.fifo_tick, tick);
  if (divider == 0 || pattern.words == 0 || memory_.fifo_stopped != 0) return;

  // After a long time without a look only the end of it is still there.
  const auto period = static_cast<uint64_t>(pattern.ticks);
  const uint64_t kept = period * static_cast<uint64_t>(kFifoWords / pattern.words + 2);
  const bool stops = (Register(kFifoControl5) & 7) == 1;
  if (!stops && end > n + kept + period) {
    n += (end - n - kept) / period * period;
    memory_.fifo_first = memory_.fifo_count = 0;
    memory_.fifo_pattern = pattern.before[n % period];
    memory_.fifo_over_run = 1;
  }
  for (; n < end; ++n) {
    FifoLevel level = {memory_.fifo_count, memory_.fifo_pattern, memory_.fifo_over_run != 0};
    const int before = level.count;
    const bool admitted = Admit(pattern, n, level);
    memory_.fifo_over_run = level.over_run ? 1 : 0;
    if (!admitted) {
      if (stops) memory_.fifo_stopped = 1;
      if (stops || before == 0) break;
      continue;
    }
    const auto at = static_cast<size_t>(n % period);
    const int words = pattern.before[at + 1] - pattern.before[at];
    memory_.fifo_first = static_cast<uint16_t>((memory_.fifo_first + before + words - level.count) % kFifoWords);
    memory_.fifo_count = static_cast<uint16_t>(level.count - words);
    memory_.fifo_pattern = static_cast<uint16_t>(level.pattern);

    const uint64_t time = (memory_.fifo_from / divider + n + 1) * divider;
    for (size_t set = 0; set < 4; ++set) {
      if (pattern.decimation[set] == 0 || at % static_cast<size_t>(pattern.decimation[set]) != 0) continue;
      if (set < 2) {
        const uint64_t latest = LatestTick(set == 0 ? Sensor::kGyroscope : Sensor::kAccelerometer, time);
        const int first = set == 0 ? 1 : 4;
        if (latest != 0) {
          for (const int16_t axis : SampleAt(set == 0 ? Sensor::kGyroscope : Sensor::kAccelerometer, latest)) {
            Push(static_cast<uint16_t>(axis));
          }
        } else {
          for (int i = 0; i < 3; ++i) Push(memory_.held[static_cast<size_t>(first + i)]);
        }
      } else if (set == 3 && (Register(kFifoControl2) & 0x80) != 0) {
        const uint32_t stamp = Timestamp(NsOf(time));  // AN5040: bytes 1, 2, none, 0, then the steps
        Push(static_cast<uint16_t>(stamp >> 8));
        Push(static_cast<uint16_t>((stamp & 0xff) << 8));
        Push(0);
      } else {
        for (int i = 0; i < 3; ++i) Push(0);
      }
    }
  }
}

uint8_t Lsm6dsl::PopHigh() {
  if (memory_.fifo_count == 0) return static_cast<uint8_t>(memory_.fifo_last >> 8);
  memory_.fifo_last = memory_.fifo[memory_.fifo_first % kFifoWords];
  memory_.fifo_first = static_cast<uint16_t>((memory_.fifo_first + 1) % kFifoWords);
  --memory_.fifo_count;
  memory_.fifo_over_run = 0;
  const int words = FifoPattern().words;
  memory_.fifo_pattern = words == 0 ? uint16_t{0} : static_cast<uint16_t>((memory_.fifo_pattern + 1) % words);
  return static_cast<uint8_t>(memory_.fifo_last >> 8);
}

uint8_t Lsm6dsl::FifoFlags(const Pattern& pattern, const FifoLevel& level, uint64_t next_n) const {
  const int threshold = Register(kFifoControl1) | (Register(kFifoControl2) & 7) << 8;
  uint8_t flags = 0;
  if (threshold != 0 && level.count >= threshold) flags |= kFifoThreshold;
  if (level.over_run) flags |= kFifoOverRun;
  if (level.count == 0) flags |= kFifoEmpty;
  if (pattern.words != 0 && FifoDivider() != 0) {
    const auto at = static_cast<size_t>(next_n % static_cast<uint64_t>(pattern.ticks));
    if (level.count + pattern.before[at + 1] - pattern.before[at] > FifoRoom()) flags |= kFifoFull;
  }
  return flags;
}

// Bus

bool Lsm6dsl::Answers() const { return (Register(kControl4) & 0x04) == 0; }

bool Lsm6dsl::Increments(uint8_t /*byte*/) const { return (Register(kControl3) & 0x04) != 0; }

uint8_t Lsm6dsl::Next(uint8_t address, bool reads) const {
  if (reads && address == kFifoDataHigh) return kFifoDataLow;  // a burst empties the FIFO
  return (address + 1) & 0x7f;
}

uint8_t* Lsm6dsl::Bank() {
  const int access = Register(kFunctionConfiguration);
  if ((access & 0x80) == 0) return nullptr;
  return memory_.banks[(access & 0x20) != 0 ? 1 : 0].data();
}

uint8_t Lsm6dsl::ReadRegister(uint8_t address) {
  if (const uint8_t* bank = Bank(); bank != nullptr && address != kFunctionConfiguration) return bank[address];
  const uint64_t ns = now_ns_();
  const uint64_t tick = TickAt(ns);
  if (address >= kOutputs && address < kOutputsEnd) return OutputByte(address, tick);
  if (address >= kTimestamp0 && address <= kTimestamp2) {
    return static_cast<uint8_t>(Timestamp(ns) >> (8 * (address - kTimestamp0)));
  }
  if (address >= kFifoStatus1 && address <= kFifoDataHigh) FillFifo(tick);
  switch (address) {
    case kStatus:
      return static_cast<uint8_t>((Ready(Sensor::kAccelerometer, tick) ? 1 : 0) |
                                  (Ready(Sensor::kGyroscope, tick) ? 2 : 0) | (TemperatureReady(tick) ? 4 : 0));
    case kFifoStatus1:
      return static_cast<uint8_t>(memory_.fifo_count);
    case kFifoStatus2: {
      const FifoLevel level = {memory_.fifo_count, memory_.fifo_pattern, memory_.fifo_over_run != 0};
      return static_cast<uint8_t>(FifoFlags(FifoPattern(), level, FifoTicks(tick)) | ((memory_.fifo_count >> 8) & 7));
    }
    case kFifoStatus3:
      return static_cast<uint8_t>(memory_.fifo_pattern);
    case kFifoStatus4:
      return static_cast<uint8_t>((memory_.fifo_pattern >> 8) & 3);
    case kFifoDataLow:
      return static_cast<uint8_t>(memory_.fifo_count == 0 ? memory_.fifo_last
                                                          : memory_.fifo[memory_.fifo_first % kFifoWords]);
    case kFifoDataHigh:
      return PopHigh();
    default:
      return Register(address);
  }
}

void Lsm6dsl::WriteRegister(uint8_t address, uint8_t value) {
  if (uint8_t* bank = Bank(); bank != nullptr && address != kFunctionConfiguration) {
    bank[address] = value;
    return;
  }
  NoteUnmodelled(address, value);
  const uint64_t ns = now_ns_();
  if (address == kControl3 && (value & 0x01) != 0) {  // SW_RESET
    ResetRegisters();
    return;
  }
  if (address == kTimestamp2) {
    if (value == 0xaa) memory_.timestamp_ns = ns;
    return;
  }
  const uint8_t bits = WritableBits(address);
  if (bits == 0) return;

  // Until now the old settings held.
  const uint64_t tick = TickAt(ns);
  FillFifo(tick);
  const uint8_t old = Register(address);
  const auto set = static_cast<uint8_t>((old & ~bits) | (value & bits));
  const bool rate_changes = (address == kControl1 || address == kControl2) && ((old ^ set) & 0xf0) != 0;
  if (rate_changes) {
    for (int i = 0; i < 7; ++i) memory_.held[static_cast<size_t>(i)] = OutputWord(i, tick);
  }
  memory_.registers[address] = set;

  if (rate_changes) {
    if (memory_.powered == 0 && (set & 0xf0) != 0) {
      memory_.powered = 1;
      memory_.base_ns = ns;
    }
    const uint64_t from = TickAt(ns);
    if (address == kControl1) {
      memory_.accelerometer_from = memory_.accelerometer_seen = from;
    } else {
      memory_.gyroscope_from = memory_.gyroscope_seen = from;
      if ((old & 0xf0) == 0) memory_.gyroscope_on = from;
    }
    // What lies in the FIFO keeps its place; what follows has another pattern from here.
    if (Divider(Sensor::kGyroscope) == 0 || Divider(Sensor::kAccelerometer) == 0 || (old & 0xf0) == 0) {
      RestartFifo(from);
    }
  }
  const bool fifo_set = address >= kFifoControl3 && address <= kFifoControl5;
  if (fifo_set && old != set) RestartFifo(tick);
  const bool stamps =
      (address == kControl10 && ((old ^ set) & 0x20) != 0) || (address == kWakeUpDuration && ((old ^ set) & 0x10) != 0);
  if (stamps) memory_.timestamp_ns = ns;
}

// Interrupts

uint8_t Lsm6dsl::Levels(uint64_t tick, uint64_t ns, uint8_t fifo_flags) const {
  const bool pulsed = (Register(kDataReadyPulse) & 0x80) != 0;
  const auto ready = [&](Sensor sensor) {
    if (!pulsed) return Ready(sensor, tick);
    const uint64_t latest = LatestTick(sensor, tick);
    return latest != 0 && latest >= FirstReadyTick(sensor) && ns - NsOf(latest) < kPulseNs;
  };
  uint8_t sources = 0;
  if (ready(Sensor::kAccelerometer)) sources |= 0x01;
  if (ready(Sensor::kGyroscope)) sources |= 0x02;
  if ((fifo_flags & kFifoThreshold) != 0) sources |= 0x08;
  if ((fifo_flags & kFifoOverRun) != 0) sources |= 0x10;
  if ((fifo_flags & kFifoFull) != 0) sources |= 0x20;
  bool one = (sources & Register(kInterrupt1Control)) != 0;
  if (TemperatureReady(tick)) sources |= 0x04;
  bool two = (sources & Register(kInterrupt2Control)) != 0;
  if ((Register(kControl4) & 0x20) != 0) {  // INT2_on_INT1
    one = one || two;
    two = false;
  }
  const uint8_t high = static_cast<uint8_t>((one ? 1 : 0) | (two ? 2 : 0));
  return (Register(kControl3) & 0x20) != 0 ? high ^ 3 : high;
}

bool Lsm6dsl::Interrupt(int pin) {
  const uint64_t ns = now_ns_();
  const uint64_t tick = TickAt(ns);
  FillFifo(tick);
  const FifoLevel level = {memory_.fifo_count, memory_.fifo_pattern, memory_.fifo_over_run != 0};
  return (Levels(tick, ns, FifoFlags(FifoPattern(), level, FifoTicks(tick))) & pin) != 0;
}

uint64_t Lsm6dsl::NextInterruptNs() {
  const uint64_t now = now_ns_();
  uint64_t tick = TickAt(now);
  FillFifo(tick);
  const Pattern pattern = FifoPattern();
  FifoLevel level = {memory_.fifo_count, memory_.fifo_pattern, memory_.fifo_over_run != 0};
  const bool fifo_fills = pattern.words != 0 && FifoDivider() != 0 && memory_.fifo_stopped == 0;
  const bool pulsed = (Register(kDataReadyPulse) & 0x80) != 0;
  const uint8_t levels = Levels(tick, now, FifoFlags(pattern, level, FifoTicks(tick)));

  // Nothing but a tick, or a pulse's end, changes anything.
  const int asked = Register(kInterrupt1Control) | Register(kInterrupt2Control);
  const auto sensor_asked = [&](Sensor sensor) {
    return (asked & (sensor == Sensor::kAccelerometer ? 1 : 2)) != 0 && (pulsed || !Ready(sensor, tick));
  };
  const int flags_asked = ((asked & 0x08) != 0 ? kFifoThreshold : 0) | ((asked & 0x10) != 0 ? kFifoOverRun : 0) |
                          ((asked & 0x20) != 0 ? kFifoFull : 0);
  const auto fifo_asked = [&] {
    const int flags = FifoFlags(pattern, level, FifoTicks(tick));
    return fifo_fills && (flags & flags_asked) != flags_asked;
  };
  uint64_t ns = now;
  for (int events = 0; events < kMostEvents; ++events) {
    uint64_t next = kNever;
    const auto consider = [&](uint64_t divider) {
      if (divider != 0) next = std::min(next, (tick / divider + 1) * divider);
    };
    for (const Sensor sensor : {Sensor::kAccelerometer, Sensor::kGyroscope}) {
      if (sensor_asked(sensor)) consider(Divider(sensor));
    }
    if ((Register(kInterrupt2Control) & 0x04) != 0 && !TemperatureReady(tick)) consider(TemperatureDivider());
    if (fifo_asked()) consider(FifoDivider());
    uint64_t next_ns = next == kNever ? kNever : NsOf(next);
    if (pulsed) {
      for (const Sensor sensor : {Sensor::kAccelerometer, Sensor::kGyroscope}) {
        const uint64_t latest = LatestTick(sensor, tick);
        const uint64_t end = latest == 0 ? 0 : NsOf(latest) + kPulseNs;
        if (end > ns) next_ns = std::min(next_ns, end);
      }
    }
    if (next_ns == kNever) return kNever;
    ns = next_ns;
    const uint64_t then = TickAt(ns);
    if (fifo_fills) {
      for (uint64_t n = FifoTicks(tick), end = FifoTicks(then); n < end; ++n) Admit(pattern, n, level);
    }
    tick = then;
    if (Levels(tick, ns, FifoFlags(pattern, level, FifoTicks(tick))) != levels) return ns;
  }
  return ns;
}

}  // namespace thimble::simulator
