// Timers: counters that are worked out when somebody looks, with output compare, PWM and input capture.
#ifndef THIMBLE_SIMULATOR_STM32F412_TIMER_H_
#define THIMBLE_SIMULATOR_STM32F412_TIMER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, chapters 17 to 19: the general-purpose timers TIM2 to TIM5 (TIM2 and TIM5 count 32 bits), TIM9 to TIM14 and
/// the basic timers TIM6 and TIM7. Counting costs nothing until an interrupt or a DMA request is due. Slave and encoder
/// modes, ETR, trigger outputs and DMA bursts are noted, not modelled.
class GeneralTimer final : public Peripheral {
 public:
  static constexpr int kChannels = 4;

  /// `number`: 2 to 7 or 9 to 14.
  GeneralTimer(Chip& chip, int number);

  std::string_view Name() const override { return name_; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  void ClockChanged() override;
  void DmaServed(int controller, int stream, int channel, uint32_t left) override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// The share of time in which the output of channel 1 to 4 is high as things are set now; 0 when it is off.
  double Duty(int channel);

  /// The level at the pin of channel 1 to 4, for input capture.
  void Input(int channel, bool high);

  /// The channel of this timer that reaches the pin when GPIO gives it that alternate function; 0: none.
  int ChannelOfPin(int port, int pin, int alternate_function) const;

 private:
  struct Contents {
    uint64_t since;      ///< the cycle up to which everything is worked out
    uint64_t divider;    ///< processor cycles a tick of the timer's clock
    uint64_t prescaled;  ///< ticks since the last count, less than psc_active + 1
    uint32_t cr1, cr2, smcr, dier, sr, ccmr[2], ccer, count, psc, arr, dcr, option;
    uint32_t ccr[kChannels];
    uint32_t psc_active, arr_active, ccr_active[kChannels];  ///< the shadow registers that count
    uint32_t reference;                                      ///< OCxREF of modes 1 to 3, a bit for each channel
    uint32_t inputs;                                         ///< levels at the channels' pins
    uint32_t input_edges[kChannels];                         ///< towards the input prescaler
    uint32_t requests;                                       ///< DMA: update bit 0, channels bits 1 to 4
    uint32_t moved_down;                                     ///< DIR in centre-aligned mode
    uint32_t reserved;
  };

  uint32_t Mask() const { return wide_ ? ~uint32_t{0} : 0xffff; }
  bool On() const { return (state_.cr1 & 1) != 0; }
  bool Centred() const { return (state_.cr1 >> 5 & 3) != 0; }
  bool CountsDown() const { return Centred() ? state_.moved_down != 0 : (state_.cr1 >> 4 & 1) != 0; }
  bool IsOutput(int index) const { return (ChannelMode(index) & 3) == 0; }
  uint32_t ChannelMode(int index) const { return state_.ccmr[index / 2] >> index % 2 * 8 & 0xff; }
  uint32_t OutputMode(int index) const { return ChannelMode(index) >> 4 & 7; }
  uint64_t StepsToTurn() const;
  uint64_t StepsInPeriod() const;
  void SetDivider();
  /// Brings everything up to this cycle.
  void Advance();
  void Move(uint64_t steps);
  void Turn();
  void Match(int index);
  void MatchAt(uint32_t value);
  void Update(bool by_software);
  void Capture(int index);
  void SetRequests(uint32_t requests);
  /// After a change: the interrupt's wire, and the next time to look by itself.
  void Plan();
  void NoteModes();

  Chip& chip_;
  int number_;
  int channels_;
  int bus_;
  int interrupt_;
  bool wide_;
  std::string name_;
  Contents state_ = {};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_TIMER_H_
