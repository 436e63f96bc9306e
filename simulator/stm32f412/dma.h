// DMA: eight streams that move data without the core.
#ifndef THIMBLE_SIMULATOR_STM32F412_DMA_H_
#define THIMBLE_SIMULATOR_STM32F412_DMA_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "simulator/stm32f412/peripheral.h"

namespace thimble::simulator {

/// RM0402, chapter 9. One item of the peripheral's side takes kCyclesPerItem; the memory's side and waiting for the
/// core on the bus take none. Memory is read for a peripheral when it asks, not ahead of it. The peripheral as flow
/// controller (SDIO) is noted, not modelled.
class Dma final : public Peripheral {
 public:
  static constexpr int kStreams = 8;
  static constexpr uint64_t kCyclesPerItem = 4;

  /// `controller`: 1 or 2.
  Dma(Chip& chip, int controller);

  std::string_view Name() const override { return name_; }
  void Reset() override;
  uint32_t Read(uint32_t offset, int bytes) override;
  void Write(uint32_t offset, uint32_t value, uint32_t lanes) override;
  void Due() override;
  std::span<std::byte> State() override { return StateBytes(state_); }

  /// The level of a request line: Chip::SetDmaRequest.
  void SetRequest(int stream, int channel, bool high);

 private:
  struct Stream {
    uint32_t cr, ndtr, par, m0ar, m1ar, fcr;
    uint32_t reload;              ///< NDTR as the program wrote it
    uint32_t peripheral, memory;  ///< addresses of the next items
    uint32_t flags;               ///< FEIF 0, DMEIF 2, TEIF 3, HTIF 4, TCIF 5
    uint32_t requests;            ///< a bit for each channel
    uint32_t fifo_count;
    uint8_t fifo[16];
  };
  struct Contents {
    uint64_t due;
    Stream streams[kStreams];
  };

  bool Ready(const Stream& stream) const;
  int Next() const;
  uint32_t ItemsAtOnce(int index) const;
  void Serve(int index);
  bool FromPeripheral(Stream& stream);
  bool ToPeripheral(Stream& stream);
  bool Drain(Stream& stream, bool all);
  void Finish(int index);
  void Fail(Stream& stream);
  void Enable(int index);
  void WriteControl(int index, uint32_t value);
  uint32_t Flags(int first) const;
  void Plan();
  void UpdateInterrupt(int index);

  Chip& chip_;
  int controller_;
  std::string name_;
  Contents state_ = {};
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_STM32F412_DMA_H_
