// The motion sensor of the kit: an LSM6DSL, accelerometer and gyroscope, with its FIFO.
#ifndef THIMBLE_SIMULATOR_AZ3166_LSM6DSL_H_
#define THIMBLE_SIMULATOR_AZ3166_LSM6DSL_H_

#include <array>
#include <cstdint>
#include <functional>

#include "simulator/az3166/environment.h"
#include "simulator/az3166/motion_source.h"
#include "simulator/az3166/register_device.h"

namespace thimble::simulator {

struct Lsm6dslMemory {
  uint64_t base_ns;                                               ///< when the clock began to run
  uint64_t accelerometer_from, gyroscope_from;                    ///< ticks: when their data rates were set
  uint64_t gyroscope_on;                                          ///< tick: when it left power-down
  uint64_t accelerometer_seen, gyroscope_seen, temperature_seen;  ///< ticks of the samples that were read last
  uint64_t fifo_from, fifo_tick;    ///< ticks: since when it fills, up to where it is filled
  uint64_t timestamp_ns;            ///< when the time stamp was 0
  std::array<uint16_t, 2048> fifo;  ///< a ring
  uint16_t fifo_first, fifo_count;
  uint16_t fifo_pattern;         ///< place of the next word to be read in the pattern
  uint16_t fifo_last;            ///< what an empty FIFO gives
  std::array<uint16_t, 7> held;  ///< temperature, gyroscope, accelerometer: before the first sample at this rate
  uint16_t latched_word;
  uint8_t latched_output;  ///< BDU: 1 + index of the output whose other half is still to be read, 0x10: the lower one
  uint8_t powered;         ///< 1 as soon as a sensor has left power-down: ticks count from base_ns
  uint8_t fifo_over_run;
  uint8_t fifo_stopped;  ///< FIFO mode: it was full once
  std::array<uint8_t, 128> registers;
  std::array<std::array<uint8_t, 128>, 2> banks;  ///< of the embedded functions: stored only
  I2cPointer pointer;
  uint8_t unused;
};

struct Lsm6dslOptions {
  /// Each device's clock is a little off, up to ±1.5 %, as this says; 0: exact.
  uint64_t seed = 0;
};

/// Registers, output data rates, full scales, FIFO, data-ready and FIFO interrupts as in ST's data sheet
/// (DocID028475) and application note AN5040. Nothing happens while nobody looks: what a register holds follows from
/// the time, and is computed when it is read.
///
/// Its clock makes 6,656 ticks a second, divided by powers of two: 104 Hz is exactly that. Low-pass filters are moving
/// averages of the filter's bandwidth; high-pass filters subtract one. Sources that know no more than a reading per
/// sample are taken as they are, so that a recording's values come out of the registers bit for bit.
///
/// Stored, and named by on_note when they are switched on, but without function: tap, wake-up, free fall, 6D,
/// inactivity, pedometer, tilt, significant motion, wrist tilt, sensor hub, iron correction, self-test, DEN, SPI, user
/// offsets, temperature in the FIFO, FIFO modes that wait for such an event, step-counter triggers, ONLY_HIGH_DATA,
/// rounding.
class Lsm6dsl final : public RegisterDevice<Lsm6dslMemory> {
 public:
  static constexpr int kTicksPerSecond = 6656;
  static constexpr int kFifoWords = 2048;

  /// `source`, `environment` and what `now_ns` needs outlive it.
  Lsm6dsl(MotionSource& source, const Environment& environment, std::function<uint64_t()> now_ns,
          const Lsm6dslOptions& options = {});

  std::string_view Name() const override { return "LSM6DSL"; }
  uint8_t Address() const override { return 0x6a; }
  void PowerOn() override;

  void SetSource(MotionSource& source);

  /// The levels of its pins INT1 and INT2 now, after polarity. No public file of the kit (Zephyr's device tree, the
  /// vendor's SDK) names a pin of the microcontroller that they lead to.
  bool Interrupt1() { return Interrupt(1); }
  bool Interrupt2() { return Interrupt(2); }

  /// When one of them changes next, if nobody touches the bus before; kNever: not by itself. When that is very far
  /// away, a time before it at which to ask again.
  uint64_t NextInterruptNs();

  /// How fast its clock runs, of 1.
  double clock_rate() const { return clock_rate_; }

 private:
  enum class Sensor : uint8_t { kGyroscope, kAccelerometer };
  struct Sample {
    std::array<uint64_t, 4> of = {};  // all that its values follow from; tick 0: none
    std::array<int16_t, 3> axes = {};
  };
  /// What the FIFO takes, and when.
  struct Pattern {
    int ticks = 0;                         // of the FIFO's clock until it repeats; 0: nothing goes into the FIFO
    int words = 0;                         // in that time
    std::array<int, 4> decimation = {};    // of gyroscope, accelerometer, third and fourth data set; 0: not in it
    std::array<uint16_t, 97> before = {};  // words before each tick
  };
  struct FifoLevel {
    int count;
    int pattern;
    bool over_run;
  };

  uint8_t ReadRegister(uint8_t address) override;
  void WriteRegister(uint8_t address, uint8_t value) override;
  bool Increments(uint8_t byte) const override;
  uint8_t Next(uint8_t address, bool reads) const override;
  bool Answers() const override;

  uint8_t Register(uint8_t address) const { return memory_.registers[address]; }
  uint8_t* Bank();
  void ResetRegisters();
  void NoteUnmodelled(uint8_t address, uint8_t value) const;

  uint64_t TickAt(uint64_t ns) const;
  uint64_t NsOf(uint64_t tick) const;

  /// Ticks between two samples; 0: powered down.
  uint64_t Divider(Sensor sensor) const;
  uint64_t TemperatureDivider() const;
  uint64_t FirstReadyTick(Sensor sensor) const;
  /// Of the newest sample at `tick`; 0: none yet.
  uint64_t LatestTick(Sensor sensor, uint64_t tick) const;
  uint64_t LatestTemperatureTick(uint64_t tick) const;
  bool Ready(Sensor sensor, uint64_t tick) const;
  bool TemperatureReady(uint64_t tick) const;

  std::array<double, 3> Felt(Sensor sensor, uint64_t ns, double seconds);
  const std::array<int16_t, 3>& SampleAt(Sensor sensor, uint64_t tick);
  uint16_t OutputWord(int index, uint64_t tick);
  uint8_t OutputByte(uint8_t address, uint64_t tick);
  uint32_t Timestamp(uint64_t ns) const;

  Pattern FifoPattern() const;
  uint64_t FifoDivider() const;
  int FifoRoom() const;
  /// Whether FIFO tick `n` finds room; the oldest words go when it is full and the mode says so.
  bool Admit(const Pattern& pattern, uint64_t n, FifoLevel& level) const;
  void FillFifo(uint64_t tick);
  void RestartFifo(uint64_t tick);
  void Push(uint16_t word);
  uint8_t PopHigh();
  uint8_t FifoFlags(const Pattern& pattern, const FifoLevel& level, uint64_t next_n) const;
  uint64_t FifoTicks(uint64_t tick) const;

  bool Interrupt(int pin);
  /// Bit 0: INT1, bit 1: INT2.
  uint8_t Levels(uint64_t tick, uint64_t ns, uint8_t fifo_flags) const;

  MotionSource* source_;
  const Environment& environment_;
  std::function<uint64_t()> now_ns_;
  uint64_t seed_;
  double clock_rate_ = 1;
  uint64_t tick_ns_q20_;           // 2^-20 ns in a tick
  std::array<Sample, 2> samples_;  // what was computed last: saves time, changes nothing
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_AZ3166_LSM6DSL_H_
